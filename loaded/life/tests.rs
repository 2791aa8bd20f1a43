// SPDX-License-Identifier: GPL-2.0-only

//! Which versions and names the rules accept.

#[kernel::prelude::kunit_tests(ipe_loaded_life)]
mod cases {
    use super::super::*;
    use crate::loaded::active::Active;
    use crate::loaded::tests::{
        from_file,
        policy, //
    };
    use kernel::sync::Arc;

    /// Whether nothing happens where `policy` is activated.
    fn refuses(active: &Active, policy: &Arc<Policy>) -> bool {
        let before = active.get();
        matches!(active.activate(policy), Err(error) if error == ESTALE)
            && before.is_some_and(|before| active.is(&before) && !active.is(policy))
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
    fn versions_of_all_names_are_compared() -> Result {
        let (active, high) = (Active::none(), policy!("high", "2.0.0")?);
        drop(active.activate(&high)?);
        assert!(refuses(&active, &policy!("other", "1.65535.65535")?));
        let equal = policy!("other", "2.0.0")?;
        drop(active.activate(&equal)?);
        assert!(active.is(&equal));
        Ok(())
    }

    #[test]
    fn update_with_another_name_is_invalid_in_any_version() -> Result {
        let old = policy!("name", "1.0.0")?;
        for new in [policy!("other", "0.0.0")?, policy!("other", "2.0.0")?] {
            assert_eq!(check_update(&old, &new), Err(EINVAL));
        }
        Ok(())
    }

    #[test]
    fn update_needs_a_higher_version() -> Result {
        let old = policy!("a", "1.2.3")?;
        for (new, answer) in [
            (policy!("a", "1.2.2")?, Err(ESTALE)),
            (policy!("a", "1.2.3")?, Err(ESTALE)),
            (policy!("a", "1.2.4")?, Ok(())),
            (policy!("a", "2.0.0")?, Ok(())),
        ] {
            assert_eq!(check_update(&old, &new), answer);
        }
        Ok(())
    }

    #[test]
    fn policy_without_a_message_is_not_loaded_by_any_message() -> Result {
        let policy = policy!("a", "1.0.0")?;
        assert!(!is_loaded(&policy, b""));
        assert!(!is_loaded(&policy, policy.text()));
        Ok(())
    }

    #[test]
    fn text_without_a_signature_is_loaded_by_itself_alone() -> Result {
        let text = b"policy_name=a policy_version=1.0.0\nDEFAULT action=ALLOW";
        let file = from_file(text)?;
        assert!(is_loaded_text(&file, text));
        assert!(!is_loaded_text(&file, b""));
        assert!(!is_loaded(&file, text));
        // The boot policy has the same text, and another origin.
        let builtin = policy!("a", "1.0.0")?;
        assert!(builtin.text() == text);
        assert!(!is_loaded_text(&builtin, text));
        Ok(())
    }

    #[test]
    fn active_policy_may_not_be_deleted() {
        assert_eq!(check_deletion(true), Err(EPERM));
        assert_eq!(check_deletion(false), Ok(()));
    }
}
