// SPDX-License-Identifier: GPL-2.0-only

//! Files on an EROFS image that is mounted from a file, without a loop device.
//!
//! Such a superblock has no block device. All that it has is in the backing file: each read of a
//! file on the image reads the backing file, through the cache of its pages, and so does each look
//! at a directory. So the backing file vouches for all of them:
//!
//! - The files have the properties of the dm-verity volume that the backing file is on.
//! - `metadata_backing_file_fsverity_digest` is the fs-verity digest of the backing file. EROFS
//!   keeps what it has read of the superblock and of inodes. So the property only counts if
//!   fs-verity protected the file before EROFS read the first byte.
//!
//! composefs is an overlay over such an image: the image names the fs-verity digest of each large
//! file, and the overlay finds the file in another layer. So the digest of the image vouches for
//! these files, too. Their other properties are those of the file in the other layer.
//!
//! `boot_verified` is not passed on: that property is about the file system that a file is opened
//! through. Neither are the signature and the digest of fs-verity, which are about the file itself.

use super::module::Ipe;
use super::object::{
    self,
    Object,
    Place, //
};
use super::verity;
use crate::abstractions::counter::Counter;
use crate::abstractions::fs::{
    Inode,
    Superblock, //
};
use crate::abstractions::param::Switch;
use crate::eval::{
    self,
    Digest,
    DigestBuffer, //
};
use kernel::prelude::*;
use kernel::sync::rcu;
use pin_init::Zeroable;

/// The part of a superblock's blob that is about an image.
#[derive(Zeroable)]
pub(super) struct ImageBlob {
    /// [`verity::first_uses`] when the superblock was allocated.
    born: Counter,
    /// Whether fs-verity protected the backing file before its first byte was read.
    protected: Switch,
    /// Whether it has data on devices other than its own, which nothing vouches for.
    spread: Switch,
}

impl ImageBlob {
    /// Returns whether the superblock has data on devices other than its own.
    #[inline]
    pub(super) fn is_spread(&self) -> bool {
        self.spread.is_on()
    }
}

/// Notes when a superblock comes to life. Nothing has been read for it.
pub(super) fn allocated(superblock: &Superblock) {
    let blob = &superblock.blob::<Ipe>().image;
    blob.born.add(verity::first_uses());
}

/// Notes whether a superblock has data on several devices, and whether fs-verity protected the
/// backing file of an image before it was mounted.
///
/// fs-verity does so now, and the file has no mark, which the task that enables fs-verity leaves
/// before. Since the superblock came to life, no file has lost its mark. So this file had none then.
///
/// This is a use of the file, so it loses its mark, and counts when it is mounted again.
///
/// # Context
///
/// May sleep. The superblock is about to be mounted, and may have been mounted before.
pub(super) fn mounted(superblock: &Superblock) {
    if superblock.is_spread() {
        pr_warn!("an image with data on several devices has no property of a volume\n");
        superblock.blob::<Ipe>().image.spread.set(true);
    }
    let Some(file) = superblock.image_file() else {
        return;
    };
    let blob = &superblock.blob::<Ipe>().image;
    // The counter comes second: it is counted up before a mark is cleared.
    if verity::protects(file) && verity::first_uses() == blob.born.add(0) {
        blob.protected.set(true);
    } else if file.has_verity() && !blob.protected.is_on() {
        pr_warn!("fs-verity may have protected an image too late: mount it again\n");
    }
}

/// The object of a decision about a file on an image.
pub(super) struct Image<'a> {
    place: &'a Place<'a>,
    /// The superblock of the image.
    superblock: &'a Superblock,
    /// An inode on the device that has the data.
    on_device: &'a Inode,
    guard: &'a rcu::Guard,
}

impl<'a> Image<'a> {
    /// Returns the object that has its data at that place; `None` for a file that is on no image.
    ///
    /// Also `None` where EROFS shares the file's pages with other images, which would have to vouch
    /// for it, too, and where the backing file has a digest that cannot be told: a rule that denies
    /// this digest would not match, and one that allows the volume would.
    ///
    /// # Context
    ///
    /// Any. Does not sleep.
    // Inlined for the reason below.
    #[inline(always)]
    pub(super) fn at(place: &'a Place<'a>, guard: &'a rcu::Guard) -> Option<Self> {
        let superblock = place.inode().superblock();
        let (superblock, on_device) = if superblock.may_be_image() {
            if place.inode().shares_pages() {
                return None;
            }
            let file = superblock.image_file()?;
            if file.has_verity() && !superblock.blob::<Ipe>().image.protected.is_on() {
                return None;
            }
            (superblock, file)
        } else if place.is_verity_of_union() {
            (place.path().composefs_image()?, place.inode())
        } else {
            return None;
        };
        Some(Self {
            place,
            superblock,
            on_device,
            guard,
        })
    }

    /// Returns the object without the image, for the properties of the file itself.
    #[inline(always)]
    fn object(&self) -> Object<'a> {
        Object::new(*self.place)
    }
}

impl eval::Object for Image<'_> {
    fn boot_verified(&self) -> bool {
        self.object().boot_verified()
    }

    fn dmverity_signature(&self) -> bool {
        object::is_on_signed_volume(self.on_device)
    }

    fn fsverity_signature(&self) -> bool {
        self.object().fsverity_signature()
    }

    fn has_fsverity(&self) -> bool {
        self.object().has_fsverity()
    }
}

// Inlined, as the digests are returned in memory: a decision writes to its own frame alone.
impl eval::Digests for Image<'_> {
    #[inline(always)]
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        object::roothash(self.on_device, self.guard)
    }

    #[inline(always)]
    fn fsverity_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        object::verity_digest(self.place.inode(), buffer)
    }
}

impl eval::Image for Image<'_> {
    #[inline(always)]
    fn image_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        if !self.superblock.blob::<Ipe>().image.protected.is_on() {
            return None;
        }
        object::verity_digest(self.superblock.image_file()?, buffer)
    }
}
