// SPDX-License-Identifier: GPL-2.0-only

//! Decisions about modified mappings of files.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_eval_modified)
)]
mod cases {
    use super::super::*;

    /// Decides about a file, and about a modified mapping of it.
    fn both(text: &str, object: &Properties) -> [Option<(Action, By)>; 2] {
        [Class::File, Class::Modified]
            .map(|class| decide_about_class(text, Some(Operation::Execute), class, object))
    }

    #[test]
    fn policy_without_the_word_decides_as_about_the_file() {
        let text = rules!(
            "op=EXECUTE boot_verified=TRUE action=ALLOW\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE anonymous_memory=FALSE ",
            dmverity!(d1),
            " action=ALLOW\n",
        );
        assert_eq!(both(text, &boot_verified()), [allowed_by(1); 2]);
        assert_eq!(both(text, &with_digest(D0)), [allowed_by(2); 2]);
        assert_eq!(both(text, &with_both(D1, D1)), [allowed_by(3); 2]);
        assert_eq!(both(text, &Properties::default()), [denied(); 2]);
    }

    #[test]
    fn first_rule_that_matches_decides() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE modified=TRUE action=DENY\n",
            "op=EXECUTE ",
            fsverity!(d1),
            " action=ALLOW\n",
            "op=EXECUTE modified=FALSE boot_verified=TRUE action=ALLOW\n",
        );
        assert_eq!(both(text, &with_digest(D0)), [allowed_by(1); 2]);
        assert_eq!(both(text, &with_digest(D1)), [allowed_by(3), denied_by(2)]);
        assert_eq!(both(text, &boot_verified()), [allowed_by(4), denied_by(2)]);
        assert_eq!(both(text, &Properties::default()), [denied(), denied_by(2)]);
    }

    #[test]
    fn digest_of_the_file_can_be_asked_for() {
        let text = rules!(
            "op=EXECUTE modified=TRUE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE modified=TRUE ",
            dmverity!(d0),
            " ",
            fsverity!(d1),
            " action=ALLOW\n",
            "op=EXECUTE modified=TRUE action=DENY\n",
            "op=EXECUTE action=ALLOW\n",
        );
        assert_eq!(both(text, &with_digest(D0)), [allowed_by(4), allowed_by(1)]);
        assert_eq!(
            both(text, &with_both(D1, D0)),
            [allowed_by(4), allowed_by(2)]
        );
        assert_eq!(both(text, &with_digest(D1)), [allowed_by(4), denied_by(3)]);
    }

    #[test]
    fn memory_matches_neither_value() {
        let text = rules!(
            "op=EXECUTE modified=TRUE action=ALLOW\n",
            "op=EXECUTE modified=FALSE action=ALLOW\n",
        );
        let execute = Some(Operation::Execute);
        for program in [Properties::default(), boot_verified()] {
            let decided = decide_about_class(text, execute, Class::Memory, &program);
            assert_eq!(decided, denied());
        }
        assert_eq!(
            both(text, &Properties::default()),
            [allowed_by(2), allowed_by(1)]
        );
    }

    #[test]
    fn other_operations_do_not_tell() {
        let text = rules!(
            "op=EXECUTE modified=TRUE action=DENY\n",
            "op=KMODULE ",
            fsverity!(d0),
            " action=ALLOW\n",
        );
        let modules = Some(Operation::KernelModule);
        for class in [Class::File, Class::Modified] {
            let decided = decide_about_class(text, modules, class, &with_digest(D0));
            assert_eq!(decided, allowed_by(2));
            assert_eq!(
                decide_about_class(text, None, class, &with_digest(D0)),
                denied()
            );
        }
    }

    #[test]
    fn digest_is_asked_for_only_where_it_can_decide() {
        let text = rules!(
            "op=EXECUTE modified=TRUE action=DENY\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
        );
        let object = with_digest(D0);
        let execute = Some(Operation::Execute);
        let decided = decide_about_class(text, execute, Class::Modified, &object);
        assert_eq!(decided, denied_by(1));
        assert_eq!(object.digest_asked.get(), 0);
    }
}
