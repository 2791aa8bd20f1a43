// SPDX-License-Identifier: GPL-2.0-only

//! Decisions about memory, by the properties of the program that asks.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_eval_memory)
)]
mod cases {
    use super::super::*;

    /// Decides about memory, for a program.
    fn about_memory(
        text: &str,
        operation: Operation,
        program: &Properties,
    ) -> Option<(Action, By)> {
        decide_about_class(text, Some(operation), Class::Memory, program)
    }

    fn execute(text: &str, program: &Properties) -> Option<(Action, By)> {
        about_memory(text, Operation::Execute, program)
    }

    /// An `exe_` property with a digest.
    macro_rules! exe {
        ($property:ident!($digest:ident)) => {
            concat!("exe_", $property!($digest))
        };
    }

    #[test]
    fn memory_matches_where_all_properties_are_false() {
        let text = rules!(
            "op=EXECUTE boot_verified=TRUE action=ALLOW\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE boot_verified=FALSE action=ALLOW\n",
        );
        // The properties of the program do not make it a file that has them.
        for program in [Properties::default(), boot_verified(), with_digest(D0)] {
            assert_eq!(execute(text, &program), allowed_by(3));
        }
    }

    #[test]
    fn anonymous_memory_tells_memory_from_files() {
        let text = rules!(
            "op=EXECUTE anonymous_memory=TRUE action=ALLOW\n",
            "op=FIRMWARE anonymous_memory=FALSE action=ALLOW\n",
        );
        let file = |operation| {
            decide_about_class(text, Some(operation), Class::File, &Properties::default())
        };
        assert_eq!(execute(text, &Properties::default()), allowed_by(1));
        assert_eq!(file(Operation::Execute), denied());
        assert_eq!(
            about_memory(text, Operation::Firmware, &Properties::default()),
            denied()
        );
        assert_eq!(file(Operation::Firmware), allowed_by(2));
    }

    #[test]
    fn flags_of_the_program_decide() {
        let text = rules!(
            "op=EXECUTE anonymous_memory=TRUE exe_fsverity_signature=TRUE action=DENY\n",
            "op=EXECUTE exe_boot_verified=TRUE anonymous_memory=TRUE action=ALLOW\n",
            "op=EXECUTE exe_dmverity_signature=FALSE anonymous_memory=TRUE action=ALLOW\n",
        );
        let signed = |dmverity_signature, fsverity_signature| Properties {
            dmverity_signature,
            fsverity_signature,
            ..Properties::default()
        };
        assert_eq!(execute(text, &boot_verified()), allowed_by(2));
        assert_eq!(execute(text, &signed(true, true)), denied_by(1));
        assert_eq!(execute(text, &signed(true, false)), denied());
        // An unknown program has no property.
        assert_eq!(execute(text, &Properties::default()), allowed_by(3));
    }

    #[test]
    fn digest_of_the_program_decides() {
        let text = rules!(
            "op=EXECUTE anonymous_memory=TRUE ",
            exe!(fsverity!(d0)),
            " action=ALLOW\n",
            "op=EXECUTE anonymous_memory=TRUE ",
            exe!(dmverity!(d1)),
            " action=ALLOW\n",
        );
        assert_eq!(execute(text, &with_digest(D0)), allowed_by(1));
        assert_eq!(execute(text, &with_digest(D1)), denied());
        assert_eq!(execute(text, &with_roothash(D1)), allowed_by(2));
        assert_eq!(execute(text, &with_roothash(D0)), denied());
        assert_eq!(execute(text, &with_both(D0, D1)), allowed_by(1));
        assert_eq!(execute(text, &Properties::default()), denied());
    }

    #[test]
    fn both_digests_of_the_program_decide() {
        let text = rules!(
            "op=EXECUTE anonymous_memory=TRUE ",
            exe!(fsverity!(d0)),
            " ",
            exe!(dmverity!(d1)),
            " action=ALLOW\n",
        );
        assert_eq!(execute(text, &with_both(D0, D1)), allowed_by(1));
        assert_eq!(execute(text, &with_both(D0, D0)), denied());
        assert_eq!(execute(text, &with_digest(D0)), denied());
    }

