// SPDX-License-Identifier: GPL-2.0-only

//! Unified kernel images: programs of UEFI with a kernel and its initramfs in sections.

/// The section of the initramfs.
const INITRD: &[u8; 8] = b".initrd\0";

/// Whether a program of UEFI begins so.
pub(super) fn is_program(head: &[u8]) -> bool {
    head.starts_with(b"MZ")
}

/// Returns the initramfs of each profile; none if it is not such a program.
pub(super) fn initramfs(program: &[u8]) -> Option<Vec<&[u8]>> {
    let number = |at: usize, length: usize| {
        let bytes = program.get(at..at.checked_add(length)?)?.iter().rev();
        Some(bytes.fold(0usize, |number, byte| (number << 8) | usize::from(*byte)))
    };
    let header = number(0x3c, 4)?;
    if program.get(header..header.checked_add(4)?)? != b"PE\0\0" {
        return None;
    }
    let (sections, optional) = (number(header + 6, 2)?, number(header + 20, 2)?);
    let table = header + 24 + optional;
    let mut found = Vec::new();
    for section in (0..sections).map(|section| table + 40 * section) {
        if program.get(section..section + 8)? != INITRD {
            continue;
        }
        // The file has padding after the section.
        let length = number(section + 8, 4)?.min(number(section + 16, 4)?);
        let start = number(section + 20, 4)?;
        found.push(program.get(start..start.checked_add(length)?)?);
    }
    Some(found)
}
