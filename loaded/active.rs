// SPDX-License-Identifier: GPL-2.0-only

//! The active policy: one pointer that hooks follow under RCU.
//!
//! A writer holds the lock of [`crate::securityfs`] that serialises writers. The boot policy needs none: it
//! becomes active before there can be a second writer.

use super::Policy;
use crate::abstractions::compat::ESTALE;
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
    /// No policy.
    pub(crate) const fn none() -> Self {
        Self(RcuPointer::null())
    }

    /// Whether there is no policy at this moment. Any context.
    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_null()
    }

    /// Returns the active policy, for as long as the guard lives. Any context.
    #[inline]
    pub(crate) fn read<'guard>(
        &'guard self,
        guard: &'guard rcu::Guard,
    ) -> Option<ArcBorrow<'guard, Policy>> {
        self.0.read(guard)
    }

    /// Returns the active policy, to keep.
    pub(crate) fn get(&self) -> Option<Arc<Policy>> {
        self.read(&rcu::read_lock()).map(Arc::from)
    }

    /// Returns whether `policy` is active at this moment.
    pub(crate) fn is(&self, policy: &Arc<Policy>) -> bool {
        self.read(&rcu::read_lock())
            .is_some_and(|active| core::ptr::eq(&*active, &**policy))
    }

    /// Activates the first policy, before there can be a reader or a writer.
    pub(crate) fn initialise(&self, policy: Arc<Policy>) {
        self.0.initialise(policy);
    }

    /// Activates `policy`. Returns the previous one, or `None` where `policy` was active already.
    ///
    /// Context: may sleep; the writers' lock is held. What it returns is to be dropped without it.
    ///
    /// Errors: `ESTALE` where the active policy has a higher version.
    pub(crate) fn activate(&self, policy: &Arc<Policy>) -> Result<Option<Retired<Arc<Policy>>>> {
        if self.is(policy) {
            return Ok(None);
        }
        let stale = self
            .read(&rcu::read_lock())
            .is_some_and(|active| active.version() > policy.version());
        if stale {
            return Err(ESTALE);
        }
        Ok(Some(self.0.replace(Some(policy.clone()))))
    }

    /// Activates `new` where `old` is active.
    ///
    /// Context: may sleep; the writers' lock is held. What it returns is to be dropped without it.
    pub(crate) fn replace(
        &self,
        old: &Arc<Policy>,
        new: &Arc<Policy>,
    ) -> Option<Retired<Arc<Policy>>> {
        self.is(old).then(|| self.0.replace(Some(new.clone())))
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
#[kunit_tests(ipe_loaded_active)]
mod tests {
    use super::*;

    /// A policy that only has a name and a version.
    macro_rules! policy {
        ($name:literal, $version:literal) => {
            Policy::builtin(
                concat!(
                    "policy_name=",
                    $name,
                    " policy_version=",
                    $version,
                    "\nDEFAULT action=DENY"
                )
                .as_bytes(),
            )
            .map_err(|refusal| refusal.errno())
        };
    }

    /// Whether nothing happens where `policy` is activated.
    fn refuses(active: &Active, policy: &Arc<Policy>) -> bool {
        let before = active.get();
        matches!(active.activate(policy), Err(error) if error == ESTALE)
            && before.is_some_and(|before| active.is(&before) && !active.is(policy))
    }

    #[test]
    fn no_policy_is_active_at_first() -> Result {
        let active = Active::none();
        assert!(active.is_none());
        assert!(active.get().is_none());
        assert!(!active.is(&policy!("a", "0.0.0")?));
        Ok(())
    }

    #[test]
    fn the_first_policy_may_have_any_version() -> Result {
        for policy in [policy!("a", "0.0.0")?, policy!("a", "65535.65535.65535")?] {
            let active = Active::none();
            let retired = active.activate(&policy)?;
            assert!(retired.is_some_and(|retired| retired.get().is_none()));
            assert!(active.is(&policy));
        }
        Ok(())
    }

    #[test]
    fn initialise_activates_the_boot_policy() -> Result {
        let (active, boot) = (Active::none(), policy!("boot", "1.0.0")?);
        active.initialise(boot.clone());
        assert!(!active.is_none());
        assert!(active.is(&boot));
        assert!(refuses(&active, &policy!("boot", "0.9.9")?));
        Ok(())
    }

    #[test]
    fn activation_returns_the_previous_policy() -> Result {
        let (active, old, new) = (
            Active::none(),
            policy!("a", "1.0.0")?,
            policy!("b", "1.0.0")?,
        );
        drop(active.activate(&old)?);
        let retired = active.activate(&new)?.ok_or(EINVAL)?;
        assert!(retired.get().is_some_and(|was| core::ptr::eq(&*was, &*old)));
        assert!(active.is(&new));
        assert!(!active.is(&old));
        Ok(())
    }

    #[test]
    fn activating_again_changes_nothing() -> Result {
        let (active, policy) = (Active::none(), policy!("a", "1.0.0")?);
        drop(active.activate(&policy)?);
        assert!(active.activate(&policy)?.is_none());
        assert!(active.is(&policy));
        Ok(())
    }

    #[test]
    fn the_same_text_is_another_policy() -> Result {
        let (active, one, other) = (
            Active::none(),
            policy!("a", "1.0.0")?,
            policy!("a", "1.0.0")?,
        );
        drop(active.activate(&one)?);
        assert!(!active.is(&other));
        assert!(active.activate(&other)?.is_some());
        assert!(active.is(&other));
        Ok(())
    }

    #[test]
    fn versions_only_go_forward() -> Result {
        let rising = [
            policy!("a", "0.0.9")?,
            policy!("a", "0.0.10")?,
            policy!("a", "0.0.65535")?,
            policy!("a", "0.1.0")?,
            policy!("a", "0.65535.65535")?,
            policy!("a", "1.0.0")?,
            policy!("a", "65535.65535.65535")?,
        ];
        let active = Active::none();
        for (index, policy) in rising.iter().enumerate() {
            drop(active.activate(policy)?);
            assert!(active.is(policy));
            for lower in &rising[..index] {
                assert!(refuses(&active, lower));
            }
        }
        Ok(())
    }

    #[test]
    fn all_names_share_the_versions() -> Result {
        let (active, high) = (Active::none(), policy!("high", "2.0.0")?);
        drop(active.activate(&high)?);
        assert!(refuses(&active, &policy!("other", "1.65535.65535")?));
        let equal = policy!("other", "2.0.0")?;
        drop(active.activate(&equal)?);
        assert!(active.is(&equal));
        Ok(())
    }

    #[test]
    fn replace_needs_the_old_policy_to_be_active() -> Result {
        let (active, old, new) = (
            Active::none(),
            policy!("a", "1.0.0")?,
            policy!("a", "2.0.0")?,
        );
        assert!(active.replace(&old, &new).is_none());
        assert!(active.is_none());

        drop(active.activate(&old)?);
        let (other, newer) = (policy!("b", "0.0.0")?, policy!("b", "3.0.0")?);
        assert!(active.replace(&other, &newer).is_none());
        assert!(active.is(&old));

        let retired = active.replace(&old, &new).ok_or(EINVAL)?;
        assert!(retired.get().is_some_and(|was| core::ptr::eq(&*was, &*old)));
        assert!(active.is(&new));
        Ok(())
    }

    #[test]
    fn a_policy_goes_with_its_last_owner() -> Result {
        let (active, policy) = (Active::none(), policy!("a", "1.0.0")?);
        drop(active.activate(&policy)?);
        drop(active.activate(&policy!("b", "1.0.0")?)?);
        assert!(Arc::into_unique_or_drop(policy).is_some());
        Ok(())
    }
}
