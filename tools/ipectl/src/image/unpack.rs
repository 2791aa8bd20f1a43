// SPDX-License-Identifier: GPL-2.0-only

//! Compressed archives: gzip is unpacked here, the other formats by their own programs.

use crate::failure::{reason, Class, Failure, Result};
use flate2::bufread::GzDecoder;
use std::{
    io::{Read, Seek, Write},
    process::{Command, Stdio},
};

/// The longest unpacked initramfs. It has to fit into a machine's memory.
const LONGEST: u64 = 2 << 30;

const GZIP: &[u8] = b"\x1f\x8b";

/// The formats that the kernel unpacks, and the programs that do.
const FORMATS: [(&[u8], &str, &[&str]); 6] = [
    (b"\x28\xb5\x2f\xfd", "zstd", &["-dcq"]),
    (b"\xfd7zXZ\0", "xz", &["-dcq"]),
    (b"\x5d\0\0", "xz", &["--format=lzma", "-dcq"]),
    (b"\x02\x21\x4c\x18", "lz4", &["-dcq"]),
    (b"BZh", "bzip2", &["-dcq"]),
    (b"\x89LZO", "lzop", &["-dcq"]),
];

/// Whether something compressed begins so.
pub(super) fn is_compressed(head: &[u8]) -> bool {
    head.starts_with(GZIP) || FORMATS.iter().any(|(magic, ..)| head.starts_with(magic))
}

/// Unpacks what these bytes begin with, and returns what follows it. Only of gzip is the end known:
/// a program unpacks all the rest, and fails if that is something else.
///
/// # Errors
///
/// The program is missing, or what is unpacked is damaged or too long.
pub(super) fn unpack(bytes: &[u8]) -> Result<(Vec<u8>, &[u8])> {
    let mut unpacked = Vec::new();
    let too_long = || {
        let limit = LONGEST >> 30;
        Failure::new(
            Class::Invalid,
            format!("it unpacks to more than {limit} GiB"),
        )
    };
    if bytes.starts_with(GZIP) {
        let mut decoder = GzDecoder::new(bytes);
        let read = decoder.by_ref().take(LONGEST).read_to_end(&mut unpacked);
        read.map_err(|error| Failure::new(Class::Invalid, format!("gzip: {}", reason(&error))))?;
        if unpacked.len() as u64 == LONGEST {
            return Err(too_long());
        }
        return Ok((unpacked, decoder.into_inner()));
    }
    let format = FORMATS.iter().find(|(magic, ..)| bytes.starts_with(magic));
    let (_, program, arguments) =
        format.ok_or_else(|| Failure::new(Class::Invalid, "it is not compressed"))?;
    let mut packed = tempfile::tempfile()?;
    packed.write_all(bytes)?;
    packed.rewind()?;
    let mut child = Command::new(program)
        .args(*arguments)
        .stdin(packed)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            Failure::new(Class::Unsupported, format!("{program}: {}", reason(&error))).hint(
                format!("install {program}: the initramfs is compressed with it"),
            )
        })?;
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LONGEST).read_to_end(&mut unpacked)?;
    }
    let output = child.wait_with_output()?;
    if unpacked.len() as u64 == LONGEST {
        return Err(too_long());
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or_default().to_owned();
        return Err(Failure::new(
            Class::Invalid,
            format!("{program} failed: {said}"),
        ));
    }
    Ok((unpacked, &[]))
}
