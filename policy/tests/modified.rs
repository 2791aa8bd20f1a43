// SPDX-License-Identifier: GPL-2.0-only

//! The property `modified`: where a rule can ask for it, and the row of modified mappings.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_modified)
)]
mod cases {
    use super::super::*;

    /// A rule that names a digest.
    macro_rules! digest_rule {
        ($($more:literal)?) => {
            concat!("op=EXECUTE ", sha256!("fsverity_digest", "01"), $($more,)? " action=ALLOW\n")
        };
    }

    #[test]
    fn rule_about_something_else_than_execution_cannot_ask_for_it() {
        let kind = ErrorKind::ModifiedUnexpected;
        for (line, expected) in [
            ("op=KMODULE modified=TRUE action=DENY", (kind, 3, 12, 13)),
            ("op=POLICY modified=FALSE action=ALLOW", (kind, 3, 11, 14)),
            (
                "op=FIRMWARE boot_verified=TRUE modified=FALSE action=ALLOW",
                (kind, 3, 32, 14),
            ),
            (
                "op=UNCHECKED_SCRIPT modified=FALSE modified=TRUE action=DENY",
                (kind, 3, 21, 14),
            ),
            // The first error from the left.
            (
                "op=KMODULE modified=TRUE exe_boot_verified=TRUE action=DENY",
                (kind, 3, 12, 13),
            ),
            (
                "op=KMODULE exe_boot_verified=TRUE modified=TRUE action=DENY",
                (ErrorKind::ProgramUnexpected, 3, 12, 22),
            ),
            (
                "op=PTRACE modified=FALSE action=DENY",
                (ErrorKind::ProgramOnly, 3, 11, 14),
            ),
        ] {
            let mut text = [0; 128];
            let header = rules!("").as_bytes();
            let length = header.len() + line.len();
            let parts = header.iter().chain(line.as_bytes());
            for (to, from) in text.iter_mut().zip(parts) {
                *to = *from;
            }
            let text = text.get(..length).unwrap_or_default();
            assert_eq!(refused_bytes(text), Some(expected));
        }
        assert_eq!(kind.errno(), Errno::Invalid);
        assert!(shown_as(kind, "modified needs op=EXECUTE"));
    }

    #[test]
    fn program_that_asks_has_nothing_to_do_with_it() {
        let kind = ErrorKind::ProgramUnexpected;
        assert_eq!(
            refused(rules!(
                "op=EXECUTE modified=TRUE exe_boot_verified=TRUE action=DENY"
            )),
            Some((kind, 3, 26, 22))
        );
    }

    #[test]
    fn value_must_be_a_boolean() {
        let kind = ErrorKind::BooleanInvalid;
        for text in [
            rules!("op=EXECUTE modified=true action=DENY"),
            rules!("op=EXECUTE modified=FALS action=DENY"),
        ] {
            assert_eq!(refused(text), Some((kind, 3, 21, 4)));
        }
        assert_eq!(
            refused(rules!("op=EXECUTE exe_modified=TRUE action=DENY")),
            Some((ErrorKind::PropertyUnknown, 3, 12, 17))
        );
    }

    #[test]
    fn memory_has_neither_value() {
        let kind = WarningKind::Contradiction;
        for (text, column, length) in [
            (
                rules!("op=EXECUTE anonymous_memory=TRUE modified=TRUE action=DENY"),
                34,
                13,
            ),
            (
                rules!("op=EXECUTE modified=FALSE anonymous_memory=TRUE action=DENY"),
                27,
                21,
            ),
            (
                rules!("op=EXECUTE modified=TRUE modified=FALSE action=DENY"),
                26,
                14,
            ),
        ] {
            let expected = Some((kind, 3, column, length));
            assert_eq!(warned(text, Providers::ALL), expected);
        }
        assert!(silent(rules!(
            "op=EXECUTE modified=TRUE anonymous_memory=FALSE boot_verified=TRUE action=DENY"
        )));
        assert!(silent(rules!(
            "op=EXECUTE modified=FALSE modified=FALSE action=DENY"
        )));
    }

