// SPDX-License-Identifier: GPL-2.0-only

//! Policies whose root hashes are on the kernel's command line: what they decide, what is refused.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_root_hash)
)]
mod cases {
    use super::super::*;
    const A: &str = digits!();
    const B: &str = other_digits!();

    use Parameter::RootHash;
    use Unresolved::{
        Absent,
        Ambiguous,
        Invalid, //
    };

    const BY_ROOTHASH: &str = rules!(
        "op=EXECUTE dmverity_roothash=cmdline:roothash action=DENY\n",
        "op=KMODULE dmverity_roothash=cmdline:dm-mod.create boot_verified=FALSE action=DENY\n",
        "op=FIRMWARE fsverity_digest=sha256:",
        digits!(),
        " dmverity_roothash=cmdline:usrhash action=DENY\n",
    );

    /// A file of a volume with this root hash, and perhaps with an fs-verity digest of `A`.
    struct File {
        roothash: [u8; 32],
        algorithm: Algorithm,
        fsverity: bool,
    }

    fn decoded(hex: &'static str) -> [u8; 32] {
        let mut buffer = [0; MAX_DIGEST_LEN];
        let text = DigestText {
            algorithm: b"",
            hex: hex.as_bytes(),
        };
        let bytes = text.bytes(&mut buffer).unwrap_or_default();
        bytes.try_into().unwrap_or_default()
    }

    fn file(roothash: &'static str) -> File {
        File {
            roothash: decoded(roothash),
            algorithm: Algorithm::Sha256,
            fsverity: false,
        }
    }

    /// Returns the decision of a policy about a file without flags, with this command line; `None`
    /// if the policy is refused.
    fn decide(text: &str, line: &'static str, operation: Operation, file: &File) -> Option<Action> {
        let line = CommandLine::new(line.as_bytes());
        let providers = Providers::ALL.with_command_line(&line);
        let plan = measure(text.as_bytes(), providers, false, &mut Collector::default()).ok()?;
        let mut memory = [0; 256];
        let words = memory.get_mut(..plan.words())?;
        let compiled = plan.emit(text.as_bytes(), words);
        let roothash = Some(file.algorithm);
        let fsverity = file.fsverity.then_some(Algorithm::Sha256);
        let index = compiled.index();
        let alone = Key::new(operation, Class::File, None, roothash);
        let both = Key::new(operation, Class::File, fsverity, roothash);
        let outcomes = [
            compiled.row(operation, Class::File).slots[0],
            index.find(alone, 0, &file.roothash),
            index.find_both(both, 0, &decoded(A), &file.roothash),
        ];
        outcomes.iter().min().map(|outcome| outcome.action())
    }

    #[test]
    fn rule_matches_what_the_line_names() {
        let line = concat!(
            "roothash=0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF usrhash=",
            other_digits!()
        );
        let decide = |operation, file: &File| decide(BY_ROOTHASH, line, operation, file);
        assert_eq!(decide(Operation::Execute, &file(A)), Some(Action::Deny));
        assert_eq!(decide(Operation::Execute, &file(B)), Some(Action::Allow));
        assert_eq!(
            decide(Operation::KernelModule, &file(A)),
            Some(Action::Allow)
        );
        assert_eq!(decide(Operation::Firmware, &file(B)), Some(Action::Allow));
        let mut file = file(B);
        file.fsverity = true;
        assert_eq!(decide(Operation::Firmware, &file), Some(Action::Deny));
        file.roothash = decoded(A);
        assert_eq!(decide(Operation::Firmware, &file), Some(Action::Allow));
    }

    #[test]
    fn hash_without_algorithm_is_of_any() {
        let line = concat!("roothash=", digits!());
        for algorithm in Algorithm::ALL {
            if algorithm.digest_len() == 32 {
                let mut file = file(A);
                file.algorithm = algorithm;
                let action = decide(BY_ROOTHASH, line, Operation::Execute, &file);
                assert_eq!(action, Some(Action::Deny));
            }
        }
    }

