// SPDX-License-Identifier: GPL-2.0-only

//! The object of a decision: where the data of a file is, and where its properties are kept.

use super::module::Ipe;
use crate::abstractions::fs::{
    File,
    Inode,
    Superblock, //
};
use crate::abstractions::identity::Identity;
use crate::eval::{
    self,
    Digest, //
};
use crate::policy::MAX_DIGEST_LEN;
use kernel::sync::rcu;

#[cfg(CONFIG_IPE_PROP_FS_VERITY)]
use crate::{
    abstractions::fs::VerityAlgorithm,
    policy::Algorithm, //
};

/// The place of a file's data, in the form that a decision uses.
#[derive(Copy, Clone)]
pub(super) struct Place<'a> {
    /// The superblock of the mount that the file was opened through.
    superblock: &'a Superblock,
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
    /// Returns the place of a file that is read from now on. A device file has none, as its data is
    /// elsewhere: a private mapping of `/dev/zero` is anonymous memory, for example.
    ///
    /// # Context
    ///
    /// May sleep, on a union file system or where fs-verity was just enabled.
    #[inline]
    pub(super) fn of(file: &'a File) -> Option<Self> {
        let inode = file.real_inode();
        (!inode.is_device()).then(|| Self::new(file.superblock(), inode))
    }

    /// Returns the place of a file of which something has been read. `noted` is the inode that had
    /// its data, if fs-verity protected that before.
    ///
    /// # Context
    ///
    /// May sleep, on a union file system.
    pub(super) fn of_read(file: &'a File, noted: &Identity) -> Option<Self> {
        let inode = file.real_inode();
        (!inode.is_device()).then(|| Self {
            superblock: file.superblock(),
            inode,
            verity: noted.is(inode),
        })
    }

    /// Returns the place of data in an inode that is read from now on.
    ///
    /// # Context
    ///
    /// As for [`Self::of`].
    #[inline]
    pub(super) fn new(superblock: &'a Superblock, inode: &'a Inode) -> Self {
        Self {
            superblock,
            inode,
            #[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
            verity: super::verity::protects(inode),
            #[cfg(not(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)))]
            verity: false,
        }
    }
}

/// The object of a decision. Anonymous memory, devices and data from userspace have no place.
pub(super) struct Object<'a> {
    place: Option<Place<'a>>,
    #[cfg_attr(not(CONFIG_IPE_PROP_DM_VERITY), expect(dead_code))]
    guard: &'a rcu::Guard,
}

impl<'a> Object<'a> {
    /// Returns the object that has its data at that place.
    #[inline]
    pub(super) fn new(place: Option<Place<'a>>, guard: &'a rcu::Guard) -> Self {
        Self { place, guard }
    }

    /// Returns the properties of the volume that the data is on.
    #[cfg(CONFIG_IPE_PROP_DM_VERITY)]
    #[inline]
    fn device(&self) -> Option<&'a super::device::DeviceBlob> {
        Some(self.place?.inode.superblock().block_device()?.blob::<Ipe>())
    }
}

impl eval::Object for Object<'_> {
    #[inline]
    fn boot_verified(&self) -> bool {
        self.place
            .is_some_and(|place| place.superblock.blob::<Ipe>().is_initramfs())
    }

    #[inline]
    fn dmverity_signature(&self) -> bool {
        #[cfg(CONFIG_IPE_PROP_DM_VERITY_SIGNATURE)]
        let valid = self.device().is_some_and(|device| device.is_signed());
        #[cfg(not(CONFIG_IPE_PROP_DM_VERITY_SIGNATURE))]
        let valid = false;
        valid
    }

    #[inline]
    fn fsverity_signature(&self) -> bool {
        #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
        let valid = self
            .place
            .is_some_and(|place| place.verity && place.inode.blob::<Ipe>().is_signed());
        #[cfg(not(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
        let valid = false;
        valid
    }

    #[inline]
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        #[cfg(CONFIG_IPE_PROP_DM_VERITY)]
        let roothash = self.device()?.roothash(self.guard);
        #[cfg(not(CONFIG_IPE_PROP_DM_VERITY))]
        let roothash = None;
        roothash
    }

    #[inline]
    fn has_fsverity(&self) -> bool {
        #[cfg(CONFIG_IPE_PROP_FS_VERITY)]
        let has = self.place.is_some_and(|place| place.verity);
        #[cfg(not(CONFIG_IPE_PROP_FS_VERITY))]
        let has = false;
        has
    }

    #[inline]
    fn fsverity_digest<'b>(&'b self, buffer: &'b mut [u8; MAX_DIGEST_LEN]) -> Option<Digest<'b>> {
        #[cfg(CONFIG_IPE_PROP_FS_VERITY)]
        let digest = {
            let place = self.place.filter(|place| place.verity)?;
            match place.inode.verity_digest(buffer)? {
                (VerityAlgorithm::Sha256, 32) => Digest::new(Algorithm::Sha256, buffer.get(..32)?),
                (VerityAlgorithm::Sha512, 64) => Digest::new(Algorithm::Sha512, buffer),
                _ => None,
            }
        };
        #[cfg(not(CONFIG_IPE_PROP_FS_VERITY))]
        let digest = {
            let _ = buffer;
            None
        };
        digest
    }
}
