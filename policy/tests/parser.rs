// SPDX-License-Identifier: GPL-2.0-only

//! Rules and defaults: what is taken, what is refused, and where it says so.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_parser)
)]
mod cases {
    use super::super::*;

    // Rules.

    #[test]
    fn every_operation_is_accepted() {
        assert!(silent(policy!(concat!(
            "DEFAULT op=EXECUTE action=ALLOW\n",
            "DEFAULT op=FIRMWARE action=ALLOW\n",
            "DEFAULT op=KMODULE action=ALLOW\n",
            "DEFAULT op=KEXEC_IMAGE action=ALLOW\n",
            "DEFAULT op=KEXEC_INITRAMFS action=ALLOW\n",
            "DEFAULT op=POLICY action=ALLOW\n",
            "DEFAULT op=X509_CERT action=ALLOW\n",
        ))));
    }

    #[test]
    fn rule_without_property_is_accepted() {
        assert!(silent(rules!("op=EXECUTE action=ALLOW\n")));
    }

    #[test]
    fn every_property_is_accepted() {
        assert!(silent(rules!(concat!(
            "op=EXECUTE boot_verified=TRUE dmverity_signature=FALSE fsverity_signature=TRUE ",
            "dmverity_roothash=sha1:0123456789abcdefABCDEF000000000000000000 ",
            "fsverity_digest=sha256:",
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef action=DENY\n",
            "op=KMODULE boot_verified=FALSE dmverity_signature=TRUE fsverity_signature=FALSE ",
            "action=ALLOW",
        ))));
    }

    #[test]
    fn property_may_be_repeated() {
        assert!(silent(rules!(concat!(
            "op=EXECUTE boot_verified=TRUE boot_verified=TRUE ",
            "dmverity_roothash=md5:0123456789abcdef0123456789abcdef ",
            "dmverity_roothash=md5:0123456789ABCDEF0123456789ABCDEF action=DENY",
        ))));
    }

    #[test]
    fn unknown_operation_is_an_error() {
        assert_eq!(
            refused(rules!("op=UNKNOWN dmverity_signature=TRUE action=ALLOW")),
            Some((ErrorKind::OperationUnknown, 3, 1, 10))
        );
        assert_eq!(
            refused(rules!("op=EXECUTES action=ALLOW")),
            Some((ErrorKind::OperationUnknown, 3, 1, 11))
        );
        assert_eq!(
            refused(rules!("op= action=ALLOW")),
            Some((ErrorKind::OperationUnknown, 3, 1, 3))
        );
    }

    #[test]
    fn operation_after_another_word_is_an_error() {
        assert_eq!(
            refused(rules!("dmverity_signature=TRUE op=EXECUTE action=ALLOW")),
            Some((ErrorKind::OperationMissing, 3, 1, 23))
        );
        assert_eq!(
            refused(rules!("action=ALLOW op=EXECUTE dmverity_signature=TRUE")),
            Some((ErrorKind::OperationMissing, 3, 1, 12))
        );
    }

    #[test]
    fn missing_operation_is_an_error() {
        assert_eq!(
            refused(rules!("  action=ALLOW")),
            Some((ErrorKind::OperationMissing, 3, 3, 12))
        );
    }

    #[test]
    fn second_operation_is_an_error() {
        assert_eq!(
            refused(rules!("op=EXECUTE op=KMODULE action=ALLOW")),
            Some((ErrorKind::OperationNotFirst, 3, 12, 10))
        );
    }

    #[test]
    fn unknown_action_is_an_error() {
        assert_eq!(
            refused(rules!("DEFAULT op=EXECUTE action=DEN\n")),
            Some((ErrorKind::ActionUnknown, 3, 20, 10))
        );
        assert_eq!(
            refused(rules!("op=EXECUTE action=")),
            Some((ErrorKind::ActionUnknown, 3, 12, 7))
        );
    }

    #[test]
    fn missing_action_is_an_error() {
        assert_eq!(
            refused(rules!("DEFAULT op=EXECUTE action\n")),
            Some((ErrorKind::ActionMissing, 3, 20, 6))
        );
        assert_eq!(
            refused(rules!("op=EXECUTE")),
            Some((ErrorKind::ActionMissing, 3, 1, 10))
        );
        assert_eq!(
            refused(rules!("DEFAULT")),
            Some((ErrorKind::ActionMissing, 3, 1, 7))
        );
        assert_eq!(
            refused(rules!("op=EXECUTE boot_verified=TRUE")),
            Some((ErrorKind::ActionMissing, 3, 12, 18))
        );
    }

    #[test]
    fn action_before_the_end_is_an_error() {
        assert_eq!(
            refused(rules!("op=EXECUTE action=ALLOW boot_verified=TRUE")),
            Some((ErrorKind::ActionNotLast, 3, 12, 12))
        );
        assert_eq!(
            refused(rules!("op=EXECUTE action=ALLOW action=ALLOW")),
            Some((ErrorKind::ActionNotLast, 3, 12, 12))
        );
    }

