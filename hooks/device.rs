// SPDX-License-Identifier: GPL-2.0-only

//! The blob of a block device: the reports of dm-verity.

use crate::abstractions::compat::synchronize_rcu;
use crate::abstractions::fs::VerityChecks;
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
    /// The algorithm that made it.
    algorithm: Algorithm,
    /// The digest, then zeros.
    bytes: [u8; MAX_DIGEST_LEN],
}

impl Roothash {
    /// Creates the kept form of a root hash. Returns `None` for an algorithm that no policy can
    /// name.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
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

/// The properties of a block device.
///
/// In one RCU section, a decision asks whether the root hash is signed, and then for the root hash.
/// It never takes the signature of one volume for that of another: see [`Self::take_back`].
#[derive(Zeroable)]
pub(crate) struct DeviceBlob {
    /// The root hash of the active table.
    roothash: RcuPointer<KBox<Roothash>>,
    /// Whether that root hash came with a valid signature.
    signed: Switch,
}

impl Blob for DeviceBlob {}

impl DeviceBlob {
    /// Returns whether the root hash came with a valid signature.
    #[cfg(any(CONFIG_IPE_PROP_DM_VERITY_SIGNATURE, CONFIG_SECURITY_IPE_KUNIT_TEST))]
    #[inline]
    pub(super) fn is_signed(&self) -> bool {
        // The root hash that is asked for next is no older than this.
        self.signed.is_on_acquire()
    }

    /// Returns the root hash, for as long as the guard lives.
    #[inline]
    pub(super) fn roothash<'a>(&'a self, guard: &'a rcu::Guard) -> Option<Digest<'a>> {
        let roothash = self.roothash.read(guard)?;
        let bytes = roothash.bytes.get(..roothash.algorithm.digest_len())?;
        Digest::new(roothash.algorithm, bytes)
    }

    /// Returns whether this is the root hash.
    fn has_roothash(&self, algorithm: &CStr, digest: &[u8]) -> bool {
        let guard = rcu::read_lock();
        self.roothash(&guard).is_some_and(|known| {
            known.algorithm().name().as_bytes() == algorithm.to_bytes() && known.bytes() == digest
        })
    }

    /// Takes the signature back, before its root hash is replaced.
    ///
    /// When it returns, no decision is left that has found the signature. Such a decision would
    /// take the next root hash for a signed one, or the lack of one for a signed volume that no
    /// rule has denied by its root hash.
    ///
    /// # Context
    ///
    /// May sleep: waits for a grace period.
    fn take_back(&self) {
        if self.signed.is_on() {
            self.signed.set(false);
            synchronize_rcu();
        }
    }

    /// Removes all properties.
    ///
    /// # Context
    ///
    /// As for [`Self::take_back`].
    fn clear(&self) {
        self.take_back();
        drop(self.roothash.replace(None));
    }

    /// Takes a report of dm-verity, which is about to activate a table: first its root hash, then
    /// whether that is signed. `checks` says how often dm-verity checks blocks.
    ///
    /// # Errors
    ///
    /// `ENOMEM`. Then no property is left: device-mapper has replaced the table already, so the old
    /// properties are no longer true.
    ///
    /// # Context
    ///
    /// May sleep: waits for grace periods where there were properties.
    pub(super) fn set(&self, integrity: DeviceIntegrity<'_>, checks: VerityChecks) -> Result {
        match integrity {
            DeviceIntegrity::RoothashGone => self.clear(),
            DeviceIntegrity::Roothash { .. } if checks == VerityChecks::Never => {
                pr_warn!("a dm-verity volume that ignores corruption has no property\n");
                self.clear();
            }
            DeviceIntegrity::RoothashSignature(valid) => {
                if valid && checks != VerityChecks::Never {
                    self.signed.set(true);
                } else {
                    self.take_back();
                }
            }
            DeviceIntegrity::Roothash { algorithm, digest } => {
                // The same table is resumed. Programs of the volume must keep running.
                if self.has_roothash(algorithm, digest) {
                    return Ok(());
                }
                if checks == VerityChecks::Once {
                    pr_warn!("a dm-verity volume checks blocks once: its disk may change unseen\n");
                }
                let new = Roothash::new(algorithm, digest).inspect_err(|_| self.clear())?;
                self.take_back();
                drop(self.roothash.replace(new));
            }
        }
        Ok(())
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
