// SPDX-License-Identifier: GPL-2.0-only

//! White space, as the kernel's `isspace()` and `skip_spaces()` know it.

/// Returns whether a byte is white space. The no-break space of Latin-1 is.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r' | 0xa0)
}

/// Returns the text without white space at its start.
pub(super) fn skip_spaces(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_space(byte));
    start.and_then(|at| text.get(at..)).unwrap_or(&[])
}
