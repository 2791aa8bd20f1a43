// SPDX-License-Identifier: GPL-2.0-only

//! A kernel object as the subject of a decision: where its facts are.

use super::Ipe;
use crate::abstractions::fs::{
    Inode,
    Superblock, //
};
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

/// What a decision is about; anonymous memory, devices and data from userspace have no place.
pub(super) struct Subject<'a> {
    place: Option<(&'a Superblock, &'a Inode)>,
    #[cfg_attr(not(CONFIG_IPE_PROP_DM_VERITY), expect(dead_code))]
    guard: &'a rcu::Guard,
}

impl<'a> Subject<'a> {
    /// The subject that was opened through a mount of the superblock and has its data in the inode.
    #[inline]
    pub(super) fn new(place: Option<(&'a Superblock, &'a Inode)>, guard: &'a rcu::Guard) -> Self {
        Self { place, guard }
    }

    /// What dm-verity said of the volume that the data is on.
    #[cfg(CONFIG_IPE_PROP_DM_VERITY)]
    #[inline]
    fn device(&self) -> Option<&'a super::device::DeviceFacts> {
        let (_, inode) = self.place?;
        Some(inode.superblock().block_device()?.blob::<Ipe>())
    }
}

impl eval::Subject for Subject<'_> {
    #[inline]
    fn boot_verified(&self) -> bool {
        self.place
            .is_some_and(|(superblock, _)| superblock.blob::<Ipe>().is_initramfs())
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
            .is_some_and(|(_, inode)| inode.has_verity() && inode.blob::<Ipe>().is_signed());
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
        let has = self.place.is_some_and(|(_, inode)| inode.has_verity());
        #[cfg(not(CONFIG_IPE_PROP_FS_VERITY))]
        let has = false;
        has
    }

    #[inline]
    fn fsverity_digest<'b>(&'b self, buffer: &'b mut [u8; MAX_DIGEST_LEN]) -> Option<Digest<'b>> {
        #[cfg(CONFIG_IPE_PROP_FS_VERITY)]
        let digest = {
            let (_, inode) = self.place?;
            match inode.verity_digest(buffer)? {
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
