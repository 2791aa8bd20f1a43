// SPDX-License-Identifier: GPL-2.0-only

//! Files of overlayfs: the kernel decides by the file of the layer that has the data.

use crate::{
    digest::{of_open_file, Parameters},
    live::{self, Place},
    object::Digest,
    progress::Progress,
};
use std::{
    fs,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

/// Where the data of a file is, and why it can be trusted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// On a dm-verity volume whose root hash has a signature.
    Signed,
    /// On a dm-verity volume.
    RootHash(Digest),
    /// It has this fs-verity digest, or will have it.
    Digest(Digest),
    /// On a file system for which no property holds.
    Unprotected(PathBuf, String),
}

/// Finds the layer that has the data of a file, among the mounts of this system.
pub(super) fn find(root: &Path, path: &str, parameters: &Parameters) -> Option<Layer> {
    let root = fs::canonicalize(root).ok()?;
    let place = live::layer_of(&root.join(path.trim_start_matches('/')))?;
    let (object, _) = live::object_at(&place).ok()?;
    if object.dmverity_signature {
        return Some(Layer::Signed);
    }
    if let Some(roothash) = object.dmverity_roothash {
        return Some(Layer::RootHash(roothash));
    }
    if let Some(digest) = object.fsverity_digest {
        return Some(Layer::Digest(digest));
    }
    let Place::File(file, layer) = place else {
        return None;
    };
    let open = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let kind = live::file_system_of(&open);
    if let Some(kind) = kind.filter(|kind| !HAVE_FSVERITY.contains(&kind.as_str())) {
        return Some(Layer::Unprotected(layer, kind));
    }
    let length = file.metadata().ok()?.len();
    let progress = Progress::new(length);
    let digest = of_open_file(file, parameters, &progress).ok()?;
    Some(Layer::Digest(digest))
}

/// File systems that have fs-verity.
const HAVE_FSVERITY: [&str; 3] = ["ext4", "f2fs", "btrfs"];
