// SPDX-License-Identifier: GPL-2.0-only

//! The superblock of EROFS, `struct erofs_super_block` of the kernel, in the first bytes of an image.

/// As many bytes as have all fields that are read here.
pub(crate) const HEAD: usize = SUPERBLOCK + 128;

const SUPERBLOCK: usize = 1024;
const INCOMPATIBLE: usize = 80;
const EXTRA_DEVICES: usize = 86;

/// Returns whether this is such an image.
pub(crate) fn is_image(head: &[u8]) -> bool {
    field(head, 0) == Some([0xe2, 0xe1, 0xf5, 0xe0])
}

/// Returns how many other files or devices the image keeps data in. Where it is mounted from a file,
/// the kernel takes no property of that file for what it reads elsewhere.
pub(crate) fn extra_devices(head: &[u8]) -> u16 {
    field(head, EXTRA_DEVICES).map_or(0, u16::from_le_bytes)
}

/// Returns the features that a reader of the image has to know.
pub(crate) fn features(head: &[u8]) -> Option<u32> {
    field(head, INCOMPATIBLE).map(u32::from_le_bytes)
}

fn field<const N: usize>(head: &[u8], place: usize) -> Option<[u8; N]> {
    head.get(SUPERBLOCK + place..)?.first_chunk().copied()
}
