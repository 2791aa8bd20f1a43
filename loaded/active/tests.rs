// SPDX-License-Identifier: GPL-2.0-only

//! Which policy is active after activations and replacements.

#[kernel::prelude::kunit_tests(ipe_loaded_active)]
mod cases {
    use super::super::*;
    use crate::loaded::tests::policy;
    use kernel::error::code::ESTALE;

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
    fn first_policy_may_have_any_version() -> Result {
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
    fn policies_with_the_same_text_are_different() -> Result {
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
    fn policy_is_freed_by_its_last_owner() -> Result {
        let (active, policy) = (Active::none(), policy!("a", "1.0.0")?);
        drop(active.activate(&policy)?);
        drop(active.activate(&policy!("b", "1.0.0")?)?);
        assert!(Arc::into_unique_or_drop(policy).is_some());
        Ok(())
    }
}
