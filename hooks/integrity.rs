// SPDX-License-Identifier: GPL-2.0-only

//! What integrity providers say of superblocks and inodes, kept beside them.

use super::module::Ipe;
use crate::abstractions::fs::Superblock;
use crate::abstractions::lsm::Blob;
use crate::abstractions::param::Switch;
use pin_init::Zeroable;

#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
use crate::abstractions::fs::Inode;

/// What is known of a superblock.
#[derive(Zeroable)]
pub(crate) struct SuperblockBlob {
    /// Whether it holds what was unpacked from the initramfs.
    initramfs: Switch,
}

impl Blob for SuperblockBlob {}

impl SuperblockBlob {
    /// Whether it holds what was unpacked from the initramfs.
    #[inline]
    pub(super) fn is_initramfs(&self) -> bool {
        self.initramfs.is_on()
    }
}

/// The root of the kernel's first thread is what the initramfs was unpacked into.
pub(super) fn initramfs_populated(root: &Superblock) {
    root.blob::<Ipe>().initramfs.set(true);
}

/// What is known of an inode.
#[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
#[derive(Zeroable)]
pub(crate) struct InodeBlob {
    /// Whether fs-verity found its built-in signature valid.
    #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
    signed: Switch,
    /// Whether pages may be cached that were read before fs-verity protected it.
    unverified_pages: Switch,
}

#[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
impl Blob for InodeBlob {}

#[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
impl InodeBlob {
    /// Whether fs-verity found its built-in signature valid.
    #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
    #[inline]
    pub(super) fn is_signed(&self) -> bool {
        self.signed.is_on()
    }

    /// Whether pages may be cached that were read before fs-verity protected it.
    #[inline]
    pub(super) fn has_unverified_pages(&self) -> bool {
        self.unverified_pages.is_on()
    }

    /// Sets whether such pages may be cached.
    pub(super) fn set_unverified_pages(&self, may_be: bool) {
        self.unverified_pages.set(may_be);
    }
}

/// fs-verity has looked at an inode's built-in signature.
#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
pub(super) fn set_inode(inode: &Inode, signed: bool) {
    inode.blob::<Ipe>().signed.set(signed);
}
