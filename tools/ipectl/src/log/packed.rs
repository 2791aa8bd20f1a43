// SPDX-License-Identifier: GPL-2.0-only

//! Compressed logs, known by how they begin.

use super::frames::Frames;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, Cursor, Read};

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Text, or anything else that is read as it is.
    Plain,
    Gzip,
    Zstd,
    /// Unpacked by [`xz`](super::xz).
    Xz,
    /// The journal's own files, whose records only journald finds.
    Journal,
}

impl Format {
    /// How a file of each form begins.
    const MAGIC: [(Self, &'static [u8]); 4] = [
        (Self::Gzip, b"\x1f\x8b"),
        (Self::Zstd, b"\x28\xb5\x2f\xfd"),
        (Self::Xz, b"\xfd7zXZ\0"),
        (Self::Journal, b"LPKSHHRH"),
    ];

    /// The number of bytes that tell the form.
    const LENGTH: u64 = 8;

    fn of(head: &[u8]) -> Self {
        let mut all = Self::MAGIC.into_iter();
        let found = all.find(|(_, magic)| head.starts_with(magic));
        found.map_or(Self::Plain, |(format, _)| format)
    }

    /// The name of a compressed form.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Journal => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Xz => Some("xz"),
        }
    }
}

/// Returns the form of a file, and a reader of what is in it, or of the file itself where another
/// program unpacks that.
///
/// # Errors
///
/// The file cannot be read.
pub(super) fn open<'r>(mut source: impl BufRead + 'r) -> io::Result<(Format, Box<dyn Read + 'r>)> {
    let mut head = Vec::new();
    source
        .by_ref()
        .take(Format::LENGTH)
        .read_to_end(&mut head)?;
    let format = Format::of(&head);
    let source = Cursor::new(head).chain(source);
    let log: Box<dyn Read + 'r> = match format {
        Format::Plain | Format::Journal | Format::Xz => Box::new(source),
        Format::Gzip => Box::new(MultiGzDecoder::new(source)),
        Format::Zstd => Box::new(Frames::new(source)?),
    };
    Ok((format, log))
}