    #[test]
    fn kernel_without_it_refuses() {
        let text = rules!("op=EXECUTE boot_verified=FALSE modified=TRUE action=DENY");
        let others = Extension::ALL
            .into_iter()
            .filter(|&extension| extension != Extension::Modified)
            .fold(Providers::NONE, Providers::with_extension);
        let measured = |providers| {
            let mut reporter = FirstOnly::default();
            measure(text.as_bytes(), providers, false, &mut reporter).err()
        };
        let error = measured(others);
        assert!(error.is_some_and(|error| {
            error.kind == ErrorKind::Unsupported(Extension::Modified)
                && error.errno() == Errno::Invalid
                && (place(error.position), error.length) == ((3, 32), 13)
        }));
        assert!(measured(others.with_extension(Extension::Modified)).is_none());
    }

    #[test]
    fn it_chooses_the_row() {
        let rule = [Some((Action::Deny, Scope::Rule(59))); 8];
        let rest = [Some((Action::Allow, Scope::GlobalDefault)); 8];
        let execute = Operation::Execute;
        for (text, file, memory, modified) in [
            (
                rules!("op=EXECUTE modified=TRUE action=DENY"),
                rest,
                rest,
                rule,
            ),
            (
                rules!("op=EXECUTE modified=FALSE action=DENY"),
                rule,
                rest,
                rest,
            ),
            (
                rules!("op=EXECUTE anonymous_memory=FALSE action=DENY # modified\n op=EXECUTE modified=TRUE action=ALLOW"),
                rule,
                rest,
                rule,
            ),
            (
                rules!("op=EXECUTE action=DENY\nop=EXECUTE modified=FALSE action=ALLOW"),
                rule,
                rule,
                rule,
            ),
            // Rules about other operations are not about modified mappings.
            (
                rules!("op=EXECUTE modified=FALSE action=DENY\nop=KMODULE action=DENY"),
                rule,
                rest,
                rest,
            ),
        ] {
            assert!(slots_of(text, execute, Class::File) == file);
            assert!(slots_of(text, execute, Class::Memory) == memory);
            assert!(slots_of(text, execute, Class::Modified) == modified);
        }
    }

    #[test]
    fn properties_choose_among_the_slots_of_modified_mappings() {
        let rule = Some((Action::Deny, Scope::Rule(59)));
        let rest = Some((Action::Deny, Scope::OperationDefault));
        let text = concat!(
            rules!("op=EXECUTE boot_verified=TRUE modified=TRUE action=DENY\n"),
            "DEFAULT op=EXECUTE action=DENY"
        );
        let expected = [rest, rule, rest, rule, rest, rule, rest, rule];
        assert!(slots_of(text, Operation::Execute, Class::Modified) == expected);
        assert!(slots_of(text, Operation::Execute, Class::File) == [rest; 8]);
    }

    #[test]
    fn policy_without_the_word_has_no_entries_for_it() {
        let tells = |text: &str| {
            let mut memory = [0; 128];
            compile(text, &mut memory).map(|compiled| compiled.tells_modified())
        };
        // One entry, and a head for it.
        let plain = rules!(digest_rule!());
        assert_eq!((tells(plain), words(plain)), (Some(false), Some(12)));
        // The rule matches modified mappings as well, whether the word comes before or after it.
        for (text, expected) in [
            (
                rules!(digest_rule!(), "op=EXECUTE modified=TRUE action=DENY"),
                24,
            ),
            (
                rules!(
                    "op=EXECUTE modified=TRUE boot_verified=TRUE action=DENY\n",
                    digest_rule!()
                ),
                24,
            ),
            // An earlier rule decides about all modified mappings.
            (
                rules!("op=EXECUTE modified=TRUE action=DENY\n", digest_rule!()),
                12,
            ),
            (rules!(digest_rule!(" modified=FALSE")), 12),
            (rules!(digest_rule!(" modified=TRUE")), 12),
        ] {
            assert_eq!((tells(text), words(text)), (Some(true), Some(expected)));
        }
    }

    #[test]
    fn policy_without_the_word_decides_about_the_file() {
        let class = |text: &str, operation| {
            let mut memory = [0; 128];
            let compiled = compile(text, &mut memory);
            compiled.map(|compiled| compiled.class(operation, Class::Modified))
        };
        let text = rules!("op=EXECUTE modified=TRUE action=DENY");
        let execute = Operation::Execute;
        assert_eq!(class(text, execute), Some(Class::Modified));
        assert_eq!(class(text, Operation::KernelModule), Some(Class::File));
        assert_eq!(class(ALLOWING, execute), Some(Class::File));
    }
}
