// SPDX-License-Identifier: GPL-2.0-only

//! The blobs of a security module: their sizes, and their places beside kernel objects.

use super::super::bindings;
use super::super::cred::Shared;
use super::super::fs::{
    BlockDevice,
    Inode,
    Superblock, //
};
use super::super::task::Area;
use super::interface::{
    Blob,
    Declared,
    SecurityModule, //
};
use core::mem::needs_drop;
use core::ptr::NonNull;
use kernel::ffi::c_void;

/// Returns the sizes of the module's blobs.
#[doc(hidden)]
#[allow(
    clippy::as_underscore,
    reason = "the members have a sign in some kernels"
)]
pub(crate) const fn blob_sizes<T: SecurityModule>() -> bindings::lsm_blob_sizes {
    // The framework frees these two without a callback that a drop could use.
    const { assert!(!needs_drop::<T::Superblock>() && !needs_drop::<T::Inode>()) };
    // The framework aligns blobs to pointers.
    const {
        assert!(
            align_of::<T::Superblock>() <= align_of::<usize>()
                && align_of::<T::Inode>() <= align_of::<usize>()
                && align_of::<T::BlockDevice>() <= align_of::<usize>()
                && align_of::<Area<T::Task>>() <= align_of::<usize>()
        )
    };
    // A task releases the file that it holds before it ends.
    const { assert!(!needs_drop::<T::Task>()) };
    bindings::lsm_blob_sizes {
        lbs_superblock: size_of::<T::Superblock>() as _,
        lbs_inode: size_of::<T::Inode>() as _,
        lbs_bdev: size_of::<T::BlockDevice>() as _,
        lbs_cred: if size_of::<T::Credential>() == 0 {
            0
        } else {
            size_of::<Shared<T::Credential>>() as _
        },
        lbs_task: if size_of::<T::Task>() == 0 {
            0
        } else {
            size_of::<Area<T::Task>>() as _
        },
        ..pin_init::zeroed()
    }
}

/// Returns the blob of type `B` at `offset` in an object's security area.
///
/// # Safety
///
/// Unless `B` has no size, `security` must be the area that the framework allocated for an object,
/// `offset` what it assigned for a blob of type `B` there, and the area must outlive `'a`.
#[inline]
unsafe fn blob<'a, B: Blob>(security: *mut c_void, offset: usize) -> &'a B {
    if size_of::<B>() == 0 {
        // SAFETY: A dangling, aligned pointer is valid for a type without size, which has but one
        // value.
        return unsafe { NonNull::<B>::dangling().as_ref() };
    }
    // SAFETY: By the contract there is a `B`, which came to life all bits zero, as `Zeroable`
    // allows, and is only ever accessed through shared references.
    unsafe { &*security.byte_add(offset).cast::<B>() }
}

impl Superblock {
    /// Returns the data that module `T` keeps beside this superblock.
    #[inline]
    pub(crate) fn blob<T: Declared>(&self) -> &T::Superblock {
        // SAFETY: The superblock lives, so that its `s_security` is the area that was allocated
        // with it and holds this module's blob at the offset that the framework has written into
        // `T::blobs` before any hook could run.
        unsafe {
            blob(
                (*self.as_ptr()).s_security,
                (*T::blobs()).lbs_superblock as usize,
            )
        }
    }
}

impl Inode {
    /// Returns the data that module `T` keeps beside this inode.
    #[allow(
        dead_code,
        reason = "not every configuration has a provider of integrity for it"
    )]
    #[inline]
    pub(crate) fn blob<T: Declared>(&self) -> &T::Inode {
        // SAFETY: As for `Superblock::blob`, with `i_security`.
        unsafe {
            blob(
                (*self.as_ptr()).i_security,
                (*T::blobs()).lbs_inode as usize,
            )
        }
    }
}

impl BlockDevice {
    /// Returns the data that module `T` keeps beside this block device.
    #[allow(
        dead_code,
        reason = "not every configuration has a provider of integrity for it"
    )]
    #[inline]
    pub(crate) fn blob<T: Declared>(&self) -> &T::BlockDevice {
        // SAFETY: As for `Superblock::blob`, with `bd_security`.
        unsafe {
            blob(
                (*self.as_ptr()).bd_security,
                (*T::blobs()).lbs_bdev as usize,
            )
        }
    }
}
