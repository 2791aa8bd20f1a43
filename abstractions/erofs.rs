// SPDX-License-Identifier: GPL-2.0-only

//! EROFS images that are mounted from files, and composefs over them.
//!
//! C header: `image.h`, beside this file.

use super::bindings;
use super::fs::{
    Inode,
    Path,
    Superblock, //
};

impl Superblock {
    /// Returns the inode of the file that it is mounted from, if it is an EROFS image that is all of
    /// this file and nothing else.
    ///
    /// # Context
    ///
    /// Any. Does not sleep. The superblock is mounted, or about to be.
    pub(crate) fn image_file(&self) -> Option<&Inode> {
        // SAFETY: The superblock lives and is filled; before that, its magic is 0, for which the
        // function returns null. EROFS holds the file open until the last user of the superblock is
        // gone, and the file its inode.
        unsafe {
            let inode = bindings::rust_lsm_image_file(self.as_ptr());
            (!inode.is_null()).then(|| Inode::from_raw(inode))
        }
    }

    /// Returns whether it is an EROFS image that has data on other devices, or in other files, than
    /// the one that it is mounted from. This does not change.
    ///
    /// # Context
    ///
    /// Any. Does not sleep. The superblock is mounted, or about to be.
    pub(crate) fn is_spread(&self) -> bool {
        // SAFETY: The superblock lives and is filled; before that, its magic is 0, for which the
        // function returns false.
        unsafe { bindings::rust_lsm_is_spread(self.as_ptr()) }
    }
}

impl Inode {
    /// Returns whether EROFS shares its pages with files of other images.
    ///
    /// # Context
    ///
    /// Any. Does not sleep.
    pub(crate) fn shares_pages(&self) -> bool {
        // SAFETY: The inode lives, and so does its superblock.
        unsafe { bindings::rust_lsm_shares_pages(self.as_ptr()) }
    }
}

impl Path {
    /// Returns the superblock of the image whose digests tell the data of the file, if it is a file
    /// of a composefs: an overlay without an upper layer, that uses data only if it has the
    /// fs-verity digest that its one layer with metadata names.
    ///
    /// # Context
    ///
    /// Any. Does not sleep. The file has been opened by its file system.
    pub(crate) fn composefs_image(&self) -> Option<&Superblock> {
        // SAFETY: The path of an open file holds its dentry, which is positive, and the superblock
        // of an overlay its layers.
        unsafe {
            let superblock = bindings::rust_lsm_composefs_image(self.dentry());
            (!superblock.is_null()).then(|| Superblock::from_raw(superblock))
        }
    }
}
