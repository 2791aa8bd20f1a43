// SPDX-License-Identifier: GPL-2.0-only

//! Compiled policies: the slots of the operations, the words of the digests.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_compile)
)]
mod cases {
    use super::super::*;

    /// Returns whether a compiled policy denies everything, by nothing that it says itself.
    fn denies_everything<S: core::ops::Deref<Target = [u32]>>(compiled: &Compiled<S>) -> bool {
        let denial = Outcome::global_default(Action::Deny);
        compiled.unknown() == denial
            && Operation::ALL.iter().all(|&operation| {
                compiled.names(operation)
                    && !compiled.asks_for_program(operation)
                    && Class::ALL.iter().all(|&class| {
                        let row = compiled.row(operation, class);
                        row.slots == [denial; 8]
                            && row.fsverity == Outcome::NONE
                            && row.dmverity == Outcome::NONE
                            && row.both == Outcome::NONE
                    })
            })
    }

    // Words.

    #[test]
    fn policy_without_digests_needs_no_words() {
        assert_eq!(
            words(rules!("op=EXECUTE boot_verified=TRUE action=DENY")),
            Some(0)
        );
    }

    #[test]
    fn sha256_rule_needs_48_bytes() {
        assert_eq!(words(ALLOWING), Some(12));
        assert_eq!(
            words(rules!(
                "op=EXECUTE ",
                sha256!("fsverity_digest", "01"),
                " action=DENY\n",
                "op=EXECUTE ",
                sha256!("dmverity_roothash", "02"),
                " action=DENY\n",
                "op=KMODULE ",
                sha256!("fsverity_digest", "03"),
                " action=DENY\n",
            )),
            Some(36)
        );
    }

    #[test]
    fn rule_with_both_digests_needs_both() {
        assert_eq!(
            words(rules!(
                "op=EXECUTE ",
                sha256!("fsverity_digest", "01"),
                " dmverity_roothash=md5:00112233445566778899aabbccddeeff action=DENY\n",
            )),
            Some(16)
        );
    }

    #[test]
    fn digest_that_is_repeated_in_a_rule_counts_once() {
        assert_eq!(
            words(rules!(
                "op=EXECUTE ",
                sha256!("fsverity_digest", "01"),
                " ",
                sha256!("fsverity_digest", "01"),
                " action=DENY\n",
            )),
            Some(12)
        );
    }

    #[test]
    fn rules_that_never_match_need_no_words() {
        assert_eq!(
            words(rules!(
                "op=EXECUTE fsverity_digest=sha257:00 action=DENY\n",
                "op=EXECUTE fsverity_digest=sha256:00 action=DENY\n",
                "op=EXECUTE boot_verified=TRUE boot_verified=FALSE ",
                sha256!("fsverity_digest", "01"),
                " action=DENY\n",
                "op=EXECUTE ",
                sha256!("fsverity_digest", "01"),
                " ",
                sha256!("fsverity_digest", "02"),
                " action=DENY\n",
            )),
            Some(0)
        );
    }

    #[test]
    fn rules_without_provider_need_no_words() {
        let providers = Providers::NONE.with(FilePropertyKind::DmverityRoothash);
        assert_eq!(words_for(ALLOWING, providers), Some(0));
        let providers = providers.with(FilePropertyKind::FsverityDigest);
        assert_eq!(words_for(ALLOWING, providers), Some(12));
    }

    #[test]
    fn rules_after_a_decisive_one_need_no_words() {
        assert_eq!(
            words(rules!(
                "op=EXECUTE boot_verified=TRUE action=DENY\n",
                "op=EXECUTE boot_verified=TRUE ",
                sha256!("fsverity_digest", "01"),
                " action=ALLOW\n",
                "op=EXECUTE action=DENY\n",
                "op=EXECUTE ",
                sha256!("fsverity_digest", "02"),
                " action=ALLOW\n",
            )),
            Some(0)
        );
    }

    // Slots.

    #[test]
    fn global_default_fills_every_slot() {
        let slot = Some((Action::Allow, Scope::GlobalDefault));
        for operation in Operation::ALL {
            assert!(slots(rules!(""), operation) == [slot; 8]);
        }
    }

    #[test]
    fn operation_default_fills_the_slots_of_its_operation() {
        let text = rules!("DEFAULT op=KMODULE action=DENY\n");
        let own = Some((Action::Deny, Scope::OperationDefault));
        let global = Some((Action::Allow, Scope::GlobalDefault));
        assert!(slots(text, Operation::KernelModule) == [own; 8]);
        assert!(slots(text, Operation::Execute) == [global; 8]);
    }