    #[test]
    fn hash_of_a_table_has_its_algorithm() {
        let line = concat!(
            "dm-mod.create=\"root,,,ro,",
            verity_table!("sha256 ", digits!(), " -"),
            ";usr,,,ro,",
            verity_table!("sm3 ", other_digits!(), " -\"")
        );
        let decide = |file: &File| decide(BY_ROOTHASH, line, Operation::KernelModule, file);
        assert_eq!(decide(&file(A)), Some(Action::Deny));
        assert_eq!(decide(&file(B)), Some(Action::Allow));
        let mut file = file(B);
        file.algorithm = Algorithm::Sm3;
        assert_eq!(decide(&file), Some(Action::Deny));
        file.roothash = decoded(A);
        assert_eq!(decide(&file), Some(Action::Allow));
    }

    #[test]
    fn hash_of_the_line_compiles_like_a_plain_one() {
        // One entry for `sha256`, and one for each of the other algorithms of 32 bytes.
        let words = |text: &str, line: &'static str| {
            let line = CommandLine::new(line.as_bytes());
            let providers = Providers::ALL.with_command_line(&line);
            let plan = measure(text.as_bytes(), providers, true, &mut Collector::default());
            plan.ok().map(|plan| plan.words())
        };
        let table = concat!(
            "dm-mod.create=\"r,,,ro,",
            verity_table!("sha256 ", digits!(), " -\"")
        );
        let by_table = rules!("op=EXECUTE dmverity_roothash=cmdline:dm-mod.create action=DENY");
        let by_hash = rules!("op=EXECUTE dmverity_roothash=cmdline:roothash action=DENY");
        let plain = rules!(
            "op=EXECUTE dmverity_roothash=sha256:",
            digits!(),
            " action=DENY"
        );
        assert_eq!(words(plain, ""), Some(12));
        assert_eq!(words(by_table, table), Some(12));
        assert_eq!(
            words(by_hash, concat!("roothash=", digits!())),
            Some(6 + 7 * 11)
        );
    }

    #[test]
    fn earlier_rule_about_the_same_hash_decides() {
        let text = rules!(
            "op=EXECUTE dmverity_roothash=sha256:",
            digits!(),
            " action=ALLOW\n",
            "op=EXECUTE dmverity_roothash=cmdline:roothash action=DENY\n",
        );
        let line = concat!("roothash=", digits!());
        let action = |file: &File| decide(text, line, Operation::Execute, file);
        assert_eq!(action(&file(A)), Some(Action::Allow));
        let mut file = file(A);
        file.algorithm = Algorithm::Sm3;
        assert_eq!(action(&file), Some(Action::Deny));
    }

    #[test]
    fn unresolved_parameter_warns_and_never_matches() {
        let text = rules!("op=EXECUTE dmverity_roothash=cmdline:roothash action=DENY");
        for (line, reason, message) in [
            (
                "quiet",
                Absent,
                "the rule never matches: the kernel's command line has no roothash=",
            ),
            (
                concat!("roothash=", digits!(), " roothash=", other_digits!()),
                Ambiguous,
                "the rule never matches: the kernel's command line has different values of roothash=",
            ),
            (
                concat!("roothash=sha256:", digits!()),
                Invalid,
                "the rule never matches: the kernel's command line has no valid root hash in roothash=",
            ),
        ] {
            let known = CommandLine::new(line.as_bytes());
            let providers = Providers::ALL.with_command_line(&known);
            let kind = WarningKind::CommandLine(RootHash, reason);
            assert_eq!(warned(text, providers), Some((kind, 3, 12, 34)));
            assert!(shown_as(kind, message));
            assert_eq!(
                decide(text, line, Operation::Execute, &file(A)),
                Some(Action::Allow)
            );
            let strict = measure(text.as_bytes(), providers, true, &mut FirstOnly::default());
            let error = strict.err();
            assert_eq!(error.map(|e| e.kind), Some(ErrorKind::Strict(kind)));
            assert_eq!(error.map(|e| e.errno()), Some(Errno::Invalid));
        }
    }

    #[test]
    fn parameter_that_is_known_at_boot_is_silent() {
        assert!(silent(BY_ROOTHASH));
        let plan = measure(
            BY_ROOTHASH.as_bytes(),
            Providers::ALL,
            true,
            &mut Collector::default(),
        );
        assert_eq!(plan.ok().map(|plan| plan.words()), Some(0));
    }

    #[test]
    fn unknown_parameter_is_an_error() {
        for (policy, length) in [
            (
                rules!("op=EXECUTE dmverity_roothash=cmdline:root action=ALLOW"),
                12,
            ),
            (
                rules!("op=EXECUTE dmverity_roothash=cmdline: action=ALLOW"),
                8,
            ),
            (
                rules!("op=EXECUTE dmverity_roothash=cmdline:ab action=ALLOW"),
                10,
            ),
            (
                rules!("op=EXECUTE dmverity_roothash=cmdline:dm_mod.create action=ALLOW"),
                21,
            ),
        ] {
            let expected = Some((ErrorKind::ParameterUnknown, 3, 30, length));
            assert_eq!(refused(policy), expected);
            assert_eq!(errno(policy), Some(Errno::Invalid));
        }
        // The algorithm has to have exactly this name, and the property to be a root hash.
        let policy = rules!("op=EXECUTE dmverity_roothash=CMDLINE:roothash action=ALLOW");
        assert_eq!(refused(policy), Some((ErrorKind::DigestNotHex, 3, 38, 1)));
        let policy = rules!("op=EXECUTE fsverity_digest=cmdline:roothash action=ALLOW");
        assert_eq!(refused(policy), Some((ErrorKind::DigestNotHex, 3, 36, 1)));
    }

    #[test]
    fn command_line_that_the_kernel_does_not_offer_is_an_error() {
        let text = rules!("op=EXECUTE dmverity_roothash=cmdline:usrhash action=DENY");
        let providers = Providers::NONE.with(FilePropertyKind::DmverityRoothash);
        let error = measure(text.as_bytes(), providers, false, &mut FirstOnly::default()).err();
        let kind = ErrorKind::Unsupported(Extension::CommandLine);
        assert_eq!(error.map(|e| e.kind), Some(kind));
        assert_eq!(error.map(|e| place(e.position)), Some((3, 30)));
        assert_eq!(
            error.map(|e| (e.length, e.errno())),
            Some((15, Errno::Invalid))
        );
        assert!(shown_as(
            kind,
            "the kernel is built without CONFIG_IPE_PROP_DM_VERITY_CMDLINE"
        ));
    }

    #[test]
    fn second_root_hash_beside_the_command_line_is_an_error() {
        let kind = ErrorKind::RootHashNotAlone;
        assert_eq!(
            refused(rules!(
                "op=EXECUTE dmverity_roothash=cmdline:roothash dmverity_roothash=cmdline:usrhash ",
                "action=ALLOW"
            )),
            Some((kind, 3, 47, 33))
        );
        assert_eq!(
            refused(rules!(
                "op=EXECUTE dmverity_roothash=cmdline:roothash dmverity_roothash=md5:",
                "0123456789abcdef0123456789abcdef action=ALLOW"
            )),
            Some((kind, 3, 47, 54))
        );
        assert_eq!(
            refused(rules!(
                "op=EXECUTE dmverity_roothash=md5:0123456789abcdef0123456789abcdef ",
                "dmverity_roothash=cmdline:usrhash action=ALLOW"
            )),
            Some((kind, 3, 67, 33))
        );
        assert_eq!(
            errno(rules!(
                "op=EXECUTE dmverity_roothash=cmdline:roothash dmverity_roothash=cmdline:roothash ",
                "action=ALLOW"
            )),
            Some(Errno::Invalid)
        );
    }
}
