// SPDX-License-Identifier: GPL-2.0-only

//! What integrity providers say of kernel objects, kept beside those objects.

use super::Ipe;
use crate::abstractions::fs::Superblock;
use crate::abstractions::lsm::Blob;
use crate::abstractions::param::Switch;
use pin_init::Zeroable;

#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
use crate::{
    abstractions::{
        fs::BlockDevice,
        lsm::DeviceIntegrity,
        rcu::RcuPointer, //
    },
    eval::Digest,
    policy::{
        Algorithm,
        MAX_DIGEST_LEN, //
    },
};
#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
use kernel::{
    prelude::*,
    sync::rcu, //
};

#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
use crate::abstractions::fs::Inode;

/// What is known of a superblock.
#[derive(Zeroable)]
pub(crate) struct SuperblockFacts {
    /// Whether it holds what was unpacked from the initramfs.
    initramfs: Switch,
}

impl Blob for SuperblockFacts {}

impl SuperblockFacts {
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
#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
#[derive(Zeroable)]
pub(crate) struct InodeFacts {
    /// Whether fs-verity found its builtin signature valid.
    signed: Switch,
}

#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
impl Blob for InodeFacts {}

#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
impl InodeFacts {
    /// Whether fs-verity found its builtin signature valid.
    #[inline]
    pub(super) fn is_signed(&self) -> bool {
        self.signed.is_on()
    }
}

/// fs-verity has looked at an inode's builtin signature.
#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
pub(super) fn set_inode(inode: &Inode, signed: bool) {
    inode.blob::<Ipe>().signed.set(signed);
}

/// The root hash of a dm-verity volume.
#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
struct Roothash {
    /// What made it.
    algorithm: Algorithm,
    /// As many bytes as the algorithm's digests have, and zeros.
    bytes: [u8; MAX_DIGEST_LEN],
}

/// What is known of a block device.
#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
#[derive(Zeroable)]
pub(crate) struct DeviceFacts {
    /// The root hash of the table in force.
    roothash: RcuPointer<KBox<Roothash>>,
    /// Whether that root hash came with a valid signature.
    signed: Switch,
}

#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
impl Blob for DeviceFacts {}

#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
impl DeviceFacts {
    /// Whether the root hash came with a valid signature.
    #[cfg(CONFIG_IPE_PROP_DM_VERITY_SIGNATURE)]
    #[inline]
    pub(super) fn is_signed(&self) -> bool {
        self.signed.is_on()
    }

    /// Whether this is the root hash.
    fn has_roothash(&self, algorithm: &CStr, digest: &[u8]) -> bool {
        let guard = rcu::read_lock();
        self.roothash(&guard).is_some_and(|known| {
            known.algorithm().name().as_bytes() == algorithm.to_bytes() && known.bytes() == digest
        })
    }

    /// The root hash, for as long as the guard lives.
    #[inline]
    pub(super) fn roothash<'a>(&'a self, guard: &'a rcu::Guard) -> Option<Digest<'a>> {
        let roothash = self.roothash.read(guard)?;
        let bytes = roothash.bytes.get(..roothash.algorithm.digest_len())?;
        Digest::new(roothash.algorithm, bytes)
    }
}

/// dm-verity is about to put a table in force on a device, and says what it stands for.
///
/// May sleep: waits for a grace period where there was a root hash. Errors: `ENOMEM`, upon which
/// dm-verity does not put the table in force.
#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
pub(super) fn set_device(device: &BlockDevice, integrity: DeviceIntegrity<'_>) -> Result {
    let facts = device.blob::<Ipe>();
    match integrity {
        DeviceIntegrity::RoothashSignature(valid) => facts.signed.set(valid),
        // The signature that was valid was that of another root hash; dm-verity tells of the new
        // one's right after it.
        DeviceIntegrity::RoothashGone => {
            facts.signed.set(false);
            drop(facts.roothash.replace(None));
        }
        DeviceIntegrity::Roothash { algorithm, digest } => {
            // The same table is resumed: what runs from the volume goes on running.
            if facts.has_roothash(algorithm, digest) {
                return Ok(());
            }
            let new = roothash(algorithm, digest)?;
            facts.signed.set(false);
            drop(facts.roothash.replace(new));
        }
    }
    Ok(())
}

/// The root hash as it is kept; `None` for an algorithm that no policy can name.
#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
fn roothash(algorithm: &CStr, digest: &[u8]) -> Result<Option<KBox<Roothash>>> {
    let known = Algorithm::from_name(algorithm.to_bytes())
        .filter(|algorithm| algorithm.digest_len() == digest.len());
    let Some(algorithm) = known else {
        pr_warn!("a dm-verity root hash of an algorithm that no policy can name\n");
        return Ok(None);
    };
    let mut bytes = [0; MAX_DIGEST_LEN];
    bytes
        .get_mut(..digest.len())
        .ok_or(EINVAL)?
        .copy_from_slice(digest);
    Ok(Some(KBox::new(Roothash { algorithm, bytes }, GFP_KERNEL)?))
}
