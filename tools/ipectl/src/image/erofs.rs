// SPDX-License-Identifier: GPL-2.0-only

//! Images of erofs that their tool cannot unpack: the superblock says why.

use crate::{
    erofs::{extra_devices, features},
    failure::{Class, Failure},
};
use std::path::Path;

/// The features that every erofs-utils knows that this program is used with.
const KNOWN: u32 = 0x7f;

/// The refusal of an image that keeps data in other files.
pub(super) fn refusal(image: &Path, head: &[u8]) -> Option<Failure> {
    let devices = extra_devices(head);
    (devices > 0).then(|| {
        let message = format!(
            "{}: the image keeps its data in {devices} more files or devices",
            image.display()
        );
        Failure::new(Class::Invalid, message).hint(
            "its properties do not hold for what is elsewhere: put all data into one image; \
                 'mount -o device=FILE' shows its files",
        )
    })
}

/// Explains that the tool is older than the image, if it is.
pub(super) fn too_old(image: &Path, head: &[u8], said: &str) -> Option<Failure> {
    let unknown = features(head)? & !KNOWN;
    (unknown != 0 || said.contains("upgrade")).then(|| {
        let message = format!(
            "{}: erofs-utils is too old for this image: it does not know a feature ({unknown:#x})",
            image.display()
        );
        Failure::new(Class::Unsupported, message)
            .hint("install a newer version, or mount the image and pass the directory")
    })
}