    #[test]
    fn unknown_statement_is_an_error() {
        assert_eq!(
            refused(rules!("UNKNOWN value=true\n")),
            Some((ErrorKind::OperationMissing, 3, 1, 7))
        );
        assert_eq!(
            refused(rules!("nonsense")),
            Some((ErrorKind::ActionMissing, 3, 1, 8))
        );
    }

    #[test]
    fn unknown_property_is_an_error() {
        assert_eq!(
            refused(rules!("op=EXECUTE verified=TRUE action=ALLOW")),
            Some((ErrorKind::PropertyUnknown, 3, 12, 13))
        );
        assert_eq!(
            refused(rules!("op=EXECUTE DEFAULT action=ALLOW")),
            Some((ErrorKind::PropertyUnknown, 3, 12, 7))
        );
    }

    #[test]
    fn property_without_value_is_an_error() {
        assert_eq!(
            refused(rules!("op=EXECUTE boot_verified action=ALLOW")),
            Some((ErrorKind::ValueMissing, 3, 12, 13))
        );
        assert_eq!(
            refused(rules!("op=EXECUTE fsverity_digest= action=ALLOW")),
            Some((ErrorKind::ValueMissing, 3, 12, 16))
        );
    }

    #[test]
    fn boolean_must_be_true_or_false() {
        assert_eq!(
            refused(rules!("op=EXECUTE dmverity_signature=abc action=ALLOW")),
            Some((ErrorKind::BooleanInvalid, 3, 31, 3))
        );
        assert_eq!(
            refused(rules!("op=EXECUTE boot_verified=true action=ALLOW")),
            Some((ErrorKind::BooleanInvalid, 3, 26, 4))
        );
        assert_eq!(
            refused(rules!(
                "op=EXECUTE fsverity_signature=TRUE=TRUE action=ALLOW"
            )),
            Some((ErrorKind::BooleanInvalid, 3, 31, 9))
        );
    }

    // Defaults.

    #[test]
    fn missing_default_is_an_error() {
        assert_eq!(
            refused(policy!("")),
            Some((ErrorKind::DefaultMissing(Operation::Execute), 2, 1, 0))
        );
        assert_eq!(
            refused("policy_name=a policy_version=0.0.0"),
            Some((ErrorKind::DefaultMissing(Operation::Execute), 1, 35, 0))
        );
    }

    #[test]
    fn operation_without_any_default_is_an_error() {
        let kind = ErrorKind::DefaultMissing(Operation::X509Cert);
        assert_eq!(
            refused(policy!(concat!(
                "DEFAULT op=EXECUTE action=ALLOW\n",
                "DEFAULT op=FIRMWARE action=ALLOW\n",
                "DEFAULT op=KMODULE action=ALLOW\n",
                "DEFAULT op=KEXEC_IMAGE action=ALLOW\n",
                "DEFAULT op=KEXEC_INITRAMFS action=ALLOW\n",
                "DEFAULT op=POLICY action=ALLOW # the end",
            ))),
            Some((kind, 7, 41, 0))
        );
        assert!(shown_as(
            kind,
            "no global DEFAULT, and none for op=X509_CERT"
        ));
    }

    #[test]
    fn second_global_default_is_an_error() {
        assert_eq!(
            refused(rules!("DEFAULT action=ALLOW\n")),
            Some((ErrorKind::DefaultRepeated, 3, 1, 20))
        );
    }

    #[test]
    fn second_default_of_an_operation_is_an_error() {
        assert_eq!(
            refused(rules!(
                "DEFAULT op=EXECUTE action=DENY\nDEFAULT op=EXECUTE action=ALLOW\n"
            )),
            Some((ErrorKind::DefaultRepeated, 4, 1, 31))
        );
    }

    #[test]
    fn default_with_a_property_is_an_error() {
        assert_eq!(
            refused(policy!(
                "DEFAULT op=EXECUTE boot_verified=TRUE action=ALLOW"
            )),
            Some((ErrorKind::DefaultWithProperty, 2, 20, 18))
        );
        assert_eq!(
            refused(policy!("DEFAULT boot_verified=TRUE action=ALLOW")),
            Some((ErrorKind::OperationMissing, 2, 9, 18))
        );
    }

    #[test]
    fn default_with_a_bad_property_is_refused_for_the_property() {
        assert_eq!(
            errno(policy!(
                "DEFAULT op=EXECUTE fsverity_digest=a:0 action=ALLOW"
            )),
            Some(Errno::Invalid)
        );
        assert_eq!(
            errno(policy!("DEFAULT op=EXECUTE boot_verified=TRUE action=NONE")),
            Some(Errno::BadMessage)
        );
    }

    #[test]
    fn default_must_come_first() {
        assert_eq!(
            refused(policy!("op=EXECUTE DEFAULT action=ALLOW")),
            Some((ErrorKind::PropertyUnknown, 2, 12, 7))
        );
        assert_eq!(
            refused(policy!("DEFAULT DEFAULT action=ALLOW")),
            Some((ErrorKind::OperationMissing, 2, 9, 7))
        );
    }

    // Reporting.

