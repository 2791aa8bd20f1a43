// SPDX-License-Identifier: GPL-2.0-only

//! Compiled policies: the rows of files and of memory.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_class)
)]
mod cases {
    use super::super::*;

    #[test]
    fn rule_that_asks_for_nothing_true_fills_the_slots_of_memory() {
        let rule = Some((Action::Deny, Scope::Rule(59)));
        for text in [
            rules!("op=EXECUTE action=DENY"),
            rules!("op=EXECUTE boot_verified=FALSE action=DENY"),
            rules!("op=EXECUTE fsverity_signature=FALSE dmverity_signature=FALSE action=DENY"),
        ] {
            assert!(slots_of(text, Operation::Execute, Class::Memory) == [rule; 8]);
        }
        let rest = Some((Action::Allow, Scope::GlobalDefault));
        for text in [
            rules!("op=EXECUTE boot_verified=TRUE action=DENY"),
            rules!("op=EXECUTE fsverity_signature=TRUE dmverity_signature=FALSE action=DENY"),
            rules!(
                "op=EXECUTE ",
                sha256!("fsverity_digest", "01"),
                " action=DENY"
            ),
            rules!(
                "op=EXECUTE ",
                sha256!("dmverity_roothash", "01"),
                " action=DENY"
            ),
        ] {
            assert!(slots_of(text, Operation::Execute, Class::Memory) == [rest; 8]);
        }
    }

    #[test]
    fn anonymous_memory_fills_the_slots_of_one_class() {
        let rule = Some((Action::Deny, Scope::Rule(59)));
        let rest = Some((Action::Allow, Scope::GlobalDefault));
        let text = rules!("op=KMODULE anonymous_memory=TRUE action=DENY");
        assert!(slots_of(text, Operation::KernelModule, Class::Memory) == [rule; 8]);
        assert!(slots_of(text, Operation::KernelModule, Class::File) == [rest; 8]);
        let text = rules!("op=KMODULE anonymous_memory=FALSE action=DENY");
        assert!(slots_of(text, Operation::KernelModule, Class::Memory) == [rest; 8]);
        assert!(slots_of(text, Operation::KernelModule, Class::File) == [rule; 8]);
    }

    #[test]
    fn properties_of_the_program_choose_among_the_slots_of_memory() {
        let rule = Some((Action::Deny, Scope::Rule(59)));
        let rest = Some((Action::Allow, Scope::GlobalDefault));
        let expected = [rest, rule, rest, rule, rest, rest, rest, rest];
        for (text, operation) in [
            (
                rules!(
                    "op=EXECUTE anonymous_memory=TRUE exe_boot_verified=TRUE ",
                    "exe_fsverity_signature=FALSE action=DENY"
                ),
                Operation::Execute,
            ),
            (
                rules!("op=PTRACE exe_boot_verified=TRUE exe_fsverity_signature=FALSE action=DENY"),
                Operation::Ptrace,
            ),
        ] {
            assert!(slots_of(text, operation, Class::Memory) == expected);
            assert!(slots_of(text, operation, Class::File) == [rest; 8]);
        }
    }

    #[test]
    fn digest_of_the_program_is_in_the_row_of_memory_alone() {
        let text = rules!(
            "op=EXECUTE anonymous_memory=TRUE ",
            sha256!("exe_fsverity_digest", "01"),
            " action=DENY"
        );
        assert_eq!(words(text), Some(12));
        let mut memory = [0; 128];
        let compiled = compile(text, &mut memory);
        let first = |class| {
            let compiled = compiled.as_ref();
            compiled.map(|compiled| compiled.row(Operation::Execute, class).fsverity)
        };
        assert_eq!(first(Class::File), Some(Outcome::NONE));
        assert_eq!(first(Class::Memory), Some(Outcome::rule(59, Action::Deny)));
    }

    #[test]
    fn same_digest_of_file_and_program_are_two_entries() {
        assert_eq!(
            words(rules!(
                "op=EXECUTE ",
                sha256!("fsverity_digest", "01"),
                " action=ALLOW\n",
                "op=EXECUTE anonymous_memory=TRUE ",
                sha256!("exe_fsverity_digest", "01"),
                " action=ALLOW\n",
            )),
            Some(24)
        );
    }

