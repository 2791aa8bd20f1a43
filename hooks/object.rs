// SPDX-License-Identifier: GPL-2.0-only

//! The object of a decision about a file: where its data is, and where its properties are kept.

use super::module::Ipe;
use crate::abstractions::fs::{
    File,
    Inode,
    Path, //
};
use crate::abstractions::identity::Identity;
use crate::eval::{
    self,
    Digest,
    DigestBuffer, //
};
use kernel::sync::rcu;

#[cfg(CONFIG_IPE_PROP_FS_VERITY)]
use crate::{
    abstractions::fs::VerityAlgorithm,
    policy::Algorithm, //
};

/// Returns whether a file stands for memory: that of a device, for example a private mapping of
/// `/dev/zero`, or a file of a file system that users cannot mount, such as a memfd or a segment of
/// System V shared memory. `inode` has its data.
///
/// A file that backs the file of a user never does. erofs shares the pages of equal files in a file
/// system of its own, for example, and they are the contents of files still.
#[inline]
fn is_memory(file: &File, inode: &Inode) -> bool {
    inode.is_device() || (inode.superblock().is_memory() && !file.is_backing())
}

/// The place of a file's data, in the form that a decision uses.
#[derive(Copy, Clone)]
pub(super) struct Place<'a> {
    /// The path that a program opened the file by.
    path: &'a Path,
    /// The inode that has the data.
    inode: &'a Inode,
    /// Whether reads of the inode return what fs-verity has hashed.
    #[cfg_attr(
        not(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)),
        expect(dead_code)
    )]
    verity: bool,
}

impl<'a> Place<'a> {
    /// Returns the place of a file that is read from now on, where no function has to be called to
    /// find it. Elsewhere, [`Self::of`] may find it.
    ///
    /// # Context
    ///
    /// Any. Does not sleep.
    #[inline]
    pub(super) fn at_hand(file: &'a File) -> Option<Self> {
        if file.is_of_union() || file.is_backing() {
            return None;
        }
        let inode = file.real_inode();
        if inode.is_device() || inode.superblock().is_special() {
            return None;
        }
        Some(Self {
            path: file.path(),
            inode,
            #[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
            verity: super::verity::protects_at_hand(inode)?,
            #[cfg(not(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)))]
            verity: false,
        })
    }

    /// Returns the place of a file that is read from now on; `None` for memory.
    ///
    /// # Context
    ///
    /// May sleep, on a union file system or where fs-verity was just enabled.
    // Else it would return its result through memory of its two callers.
    #[inline(always)]
    pub(super) fn of(file: &'a File) -> Option<Self> {
        let inode = file.real_inode();
        (!is_memory(file, inode)).then(|| Self::new(file.user_path(), inode))
    }

    /// Returns the place of a file of which something has been read; `None` for memory. `noted` is
    /// the inode that had its data, if fs-verity protected that before.
    ///
    /// # Context
    ///
    /// May sleep, on a union file system.
    // As above.
    #[inline(always)]
    pub(super) fn of_read(file: &'a File, noted: &Identity) -> Option<Self> {
        let inode = file.real_inode();
        (!is_memory(file, inode)).then(|| Self {
            path: file.user_path(),
            inode,
            verity: noted.is(inode),
        })
    }

    /// Returns the place of data in an inode that is read from now on.
    ///
    /// # Context
    ///
    /// As for [`Self::of`].
    pub(super) fn new(path: &'a Path, inode: &'a Inode) -> Self {
        Self {
            path,
            inode,
            #[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
            verity: super::verity::protects(inode),
            #[cfg(not(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)))]
            verity: false,
        }
    }

    /// Returns the path that a program opened the file by.
    #[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
    pub(super) fn path(&self) -> &'a Path {
        self.path
    }

    /// Returns whether fs-verity protects the data, which a union file system may have found
    /// elsewhere.
    #[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
    pub(super) fn is_verity_of_union(&self) -> bool {
        self.verity && self.path.is_of_union()
    }

    /// Returns whether the file may be on an image, or of a composefs.
    #[inline]
    pub(super) fn may_be_on_image(&self) -> bool {
        #[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
        let may_be = self.inode.superblock().may_be_image() || self.is_verity_of_union();
        #[cfg(not(CONFIG_IPE_PROP_METADATA_BACKING))]
        let may_be = false;
        may_be
    }

    /// Returns the inode that has the data.
    pub(super) fn inode(&self) -> &'a Inode {
        self.inode
    }
}

