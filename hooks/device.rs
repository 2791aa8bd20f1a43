// SPDX-License-Identifier: GPL-2.0-only

//! What dm-verity says of a block device, kept beside it.

use crate::abstractions::lsm::{
    Blob,
    DeviceIntegrity, //
};
use crate::abstractions::param::Switch;
use crate::abstractions::rcu::RcuPointer;
use crate::eval::Digest;
use crate::policy::{
    Algorithm,
    MAX_DIGEST_LEN, //
};
use kernel::prelude::*;
use kernel::sync::rcu;
use pin_init::Zeroable;

/// The root hash of a dm-verity volume.
struct Roothash {
    /// What made it.
    algorithm: Algorithm,
    /// As many bytes as the algorithm's digests have, and zeros.
    bytes: [u8; MAX_DIGEST_LEN],
}

impl Roothash {
    /// The root hash as it is kept; `None` for an algorithm that no policy can name.
    ///
    /// May sleep. Errors: `ENOMEM`.
    fn new(algorithm: &CStr, digest: &[u8]) -> Result<Option<KBox<Self>>> {
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
        Ok(Some(KBox::new(Self { algorithm, bytes }, GFP_KERNEL)?))
    }
}

/// What is known of a block device.
#[derive(Zeroable)]
pub(crate) struct DeviceFacts {
    /// The root hash of the table in force.
    roothash: RcuPointer<KBox<Roothash>>,
    /// Whether that root hash came with a valid signature.
    signed: Switch,
}

impl Blob for DeviceFacts {}

impl DeviceFacts {
    /// Whether the root hash came with a valid signature.
    #[cfg(CONFIG_IPE_PROP_DM_VERITY_SIGNATURE)]
    #[inline]
    pub(super) fn is_signed(&self) -> bool {
        self.signed.is_on()
    }

    /// The root hash, for as long as the guard lives.
    #[inline]
    pub(super) fn roothash<'a>(&'a self, guard: &'a rcu::Guard) -> Option<Digest<'a>> {
        let roothash = self.roothash.read(guard)?;
        let bytes = roothash.bytes.get(..roothash.algorithm.digest_len())?;
        Digest::new(roothash.algorithm, bytes)
    }

    /// Whether this is the root hash.
    fn has_roothash(&self, algorithm: &CStr, digest: &[u8]) -> bool {
        let guard = rcu::read_lock();
        self.roothash(&guard).is_some_and(|known| {
            known.algorithm().name().as_bytes() == algorithm.to_bytes() && known.bytes() == digest
        })
    }

    /// dm-verity is about to put a table in force on the device, and says what it stands for.
    ///
    /// May sleep: waits for a grace period where there was a root hash. Errors: `ENOMEM`, upon which
    /// dm-verity does not put the table in force.
    pub(super) fn set(&self, integrity: DeviceIntegrity<'_>) -> Result {
        match integrity {
            DeviceIntegrity::RoothashSignature(valid) => self.signed.set(valid),
            // The signature that was valid was that of another root hash; dm-verity tells of the new
            // one's right after it.
            DeviceIntegrity::RoothashGone => {
                self.signed.set(false);
                drop(self.roothash.replace(None));
            }
            DeviceIntegrity::Roothash { algorithm, digest } => {
                // The same table is resumed: what runs from the volume goes on running.
                if self.has_roothash(algorithm, digest) {
                    return Ok(());
                }
                let new = Roothash::new(algorithm, digest)?;
                self.signed.set(false);
                drop(self.roothash.replace(new));
            }
        }
        Ok(())
    }
}