    #[test]
    fn rule_without_property_fills_every_slot() {
        let text = rules!("op=POLICY action=DENY\n");
        let rule = Some((Action::Deny, Scope::Rule(59)));
        assert!(slots(text, Operation::Policy) == [rule; 8]);
    }

    #[test]
    fn rule_fills_the_slots_of_its_combinations() {
        let text = rules!("op=EXECUTE boot_verified=TRUE fsverity_signature=FALSE action=DENY\n");
        let rule = Some((Action::Deny, Scope::Rule(59)));
        let rest = Some((Action::Allow, Scope::GlobalDefault));
        let expected = [rest, rule, rest, rule, rest, rest, rest, rest];
        assert!(slots(text, Operation::Execute) == expected);
    }

    #[test]
    fn first_rule_fills_a_slot() {
        let text = rules!(
            "op=EXECUTE boot_verified=TRUE action=DENY\n",
            "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n",
            "op=EXECUTE action=DENY\n",
        );
        let first = Some((Action::Deny, Scope::Rule(59)));
        let second = Some((Action::Allow, Scope::Rule(101)));
        let third = Some((Action::Deny, Scope::Rule(149)));
        let expected = [third, first, second, first, third, first, second, first];
        assert!(slots(text, Operation::Execute) == expected);
    }

    #[test]
    fn rule_with_a_digest_fills_no_slot() {
        let rest = Some((Action::Allow, Scope::GlobalDefault));
        assert!(slots(ALLOWING, Operation::Execute) == [rest; 8]);
    }

    #[test]
    fn defaults_may_follow_rules() {
        let text = policy!(
            "op=EXECUTE boot_verified=TRUE action=DENY\n",
            "DEFAULT op=EXECUTE action=ALLOW\n",
            "DEFAULT action=DENY\n",
        );
        let slots = slots(text, Operation::Execute);
        assert_eq!(slots[0], Some((Action::Allow, Scope::OperationDefault)));
        assert_eq!(slots[1], Some((Action::Deny, Scope::Rule(38))));
    }

    #[test]
    fn unknown_operations_have_the_global_default() {
        let mut memory = [0; 128];
        let compiled = compile(rules!(""), &mut memory);
        assert_eq!(compiled.map(|c| c.unknown().action()), Some(Action::Allow));
    }

    #[test]
    fn unknown_operations_are_denied_without_a_global_default() {
        let mut memory = [0; 128];
        let compiled = compile(
            policy!(
                "DEFAULT op=EXECUTE action=ALLOW\nDEFAULT op=FIRMWARE action=ALLOW\n",
                "DEFAULT op=KMODULE action=ALLOW\nDEFAULT op=KEXEC_IMAGE action=ALLOW\n",
                "DEFAULT op=KEXEC_INITRAMFS action=ALLOW\nDEFAULT op=POLICY action=ALLOW\n",
                "DEFAULT op=X509_CERT action=ALLOW\n",
            ),
            &mut memory,
        );
        assert_eq!(compiled.map(|c| c.unknown().action()), Some(Action::Deny));
    }

    #[test]
    fn first_rules_with_digests_are_known() {
        let text = rules!(
            "op=EXECUTE ",
            sha256!("dmverity_roothash", "01"),
            " action=DENY\n",
            "op=EXECUTE ",
            sha256!("fsverity_digest", "01"),
            " action=DENY\n",
            "op=EXECUTE ",
            sha256!("dmverity_roothash", "02"),
            " action=ALLOW\n",
        );
        let mut memory = [0; 128];
        let compiled = compile(text, &mut memory);
        assert!(compiled.is_some());
        let Some(compiled) = compiled else { return };
        let row = compiled.row(Operation::Execute, Class::File);
        assert_eq!(row.dmverity.scope(), Scope::Rule(59));
        assert_eq!(row.fsverity.scope(), Scope::Rule(59 + 113));
        assert_eq!(row.both, Outcome::NONE);
        assert_eq!(
            compiled.row(Operation::Firmware, Class::File).dmverity,
            Outcome::NONE
        );
    }

    // Headers.

