// SPDX-License-Identifier: GPL-2.0-only

//! The seal: once it is set, nothing that decides changes until the next boot.
//!
//! It keeps the mode, the active policy and its version, no matter who asks: even a kernel helper,
//! or a service with more privileges than its administrator is aware of. A request that changes
//! nothing, or that fails for another reason, is answered as before, so that a service manager can
//! load and activate the same policies twice. Loading a policy without activating it stays possible,
//! because it decides nothing.
//!
//! A caller holds the lock of writers from [`Seal::check`] until it has made the change.

use super::active::Active;
use super::measured::measure_active;
use crate::abstractions::param::{
    parameter,
    Switch, //
};
use crate::mode::ENFORCE;
use kernel::prelude::*;

/// Whether nothing that decides may change. It is only ever set.
pub(crate) struct Seal {
    set: Switch,
    /// Whether the command line has asked for it when it could not be set.
    due: Switch,
}

/// The seal of the machine.
pub(crate) static SEAL: Seal = Seal::open();

/// Whether the seal is set when userspace has made a policy active.
static ON_ACTIVATION: Switch = Switch::new(false);
parameter!(
    "ipe",
    "seal",
    ON_ACTIVATION,
    "Seal IPE when userspace activates or updates the active policy"
);

/// Whether the seal is set when the boot policy becomes active.
static ON_BOOT: Switch = Switch::new(false);
parameter!(
    "ipe",
    "seal_boot_policy",
    ON_BOOT,
    "Seal IPE with the boot policy, before userspace starts"
);

impl Seal {
    /// Creates a seal that is not set.
    pub(crate) const fn open() -> Self {
        Self {
            set: Switch::new(false),
            due: Switch::new(false),
        }
    }

    /// Returns whether it is set.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn is_set(&self) -> bool {
        self.set.is_on()
    }

    /// Checks that what decides may change.
    ///
    /// # Errors
    ///
    /// `EPERM` where the seal is set.
    ///
    /// # Context
    ///
    /// The writers' lock is held.
    pub(crate) fn check(&self) -> Result {
        if self.is_set() {
            // Only an administrator comes this far.
            pr_warn!("refused: sealed until the next boot\n");
            return Err(EPERM);
        }
        Ok(())
    }

    /// Sets it, and measures that.
    ///
    /// # Errors
    ///
    /// `EINVAL` where no policy is active or denials are not enforced: the machine would stay open
    /// until the next boot.
    ///
    /// # Context
    ///
    /// May sleep. The writers' lock is held.
    pub(crate) fn set(&self, active: &Active, enforcing: bool) -> Result {
        if active.is_none() || !enforcing {
            return Err(EINVAL);
        }
        self.set.set(true);
        measure_active(active, true);
        Ok(())
    }

    /// Sets it after userspace has made a policy active, if the command line asks for that. Returns
    /// whether it was set now.
    ///
    /// # Context
    ///
    /// The writers' lock is held.
    pub(crate) fn set_on_activation(&self, active: &Active) -> bool {
        ON_ACTIVATION.is_on() && !self.is_set() && self.set_or_warn(active)
    }

    /// Sets it after denials have become enforced, if the command line asked for it before. Returns
    /// whether it was set now.
    ///
    /// # Context
    ///
    /// The writers' lock is held.
    pub(crate) fn set_if_due(&self, active: &Active) -> bool {
        self.due.is_on() && !self.is_set() && self.set_or_warn(active)
    }

    /// Sets it with the boot policy, if the command line asks for that.
    ///
    /// # Context
    ///
    /// Before there can be a writer.
    pub(super) fn set_on_boot(&self, active: &Active) {
        if ON_BOOT.is_on() && self.set_or_warn(active) {
            pr_info!("sealed until the next boot\n");
        }
    }

    /// Sets it, or says why that is not possible. Returns whether it was set.
    fn set_or_warn(&self, active: &Active) -> bool {
        let set = self.set(active, ENFORCE.is_on()).is_ok();
        if !set {
            pr_warn!("not sealed: no policy is active, or its denials are not enforced\n");
        }
        self.due.set(!set);
        set
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
