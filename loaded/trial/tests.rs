// SPDX-License-Identifier: GPL-2.0-only

//! When a trial begins and ends, what it counts, and which of its records are made.

#[kernel::prelude::kunit_tests(ipe_loaded_trial)]
mod cases {
    use super::super::*;
    use crate::loaded::tests::policy;
    use kernel::error::code::ESTALE;

    /// An active policy of this version.
    fn active(policy: Arc<Policy>) -> Result<Active> {
        let active = Active::none();
        drop(active.activate(&policy)?);
        Ok(active)
    }

    /// The errno with which a trial does not begin.
    fn refused(on_trial: &OnTrial, active: &Active, policy: &Arc<Policy>) -> Option<Error> {
        on_trial.begin(active, policy).err()
    }

    #[test]
    fn needs_another_active_policy() -> Result {
        let on_trial = OnTrial::none();
        let policy = policy!("a", "1.0.0")?;
        assert_eq!(refused(&on_trial, &Active::none(), &policy), Some(EINVAL));
        let active = active(policy.clone())?;
        assert_eq!(refused(&on_trial, &active, &policy), Some(EINVAL));
        assert!(on_trial.of(&policy).is_none());
        assert_eq!(refused(&on_trial, &active, &policy!("b", "1.0.0")?), None);
        Ok(())
    }

    #[test]
    fn version_is_not_below_the_active_one() -> Result {
        let on_trial = OnTrial::none();
        let active = active(policy!("a", "1.2.0")?)?;
        let older = policy!("b", "1.1.9")?;
        assert_eq!(refused(&on_trial, &active, &older), Some(ESTALE));
        assert!(on_trial.of(&older).is_none());
        Ok(())
    }

    #[test]
    fn one_policy_at_a_time() -> Result {
        let on_trial = OnTrial::none();
        let active = active(policy!("a", "1.0.0")?)?;
        let (first, second) = (policy!("b", "1.0.0")?, policy!("c", "1.0.0")?);
        drop(on_trial.begin(&active, &first)?);
        assert_eq!(refused(&on_trial, &active, &second), Some(EBUSY));
        // Also for one that activation would refuse.
        let older = policy!("d", "0.1.0")?;
        assert_eq!(refused(&on_trial, &active, &older), Some(EBUSY));
        assert!(on_trial.of(&first).is_some());
        assert!(on_trial.end(&second).is_none());
        drop(on_trial.end(&first));
        assert!(on_trial.of(&first).is_none());
        drop(on_trial.begin(&active, &second)?);
        assert!(on_trial.of(&second).is_some());
        Ok(())
    }

    #[test]
    fn begins_anew() -> Result {
        let on_trial = OnTrial::none();
        let active = active(policy!("a", "1.0.0")?)?;
        let policy = policy!("b", "1.0.0")?;
        drop(on_trial.begin(&active, &policy)?);
        let trial = on_trial.of(&policy).ok_or(EINVAL)?;
        trial.count(Comparison::BothDeny);
        drop(on_trial.begin(&active, &policy)?);
        let again = on_trial.of(&policy).ok_or(EINVAL)?;
        assert!(!Arc::ptr_eq(&trial, &again));
        assert_eq!(again.counters.sums(), [0; 5]);
        Ok(())
    }

    #[test]
    fn update_carries_it_on() -> Result {
        let on_trial = OnTrial::none();
        let active = active(policy!("a", "1.0.0")?)?;
        let (old, new) = (policy!("b", "1.0.0")?, policy!("b", "2.0.0")?);
        assert!(on_trial.prepare(&old, &new)?.is_none());
        assert!(on_trial.exchange(None).is_none());
        drop(on_trial.begin(&active, &old)?);
        drop(on_trial.exchange(on_trial.prepare(&old, &new)?));
        assert!(on_trial.of(&old).is_none());
        assert!(on_trial.of(&new).is_some());
        Ok(())
    }

    #[test]
    fn over_with_its_activation_or_a_higher_version() -> Result {
        let on_trial = OnTrial::none();
        let active = active(policy!("a", "1.0.0")?)?;
        let policy = policy!("b", "2.0.0")?;
        let (as_high, higher) = (policy!("a", "2.0.0")?, policy!("a", "2.0.1")?);
        drop(on_trial.begin(&active, &policy)?);
        assert!(on_trial.end_if_over(&as_high).is_none());
        assert!(on_trial.end_if_over(&higher).is_some());
        assert!(on_trial.of(&policy).is_none());
        drop(on_trial.begin(&active, &policy)?);
        assert!(on_trial.end_if_over(&policy).is_some());
        assert!(on_trial.end_if_over(&policy).is_none());
        Ok(())
    }

    #[test]
    fn outcomes_are_counted_by_name() -> Result {
        let trial = Trial::new(policy!("a", "1.0.0")?)?;
        for (times, active, on_trial) in [
            (1, false, false),
            (2, false, true),
            (3, true, false),
            (4, true, true),
        ] {
            for _ in 0..times {
                trial.count(Comparison::new(active, on_trial));
            }
        }
        assert_eq!(
            &trial.counts()?[..],
            b"both_allow 1\nonly_trial_denies 2\nonly_active_denies 3\nboth_deny 4\n\
              records_suppressed 0\n"
        );
        Ok(())
    }

    /// A difference of a file with this number.
    fn file(inode: u64) -> Difference {
        Difference {
            operation: Some(Operation::Execute),
            scope: Scope::Rule(40),
            device: 1,
            inode,
        }
    }

    #[test]
    fn difference_is_recorded_once() -> Result {
        let trial = Trial::new(policy!("a", "1.0.0")?)?;
        assert!(trial.is_to_record_in(0, &file(1)));
        assert!(!trial.is_to_record_in(0, &file(1)));
        // Each part makes another difference.
        for other in [
            file(2),
            Difference {
                device: 2,
                ..file(1)
            },
            Difference {
                operation: Some(Operation::KernelModule),
                ..file(1)
            },
            Difference {
                operation: None,
                ..file(1)
            },
            Difference {
                scope: Scope::Rule(80),
                ..file(1)
            },
            Difference {
                scope: Scope::OperationDefault,
                ..file(1)
            },
            Difference {
                scope: Scope::GlobalDefault,
                ..file(1)
            },
        ] {
            assert!(trial.is_to_record_in(0, &other));
        }
        assert_eq!(trial.counters.sums()[SUPPRESSED], 0);
        Ok(())
    }

    #[test]
    fn records_in_a_second_are_limited() -> Result {
        let budget = Budget::full();
        for window in [0, 1, 7, u32::MAX, 0] {
            for _ in 0..BUDGET {
                assert!(budget.take(window));
            }
            assert!(!budget.take(window));
            assert!(!budget.take(window));
        }
        Ok(())
    }

    #[test]
    fn record_that_is_kept_back_is_made_later() -> Result {
        let trial = Trial::new(policy!("a", "1.0.0")?)?;
        for inode in 0..BUDGET.into() {
            assert!(trial.is_to_record_in(3, &file(inode)));
        }
        let late = file(BUDGET.into());
        assert!(!trial.is_to_record_in(3, &late));
        assert!(!trial.is_to_record_in(3, &late));
        // Not kept back, but recorded.
        assert!(!trial.is_to_record_in(3, &file(0)));
        assert_eq!(trial.counters.sums()[SUPPRESSED], 2);
        assert!(trial.is_to_record_in(4, &late));
        assert!(!trial.is_to_record_in(4, &late));
        Ok(())
    }
}
