// SPDX-License-Identifier: GPL-2.0-only

//! The blob of a block device: the reports of dm-verity.

use super::digest::StoredDigest;
use crate::abstractions::fs::VerityChecks;
use crate::abstractions::lsm::{
    Blob,
    DeviceIntegrity, //
};
use crate::abstractions::param::Switch;
use crate::abstractions::rcu::RcuPointer;
use crate::eval::Digest;
use crate::policy::Algorithm;
use kernel::prelude::*;
use kernel::sync::rcu::{
    self,
    synchronize_rcu, //
};
use pin_init::Zeroable;

/// The properties of a block device.
///
/// In one RCU section, a decision asks whether the root hash is signed, and then for the root hash.
/// It never takes the signature of one volume for that of another: see [`Self::take_back`].
#[derive(Zeroable)]
pub(crate) struct DeviceBlob {
    /// The root hash of the active table.
    roothash: RcuPointer<KBox<StoredDigest>>,
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
        self.roothash.read(guard)?.get()
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
    #[inline(never)]
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
    #[inline(never)]
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
                let digest = Algorithm::from_name(algorithm.to_bytes())
                    .and_then(|algorithm| Digest::new(algorithm, digest));
                // The same table is resumed. Programs of the volume must keep running.
                if digest.is_some() && self.roothash(&rcu::read_lock()) == digest {
                    return Ok(());
                }
                if checks == VerityChecks::Once {
                    pr_warn!("a dm-verity volume checks blocks once: its disk may change unseen\n");
                }
                if digest.is_none() {
                    pr_warn!("a dm-verity root hash of an algorithm that no policy can name\n");
                }
                let new = digest.map(|digest| KBox::new(StoredDigest::new(digest), GFP_KERNEL));
                let new = new.transpose().inspect_err(|_| self.clear())?;
                self.take_back();
                drop(self.roothash.replace(new));
            }
        }
        Ok(())
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