    #[test]
    fn every_error_is_reported() {
        let policy = concat!(
            "DEFAULT action=ALLOW\n",
            "op=X action=DENY\n",
            "\0\n",
            "op=EXECUTE boot_verified=maybe action=DENY\n",
            "op=EXECUTE action=PERHAPS",
        );
        let mut collector = Collector::default();
        let error = measure(policy.as_bytes(), Providers::ALL, false, &mut collector).err();
        assert_eq!(error, collector.errors[0]);
        let kinds = collector.errors.map(|error| error.map(|error| error.kind));
        assert_eq!(
            kinds[..6],
            [
                Some(ErrorKind::HeaderMissing),
                Some(ErrorKind::OperationUnknown),
                Some(ErrorKind::Nul),
                Some(ErrorKind::BooleanInvalid),
                Some(ErrorKind::ActionUnknown),
                None,
            ]
        );
    }

    #[test]
    fn header_with_an_error_is_not_taken_for_a_rule() {
        let mut collector = Collector::default();
        let policy = "policy_name=a policy_version=x.0.0\nop=X action=DENY\nDEFAULT action=DENY";
        assert!(measure(policy.as_bytes(), Providers::ALL, false, &mut collector).is_err());
        let kinds = collector.errors.map(|error| error.map(|error| error.kind));
        assert_eq!(kinds[0], Some(ErrorKind::VersionNotNumber));
        assert_eq!(kinds[1], Some(ErrorKind::OperationUnknown));
        assert_eq!(kinds[2], None);
    }

    #[test]
    fn reporter_can_stop_the_parser() {
        let mut first = FirstOnly::default();
        assert!(measure(b"x\ny\nz", Providers::ALL, false, &mut first).is_err());
        assert_eq!(first.0, 1);
    }

    #[test]
    fn offsets_count_from_the_beginning() {
        let policy = rules!("\r\n op=X action=DENY");
        let error = measure(
            policy.as_bytes(),
            Providers::ALL,
            false,
            &mut FirstOnly::default(),
        );
        assert_eq!(
            error.err().map(|error| error.position),
            Some(Position {
                line: 4,
                column: 2,
                offset: 62,
            })
        );
    }

    // Rules by their offset.

    #[test]
    fn rule_is_found_by_its_offset() {
        let policy =
            rules!(" op=KMODULE boot_verified=TRUE fsverity_digest=sha1:aB action=DENY # x");
        let rule = rule_at(policy.as_bytes(), 59);
        assert!(rule.is_some());
        let Some(rule) = rule else { return };
        assert_eq!(rule.operation, Operation::KernelModule);
        assert_eq!(rule.action, Action::Deny);
        let mut properties = rule.properties();
        assert_eq!(
            properties.next(),
            Some(Property::File(FileProperty::BootVerified(true)))
        );
        let digest = DigestText {
            algorithm: b"sha1",
            hex: b"aB",
        };
        assert_eq!(
            properties.next(),
            Some(Property::File(FileProperty::FsverityDigest(digest)))
        );
        assert_eq!(properties.next(), None);
    }

    #[test]
    fn offsets_of_other_lines_find_no_rule() {
        let policy = rules!("op=KMODULE action=DENY\n").as_bytes();
        assert!(rule_at(policy, 59).is_some());
        // The header, the default, the middle and the end of a line, the end of the text, beyond.
        for offset in [0, 38, 60, 81, 82, 83, u32::MAX] {
            assert!(rule_at(policy, offset).is_none());
        }
        // Lines without content, before the rule in offset 64.
        let policy = rules!("\n# x\nop=KMODULE action=DENY\n").as_bytes();
        for offset in [59, 60] {
            assert!(rule_at(policy, offset).is_none());
        }
        assert!(rule_at(policy, 64).is_some());
    }

    // The vocabulary.

    #[test]
    fn every_name_finds_its_variant() {
        assert!(Operation::ALL.iter().all(|&operation| Operation::from_name(
            operation.name().as_bytes()
        ) == Some(operation)));
        assert!(PropertyKind::ALL
            .iter()
            .all(|&kind| PropertyKind::from_name(kind.name().as_bytes()) == Some(kind)));
        assert!(Algorithm::ALL.iter().all(|&algorithm| Algorithm::from_name(
            algorithm.name().as_bytes()
        ) == Some(algorithm)));
        assert_eq!(Operation::from_name(b""), None);
        assert_eq!(PropertyKind::from_name(b"boot_verifie"), None);
        assert_eq!(Algorithm::from_name(b"SHA256"), None);
    }

    #[test]
    fn messages_are_of_bounded_length() {
        let warnings = [
            WarningKind::AlgorithmUnknown,
            WarningKind::AlgorithmUnused,
            WarningKind::DigestLength {
                expected: 64,
                given: u32::MAX,
            },
            WarningKind::ProviderMissing(FilePropertyKind::FsveritySignature),
            WarningKind::Contradiction,
        ];
        for kind in warnings {
            let mut message = Message([0; 96], 0);
            assert!(write!(message, "{kind}").is_ok());
        }
    }
}