    #[test]
    fn name_and_version_are_kept() {
        let text = "# first\n  policy_name=b\u{e4}r\tpolicy_version=1.2.3\nDEFAULT action=DENY";
        let mut memory = [0; 128];
        let compiled = compile(text, &mut memory);
        assert!(compiled.is_some());
        let Some(compiled) = compiled else { return };
        assert_eq!(compiled.name(text.as_bytes()), "b\u{e4}r".as_bytes());
        let version = Version {
            major: 1,
            minor: 2,
            revision: 3,
        };
        assert_eq!(compiled.version(), version);
        assert_eq!(compiled.name(b"another text"), b"");
    }

    // Mistakes of the caller.

    #[test]
    fn too_few_words_deny_everything() {
        let plan = measure(
            ALLOWING.as_bytes(),
            Providers::ALL,
            false,
            &mut Collector::default(),
        );
        for length in 0..12 {
            let mut memory = [0; 12];
            let plan = plan
                .clone()
                .map(|plan| plan.emit(ALLOWING.as_bytes(), &mut memory[..length]));
            assert!(plan.as_ref().is_ok_and(denies_everything));
        }
        let mut memory = [0; 12];
        let plan = plan.map(|plan| plan.emit(ALLOWING.as_bytes(), &mut memory[..]));
        assert!(plan
            .as_ref()
            .is_ok_and(|compiled| !denies_everything(compiled)));
    }

    #[test]
    fn text_of_another_length_denies_everything() {
        let plan = measure(
            ALLOWING.as_bytes(),
            Providers::ALL,
            false,
            &mut Collector::default(),
        );
        for length in 0..ALLOWING.len() {
            let mut memory = [0; 12];
            let text = &ALLOWING.as_bytes()[..length];
            let plan = plan.clone().map(|plan| plan.emit(text, &mut memory[..]));
            assert!(plan.as_ref().is_ok_and(denies_everything));
        }
    }

    #[test]
    fn text_with_an_error_denies_everything() {
        let text = rules!(
            "op=EXECUTE ",
            sha256!("fsverity_digest", "0x"),
            " action=ALLOW"
        );
        let plan = measure(
            ALLOWING.as_bytes(),
            Providers::ALL,
            false,
            &mut Collector::default(),
        );
        let mut memory = [0; 12];
        let plan = plan.map(|plan| plan.emit(text.as_bytes(), &mut memory[..]));
        assert!(plan.as_ref().is_ok_and(denies_everything));
    }

    #[test]
    fn text_with_more_digests_denies_everything() {
        let measured = rules!(
            "op=EXECUTE dmverity_roothash=md5:00112233445566778899aabbccddeeff action=DENY ##",
            "op=EXECUTE dmverity_roothash=md5:00112233445566778899aabbccddeefe action=DENY\n",
        );
        let emitted = rules!(
            "op=EXECUTE dmverity_roothash=md5:00112233445566778899aabbccddeeff action=DENY #\n",
            "op=EXECUTE dmverity_roothash=md5:00112233445566778899aabbccddeefe action=DENY\n",
        );
        assert_eq!(measured.len(), emitted.len());
        let plan = measure(
            measured.as_bytes(),
            Providers::ALL,
            false,
            &mut Collector::default(),
        );
        let mut memory = [0; 128];
        let compiled = plan.map(|plan| {
            let words = plan.words();
            plan.emit(emitted.as_bytes(), &mut memory[..words])
        });
        assert!(compiled.as_ref().is_ok_and(denies_everything));
    }

    // Outcomes and flags.

    #[test]
    fn outcomes_are_ordered_by_their_rules() {
        let rule = |offset| Outcome::rule(offset, Action::Deny);
        let last = u32::try_from(Outcome::MAX_TEXT_LEN).unwrap_or(u32::MAX);
        assert!(Outcome::rule(3, Action::Allow) < rule(4));
        assert!(rule(last) < Outcome::operation_default(Action::Deny));
        assert!(Outcome::operation_default(Action::Allow) < Outcome::global_default(Action::Deny));
        assert!(Outcome::global_default(Action::Allow) <= Outcome::NONE);
        assert_eq!(rule(last).scope(), Scope::Rule(last));
    }

    #[test]
    fn flags_have_half_of_the_combinations_each() {
        for flag in [
            Flag::BootVerified,
            Flag::DmveritySignature,
            Flag::FsveritySignature,
        ] {
            let (holds, fails) = (flag.combinations(true), flag.combinations(false));
            assert_eq!(holds.count_ones(), 4);
            assert_eq!(holds ^ fails, 0xff);
            assert_eq!((holds >> flag.bit(true)) & 1, 1);
            assert_eq!(fails & 1, 1);
        }
    }
}
