// SPDX-License-Identifier: GPL-2.0-only

//! The active policy: one pointer that hooks follow under RCU.
//!
//! A writer holds the lock of [`crate::securityfs`] that serialises writers. The boot policy needs
//! none: it becomes active before there can be a second writer.

use super::life;
use super::policy::Policy;
use crate::abstractions::rcu::{
    RcuPointer,
    Retired, //
};
use kernel::prelude::*;
use kernel::sync::rcu;
use kernel::sync::Arc;
use kernel::sync::ArcBorrow;

/// Which policy is active, if any. It only moves forward: never to a lower version, nor to none.
pub(crate) struct Active(RcuPointer<Arc<Policy>>);

/// The active policy. Without one, everything is allowed.
pub(crate) static ACTIVE: Active = Active::none();

impl Active {
    /// Creates an empty pointer: no policy is active.
    pub(crate) const fn none() -> Self {
        Self(RcuPointer::null())
    }

    /// Returns whether no policy is active at this moment.
    ///
    /// # Context
    ///
    /// Any.
    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_null()
    }

    /// Returns the active policy, for as long as the guard lives.
    ///
    /// # Context
    ///
    /// Any.
    #[inline]
    pub(crate) fn read<'guard>(
        &'guard self,
        guard: &'guard rcu::Guard,
    ) -> Option<ArcBorrow<'guard, Policy>> {
        self.0.read(guard)
    }

    /// Returns the active policy, to keep.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn get(&self) -> Option<Arc<Policy>> {
        self.read(&rcu::read_lock()).map(Arc::from)
    }

    /// Returns whether `policy` is active at this moment.
    ///
    /// # Context
    ///
    /// Any.
    #[inline(never)]
    pub(crate) fn is(&self, policy: &Arc<Policy>) -> bool {
        self.read(&rcu::read_lock())
            .is_some_and(|active| core::ptr::eq(&*active, &**policy))
    }

    /// Activates the first policy.
    ///
    /// # Context
    ///
    /// Before there can be a reader or a writer.
    pub(crate) fn initialise(&self, policy: Arc<Policy>) {
        self.0.initialise(policy);
    }

    /// Activates `policy`. Returns the previous one, or `None` where `policy` was active already.
    ///
    /// # Errors
    ///
    /// `ESTALE` where the active policy has a higher version.
    ///
    /// # Context
    ///
    /// May sleep. The writers' lock is held. The result is to be dropped without it, as that waits.
    pub(crate) fn activate(&self, policy: &Arc<Policy>) -> Result<Option<Retired<Arc<Policy>>>> {
        if self.is(policy) {
            return Ok(None);
        }
        self.check(policy)?;
        Ok(Some(self.0.replace(Some(policy.clone()))))
    }

    /// Checks that `policy` may be activated.
    ///
    /// # Errors
    ///
    /// `ESTALE` where the active policy has a higher version.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn check(&self, policy: &Policy) -> Result {
        life::check_activation(self.read(&rcu::read_lock()).as_deref(), policy)
    }

    /// Activates `new` where `old` is active, and returns `old` then.
    ///
    /// # Context
    ///
    /// As for [`Self::activate`].
    pub(crate) fn replace(
        &self,
        old: &Arc<Policy>,
        new: &Arc<Policy>,
    ) -> Option<Retired<Arc<Policy>>> {
        self.is(old).then(|| self.0.replace(Some(new.clone())))
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
