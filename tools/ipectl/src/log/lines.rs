// SPDX-License-Identifier: GPL-2.0-only

//! The lines of a log, in constant memory.

use memchr::{memchr, memrchr};
use std::io::{self, Read};

/// The longest line that is read as a whole. A record has fewer than 9 KiB, and an entry of the
/// journal repeats it in its fields.
pub(super) const LONGEST: usize = 1 << 20;

/// Hands on each line, without its end, and whether that is all of it.
///
/// # Errors
///
/// Those of the reader.
pub(super) fn for_each(
    reader: &mut impl Read,
    take: &mut impl FnMut(&[u8], bool),
) -> io::Result<()> {
    let mut buffer = vec![0; LONGEST];
    let mut length = 0;
    // Whether the beginning of the line was handed on already.
    let mut cut = false;
    loop {
        let room = buffer.get_mut(length..).unwrap_or_default();
        let count = match reader.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        let before = length;
        length += count;
        let mut rest = &buffer[..length];
        if count == 0 {
            if !rest.is_empty() && !cut {
                take(rest, true);
            }
            return Ok(());
        }
        // The text before has no end of a line.
        if memrchr(b'\n', &rest[before..]).is_some() {
            while let Some(end) = memchr(b'\n', rest) {
                if !std::mem::take(&mut cut) {
                    take(&rest[..end], true);
                }
                rest = &rest[end + 1..];
            }
        }
        let start = length - rest.len();
        if start == 0 && length == buffer.len() {
            if !std::mem::replace(&mut cut, true) {
                take(&buffer, false);
            }
            length = 0;
        } else {
            buffer.copy_within(start..length, 0);
            length -= start;
        }
    }
}