    #[test]
    fn same_digest_decides_otherwise_for_file_and_program() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE anonymous_memory=TRUE ",
            exe!(fsverity!(d1)),
            " action=ALLOW\n",
        );
        let file =
            |object| decide_about_class(text, Some(Operation::Execute), Class::File, &object);
        assert_eq!(file(with_digest(D0)), allowed_by(1));
        assert_eq!(file(with_digest(D1)), denied());
        assert_eq!(execute(text, &with_digest(D0)), denied());
        assert_eq!(execute(text, &with_digest(D1)), allowed_by(2));
    }

    #[test]
    fn earlier_rule_precedes_that_of_the_program() {
        let text = rules!(
            "op=EXECUTE anonymous_memory=TRUE ",
            exe!(fsverity!(d0)),
            " action=ALLOW\n",
            "op=EXECUTE dmverity_signature=FALSE action=DENY\n",
            "op=EXECUTE anonymous_memory=TRUE ",
            exe!(fsverity!(d1)),
            " action=ALLOW\n",
        );
        assert_eq!(execute(text, &with_digest(D0)), allowed_by(1));
        assert_eq!(execute(text, &with_digest(D1)), denied_by(2));
    }

    #[test]
    fn process_is_decided_by_the_program() {
        let text = rules!(
            "op=PTRACE ",
            exe!(fsverity!(d0)),
            " exe_boot_verified=FALSE action=ALLOW\n",
            "op=PTRACE exe_boot_verified=TRUE action=ALLOW\n",
            "DEFAULT op=PTRACE action=DENY\n",
        );
        let ptrace = |program: &Properties| about_memory(text, Operation::Ptrace, program);
        assert_eq!(ptrace(&with_digest(D0)), allowed_by(1));
        assert_eq!(ptrace(&boot_verified()), allowed_by(2));
        let expected = Some((Action::Deny, By::OperationDefault));
        assert_eq!(ptrace(&with_digest(D1)), expected);
        assert_eq!(ptrace(&Properties::default()), expected);
    }

    #[test]
    fn digests_of_the_program_are_fetched_only_where_a_rule_names_one() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE ",
            dmverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE anonymous_memory=TRUE ",
            exe!(dmverity!(d1)),
            " action=ALLOW\n",
        );
        let program = with_both(D0, D0);
        assert_eq!(execute(text, &program), denied());
        assert_eq!(program.roothash_asked.get(), 1);
        assert_eq!(program.digest_asked.get(), 0);
    }

    #[test]
    fn script_is_a_file_with_its_own_properties() {
        let text = rules!(
            "op=UNCHECKED_SCRIPT boot_verified=TRUE action=ALLOW\n",
            "op=INTERACTIVE_SCRIPT anonymous_memory=TRUE action=ALLOW\n",
        );
        let ask =
            |operation, class, object| decide_about_class(text, Some(operation), class, &object);
        let (unchecked, interactive) = (Operation::UncheckedScript, Operation::InteractiveScript);
        assert_eq!(ask(unchecked, Class::File, boot_verified()), allowed_by(1));
        assert_eq!(ask(unchecked, Class::Memory, boot_verified()), denied());
        assert_eq!(ask(interactive, Class::File, boot_verified()), denied());
        assert_eq!(
            ask(interactive, Class::Memory, Properties::default()),
            allowed_by(2)
        );
    }

    #[test]
    fn operation_outside_the_language_has_the_global_default_for_memory() {
        let text = rules!("op=EXECUTE anonymous_memory=TRUE action=ALLOW\n");
        let program = Properties::default();
        assert_eq!(
            decide_about_class(text, None, Class::Memory, &program),
            denied()
        );
    }
}