/// The object of a decision about a file.
pub(super) struct Object<'a> {
    place: Place<'a>,
}

impl<'a> Object<'a> {
    /// Returns the object that has its data at that place.
    #[inline]
    pub(super) fn new(place: Place<'a>) -> Self {
        Self { place }
    }
}

/// Returns the properties of the superblock's device. They only count if the data [is on
/// one](is_on_one).
#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
#[inline]
fn device(inode: &Inode) -> Option<&super::device::DeviceBlob> {
    Some(inode.superblock().block_device()?.blob::<Ipe>())
}

/// Returns whether all data is on the device of the superblock. Most volumes have no property, so
/// this is asked last.
#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
#[inline]
fn is_on_one(inode: &Inode) -> bool {
    #[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
    let spread = inode.superblock().blob::<Ipe>().image.is_spread();
    #[cfg(not(CONFIG_IPE_PROP_METADATA_BACKING))]
    let spread = {
        let _ = inode;
        false
    };
    !spread
}

/// Returns whether the data is on a dm-verity volume whose root hash has a valid signature.
#[inline]
pub(super) fn is_on_signed_volume(inode: &Inode) -> bool {
    #[cfg(CONFIG_IPE_PROP_DM_VERITY_SIGNATURE)]
    let valid = device(inode).is_some_and(|device| device.is_signed()) && is_on_one(inode);
    #[cfg(not(CONFIG_IPE_PROP_DM_VERITY_SIGNATURE))]
    let valid = {
        let _ = inode;
        false
    };
    valid
}

/// Returns the root hash of the dm-verity volume that the data is on.
#[inline(always)]
pub(super) fn roothash<'a>(inode: &'a Inode, guard: &'a rcu::Guard) -> Option<Digest<'a>> {
    #[cfg(CONFIG_IPE_PROP_DM_VERITY)]
    let roothash = device(inode)?.roothash(guard).filter(|_| is_on_one(inode));
    #[cfg(not(CONFIG_IPE_PROP_DM_VERITY))]
    let roothash = {
        let _ = (inode, guard);
        None
    };
    roothash
}

/// Returns the fs-verity digest of the inode, in the buffer.
#[inline(always)]
pub(super) fn verity_digest<'b>(inode: &Inode, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>> {
    #[cfg(CONFIG_IPE_PROP_FS_VERITY)]
    let digest = match inode.verity_digest(buffer)? {
        (VerityAlgorithm::Sha256, digest) => Digest::new(Algorithm::Sha256, digest),
        (VerityAlgorithm::Sha512, digest) => Digest::new(Algorithm::Sha512, digest),
    };
    #[cfg(not(CONFIG_IPE_PROP_FS_VERITY))]
    let digest = {
        let _ = (inode, buffer);
        None
    };
    digest
}

impl eval::Object for Object<'_> {
    #[inline]
    fn boot_verified(&self) -> bool {
        let superblock = self.place.path.superblock();
        superblock.blob::<Ipe>().is_initramfs()
    }

    #[inline]
    fn dmverity_signature(&self) -> bool {
        is_on_signed_volume(self.place.inode)
    }

    #[inline]
    fn fsverity_signature(&self) -> bool {
        #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
        let valid = self.place.verity && self.place.inode.blob::<Ipe>().is_signed();
        #[cfg(not(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
        let valid = false;
        valid
    }

    #[inline]
    fn has_fsverity(&self) -> bool {
        #[cfg(CONFIG_IPE_PROP_FS_VERITY)]
        let has = self.place.verity;
        #[cfg(not(CONFIG_IPE_PROP_FS_VERITY))]
        let has = false;
        has
    }
}

/// The digests of an object, which are those of the inode that has its data.
pub(super) struct Digests<'a> {
    inode: &'a Inode,
    guard: &'a rcu::Guard,
}

impl<'a> Digests<'a> {
    /// Returns the digests of the object that has its data in that inode.
    #[inline]
    pub(super) fn new(inode: &'a Inode, guard: &'a rcu::Guard) -> Self {
        Self { inode, guard }
    }
}

impl eval::Digests for Digests<'_> {
    #[inline]
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        roothash(self.inode, self.guard)
    }

    #[inline]
    fn fsverity_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        verity_digest(self.inode, buffer)
    }
}