    #[test]
    fn program_is_asked_for_where_its_properties_can_decide() {
        let asks = |text, operation| {
            let mut memory = [0; 128];
            compile(text, &mut memory).map(|compiled| compiled.asks_for_program(operation))
        };
        for (text, operation, asked) in [
            (rules!(""), Operation::Execute, false),
            (rules!("op=EXECUTE action=DENY"), Operation::Execute, false),
            (
                rules!("op=EXECUTE boot_verified=TRUE action=DENY"),
                Operation::Execute,
                false,
            ),
            (ALLOWING, Operation::Execute, false),
            (
                rules!("op=EXECUTE anonymous_memory=TRUE action=DENY"),
                Operation::Execute,
                false,
            ),
            (
                rules!("op=EXECUTE anonymous_memory=TRUE exe_boot_verified=TRUE action=DENY"),
                Operation::Execute,
                true,
            ),
            (
                rules!("op=EXECUTE anonymous_memory=TRUE exe_boot_verified=TRUE action=DENY"),
                Operation::Ptrace,
                false,
            ),
            (
                rules!(
                    "op=PTRACE ",
                    sha256!("exe_metadata_backing_file_fsverity_digest", "01"),
                    " action=ALLOW"
                ),
                Operation::Ptrace,
                true,
            ),
            // An earlier rule decides.
            (
                rules!(
                    "op=EXECUTE boot_verified=FALSE action=DENY\n",
                    "op=EXECUTE anonymous_memory=TRUE exe_boot_verified=TRUE action=ALLOW"
                ),
                Operation::Execute,
                false,
            ),
            (
                rules!(
                    "op=PTRACE ",
                    sha256!("exe_fsverity_digest", "01"),
                    " action=ALLOW"
                ),
                Operation::Ptrace,
                true,
            ),
            (
                rules!(
                    "op=PTRACE ",
                    sha256!("exe_dmverity_roothash", "01"),
                    " action=ALLOW"
                ),
                Operation::Ptrace,
                true,
            ),
            (
                rules!(
                    "op=PTRACE ",
                    sha256!("exe_dmverity_roothash", "01"),
                    " ",
                    sha256!("exe_fsverity_digest", "02"),
                    " action=ALLOW"
                ),
                Operation::Ptrace,
                true,
            ),
        ] {
            assert_eq!(asks(text, operation), Some(asked));
        }
    }

    #[test]
    fn memory_is_told_from_files_where_a_rule_says_so() {
        let tells = |text| {
            let mut memory = [0; 128];
            compile(text, &mut memory).map(|compiled| compiled.tells_memory())
        };
        for text in [
            rules!("op=EXECUTE anonymous_memory=TRUE action=DENY\nop=KMODULE action=DENY"),
            rules!("op=KMODULE boot_verified=TRUE anonymous_memory=FALSE action=DENY"),
        ] {
            assert_eq!(tells(text), Some(true));
        }
        for text in [
            rules!("# anonymous_memory=TRUE\nop=EXECUTE action=DENY"),
            rules!("op=EXECUTE boot_verified=TRUE modified=TRUE action=DENY"),
            rules!("op=PTRACE exe_boot_verified=TRUE action=DENY"),
        ] {
            assert_eq!(tells(text), Some(false));
        }
    }

    #[test]
    fn operations_are_named_by_rules_and_defaults() {
        let named = |text| {
            let mut memory = [0; 128];
            let compiled = compile(text, &mut memory)?;
            let named = Operation::ALL.iter().filter(|of| compiled.names(**of));
            Some(named.fold(0, |set, &operation| set | (1 << operation as u8)))
        };
        let set = |operations: &[Operation]| {
            Some(operations.iter().fold(0, |set, &of| set | (1 << of as u8)))
        };
        assert_eq!(named(rules!("# op=PTRACE action=DENY\n")), set(&[]));
        assert_eq!(
            named(rules!(
                "op=PTRACE action=DENY\nDEFAULT op=KMODULE action=DENY\n"
            )),
            set(&[Operation::Ptrace, Operation::KernelModule])
        );
        // Also by a rule that never matches.
        assert_eq!(
            named(rules!(
                "op=UNCHECKED_SCRIPT boot_verified=TRUE boot_verified=FALSE action=DENY\n",
                "DEFAULT op=INTERACTIVE_SCRIPT action=ALLOW"
            )),
            set(&[Operation::UncheckedScript, Operation::InteractiveScript])
        );
    }
}
