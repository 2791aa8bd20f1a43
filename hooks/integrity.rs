// SPDX-License-Identifier: GPL-2.0-only

//! The blobs of superblocks and inodes: the reports of the other integrity providers.

use super::module::Ipe;
use crate::abstractions::fs::Superblock;
use crate::abstractions::lsm::Blob;
use crate::abstractions::param::Switch;
use pin_init::Zeroable;

#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
use crate::abstractions::fs::Inode;

/// The properties of a superblock.
#[derive(Zeroable)]
pub(crate) struct SuperblockBlob {
    /// Whether it holds the contents of the initramfs.
    initramfs: Switch,
    /// Where it is an image that is mounted from a file.
    #[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
    pub(super) image: super::image::ImageBlob,
}

impl Blob for SuperblockBlob {}

impl SuperblockBlob {
    /// Returns whether it holds the contents of the initramfs.
    #[inline]
    pub(super) fn is_initramfs(&self) -> bool {
        self.initramfs.is_on()
    }
}

/// Marks the root of the kernel's first thread, which the initramfs was unpacked into.
pub(super) fn initramfs_populated(root: &Superblock) {
    root.blob::<Ipe>().initramfs.set(true);
}

/// The properties of an inode.
#[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
#[derive(Zeroable)]
pub(crate) struct InodeBlob {
    /// Whether fs-verity found its built-in signature valid.
    #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
    signed: Switch,
    /// Whether it did so before it was enabled.
    #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
    signed_early: Switch,
    /// Whether a task has asked for fs-verity, while the inode had none.
    #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
    asked: Switch,
    /// Whether that has happened more than once.
    #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
    asked_again: Switch,
    /// Whether the cache may hold pages that were read before fs-verity protected the inode.
    unverified_pages: Switch,
}

#[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
impl Blob for InodeBlob {}

#[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
impl InodeBlob {
    /// Returns whether fs-verity found its built-in signature valid.
    #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
    #[inline]
    pub(super) fn is_signed(&self) -> bool {
        self.signed.is_on()
    }

    /// Notes that a task asks for fs-verity, while the inode has none.
    pub(super) fn enabling(&self) {
        #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
        if self.asked.replace(true) {
            self.asked_again.set(true);
        }
    }

    /// Notes that fs-verity has been enabled. An earlier report about the signature counts if there
    /// was no other attempt: it is about this one.
    pub(super) fn enabled(&self) {
        #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
        if self.signed_early.is_on() && !self.asked_again.is_on() {
            self.signed.set(true);
        }
    }

    /// Returns whether the cache may hold pages that were read before fs-verity protected the
    /// inode.
    #[inline]
    pub(super) fn has_unverified_pages(&self) -> bool {
        self.unverified_pages.is_on()
    }

    /// Sets whether the cache may hold such pages.
    pub(super) fn set_unverified_pages(&self, may_be: bool) {
        self.unverified_pages.set(may_be);
    }
}

/// Notes the result of fs-verity's check of an inode's built-in signature.
///
/// Before Linux 7.3, fs-verity reports while it is being enabled, and takes nothing back if that
/// fails. Then another attempt, with other data and no signature, could profit. So such an early
/// report waits for [`InodeBlob::enabled`].
#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
pub(super) fn set_inode(inode: &Inode, signed: bool) {
    let blob = inode.blob::<Ipe>();
    if inode.is_verity() {
        blob.signed.set(signed);
    } else {
        blob.signed_early.set(signed);
    }
}
