// SPDX-License-Identifier: GPL-2.0-only

//! Images of erofs that their tool cannot unpack: the superblock says why.

use crate::failure::{Class, Failure};
use std::path::Path;

/// Where the superblock begins, and fields in it: `struct erofs_super_block` of the kernel.
const SUPERBLOCK: usize = 1024;
const INCOMPATIBLE: usize = 80;
const EXTRA_DEVICES: usize = 86;

/// The features that every erofs-utils knows that this program is used with.
const KNOWN: u32 = 0x7f;

/// The refusal of an image that keeps data in other files.
pub(super) fn refusal(image: &Path, head: &[u8]) -> Option<Failure> {
    let devices = head.get(SUPERBLOCK + EXTRA_DEVICES..)?.first_chunk()?;
    let devices = u16::from_le_bytes(*devices);
    (devices > 0).then(|| {
        let message = format!(
            "{}: the image keeps its data in {devices} more files or devices",
            image.display()
        );
        Failure::new(Class::Invalid, message)
            .hint("mount it with 'mount -o device=FILE', and pass the directory")
    })
}

/// Explains that the tool is older than the image, if it is.
pub(super) fn too_old(image: &Path, head: &[u8], said: &str) -> Option<Failure> {
    let features = head.get(SUPERBLOCK + INCOMPATIBLE..)?.first_chunk()?;
    let unknown = u32::from_le_bytes(*features) & !KNOWN;
    (unknown != 0 || said.contains("upgrade")).then(|| {
        let message = format!(
            "{}: erofs-utils is too old for this image: it does not know a feature ({unknown:#x})",
            image.display()
        );
        Failure::new(Class::Unsupported, message)
            .hint("install a newer version, or mount the image and pass the directory")
    })
}
