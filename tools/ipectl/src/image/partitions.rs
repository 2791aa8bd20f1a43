// SPDX-License-Identifier: GPL-2.0-only

//! Images of whole disks, which have a partition table.

/// The lengths of a sector.
const SECTORS: [usize; 2] = [512, 4096];

/// Returns the kind of the partition table that a disk begins with.
pub(super) fn table(head: &[u8]) -> Option<&'static str> {
    let gpt = |sector: &usize| head.get(*sector..*sector + 8) == Some(b"EFI PART");
    if SECTORS.iter().any(gpt) {
        return Some("GPT");
    }
    let signed = head.get(510..512) == Some(b"\x55\xaa");
    // A boot sector of FAT has the signature, too, but no entries.
    let mut entries = head.get(446..510)?.chunks_exact(16);
    let partition = |entry: &[u8]| {
        matches!(entry[0], 0 | 0x80)
            && entry[4] != 0
            && entry[8..12] != [0; 4]
            && entry[12..16] != [0; 4]
    };
    (signed && entries.any(partition)).then_some("MBR")
}
