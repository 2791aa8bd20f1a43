// SPDX-License-Identifier: GPL-2.0-only

//! Digests and providers: what is refused, and what loads and warns.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_digest)
)]
mod cases {
    use super::super::*;
    use crate::policy::digest::{
        decode_eight,
        Words, //
    };

    // Digests. The value of `dmverity_roothash` begins in column 30, of `fsverity_digest` in 28.

    #[test]
    fn digest_without_algorithm_is_an_error() {
        assert_eq!(
            refused(rules!("op=EXECUTE dmverity_roothash=GOOD_DOG action=ALLOW")),
            Some((ErrorKind::DigestSeparatorMissing, 3, 30, 8))
        );
        assert_eq!(
            refused(rules!(
                "op=EXECUTE fsverity_digest=1c0d7ee1f8343b7f action=DENY\n"
            )),
            Some((ErrorKind::DigestSeparatorMissing, 3, 28, 16))
        );
    }

    #[test]
    fn digit_that_is_not_hexadecimal_is_an_error() {
        assert_eq!(
            refused(rules!(
                "op=EXECUTE dmverity_roothash=sha256:00g0 action=ALLOW"
            )),
            Some((ErrorKind::DigestNotHex, 3, 39, 1))
        );
        assert_eq!(
            refused(rules!(
                "op=EXECUTE dmverity_roothash=sha256:0123456:0123 action=ALLOW"
            )),
            Some((ErrorKind::DigestNotHex, 3, 44, 1))
        );
        assert_eq!(
            errno(rules!(
                "op=EXECUTE dmverity_roothash=sha256:0x00 action=ALLOW"
            )),
            Some(Errno::Invalid)
        );
    }

    #[test]
    fn digest_text_is_decoded() {
        let bytes = |hex| {
            let mut buffer = [0; MAX_DIGEST_LEN];
            let text = DigestText {
                algorithm: b"any",
                hex,
            };
            let length = text.bytes(&mut buffer)?.len();
            Some((length, buffer))
        };
        let buffer = |first: [u8; 4]| {
            let mut buffer = [0; MAX_DIGEST_LEN];
            buffer[..4].copy_from_slice(&first);
            buffer
        };
        let longest = [b'f'; 2 * MAX_DIGEST_LEN];
        assert_eq!(
            bytes(b"0123abCD"),
            Some((4, buffer([0x01, 0x23, 0xab, 0xcd])))
        );
        assert_eq!(bytes(b""), Some((0, buffer([0; 4]))));
        assert_eq!(bytes(&longest), Some((64, [0xff; MAX_DIGEST_LEN])));
        assert_eq!(bytes(&[b'f'; 2 * MAX_DIGEST_LEN + 8]), None);
        assert_eq!(bytes(b"0123abCg"), None);
        assert_eq!(bytes(b"0123abC"), None);
    }

    #[test]
    fn digest_is_checked_even_if_its_algorithm_is_unknown() {
        assert_eq!(
            errno(rules!("op=EXECUTE dmverity_roothash=x:yz action=ALLOW")),
            Some(Errno::Invalid)
        );
    }

    #[test]
    fn every_byte_is_checked_at_every_place_of_a_digest() {
        for at in 0..20 {
            for byte in 0..=255u8 {
                let mut hex = *b"00000000000000000000";
                hex[at] = byte;
                let mut words = Words::new();
                let result = words.decode(&hex);
                assert_eq!(result.is_ok(), byte.is_ascii_hexdigit());
                if let Err(fault) = result {
                    assert_eq!(fault.kind, ErrorKind::DigestNotHex);
                    assert_eq!(fault.start as usize, at);
                    continue;
                }
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                let place = [4, 0, 12, 8, 20, 16, 28, 24][at % 8];
                let kept = words.get(8)[(at / 8).min(1)];
                assert_eq!(kept, if at < 16 { digit << place } else { 0 });
            }
        }
    }

    #[test]
    fn eight_bytes_are_right_if_all_are_digits() {
        for others in *b"09afAF" {
            for at in 0..8 {
                for byte in 0..=255u8 {
                    let mut digits = [others; 8];
                    digits[at] = byte;
                    let (_, wrong) = decode_eight(&digits);
                    let found = wrong == 0;
                    assert_eq!(found, byte.is_ascii_hexdigit());
                }
            }
        }
    }

    #[test]
    fn digest_keeps_the_order_of_its_bytes() {
        let mut words = Words::new();
        assert!(words.decode(b"0123456789abcdefABCDEF00").is_ok());
        assert_eq!(words.get(12), [0x6745_2301, 0xefcd_ab89, 0x00ef_cdab]);
    }

    #[test]
    fn digest_is_checked_to_its_end() {
        let digits = "00000000000000000000000000000000000000000000000000000000000000000";
        assert_eq!(digits.len(), 65);
        assert_eq!(
            errno(rules!(concat!(
                "op=EXECUTE dmverity_roothash=sha256:",
                "00000000000000000000000000000000000000000000000000000000000000000",
                "00000000000000000000000000000000000000000000000000000000000000000",
                "0000000x action=ALLOW",
            ))),
            Some(Errno::Invalid)
        );
    }

    #[test]
    fn odd_number_of_digits_is_an_error() {
        assert_eq!(
            refused(rules!(
                "op=EXECUTE dmverity_roothash=sha256:012 action=ALLOW"
            )),
            Some((ErrorKind::DigestOdd, 3, 37, 3))
        );
        assert_eq!(
            errno(rules!("op=EXECUTE dmverity_roothash=sha256:0 action=ALLOW")),
            Some(Errno::Invalid)
        );
    }

    #[test]
    fn digest_of_unknown_algorithm_warns() {
        let policy = rules!("op=EXECUTE dmverity_roothash=sha257:00 action=ALLOW");
        let expected = Some((WarningKind::AlgorithmUnknown, 3, 30, 6));
        assert_eq!(warned(policy, Providers::ALL), expected);
    }

    #[test]
    fn empty_value_of_a_digest_warns() {
        let policy = rules!("op=EXECUTE fsverity_digest=: action=ALLOW");
        let expected = Some((WarningKind::AlgorithmUnknown, 3, 28, 0));
        assert_eq!(warned(policy, Providers::ALL), expected);
    }

    #[test]
    fn digest_of_no_digits_warns() {
        let policy = rules!("op=EXECUTE fsverity_digest=sha256: action=ALLOW");
        let kind = WarningKind::DigestLength {
            expected: 32,
            given: 0,
        };
        assert_eq!(warned(policy, Providers::ALL), Some((kind, 3, 35, 0)));
    }

    #[test]
    fn digest_of_wrong_length_warns() {
        // The admin guide of C IPE has this digest.
        let policy = rules!(concat!(
            "op=EXECUTE dmverity_roothash=sha256:",
            "401fcec5944823ae12f62726e8184407a5fa9599783f030dec146938 action=ALLOW",
        ));
        let kind = WarningKind::DigestLength {
            expected: 32,
            given: 28,
        };
        assert_eq!(warned(policy, Providers::ALL), Some((kind, 3, 37, 56)));
        assert!(shown_as(
            kind,
            "the rule never matches: the digest has 28 bytes, those of its algorithm have 32"
        ));
    }

    #[test]
    fn fsverity_digest_of_an_algorithm_that_fsverity_lacks_warns() {
        let policy = rules!(concat!(
            "op=EXECUTE fsverity_digest=sha1:",
            "0123456789abcdef0123456789abcdef01234567 action=ALLOW",
        ));
        let expected = Some((WarningKind::AlgorithmUnused, 3, 28, 4));
        assert_eq!(warned(policy, Providers::ALL), expected);
    }

    #[test]
    fn flags_that_contradict_each_other_warn() {
        let policy = rules!("op=EXECUTE boot_verified=TRUE boot_verified=FALSE action=ALLOW");
        let expected = Some((WarningKind::Contradiction, 3, 31, 19));
        assert_eq!(warned(policy, Providers::ALL), expected);
    }

    #[test]
    fn digests_that_contradict_each_other_warn() {
        let policy = rules!(concat!(
            "op=EXECUTE dmverity_roothash=md5:0123456789abcdef0123456789abcdef ",
            "dmverity_roothash=md5:1123456789abcdef0123456789abcdef action=DENY",
        ));
        let expected = Some((WarningKind::Contradiction, 3, 67, 54));
        assert_eq!(warned(policy, Providers::ALL), expected);
    }

    #[test]
    fn algorithms_that_contradict_each_other_warn() {
        let policy = rules!(concat!(
            "op=EXECUTE dmverity_roothash=md5:0123456789abcdef0123456789abcdef ",
            "dmverity_roothash=md4:0123456789abcdef0123456789abcdef action=DENY",
        ));
        let expected = Some((WarningKind::Contradiction, 3, 67, 54));
        assert_eq!(warned(policy, Providers::ALL), expected);
    }

    #[test]
    fn property_without_provider_warns() {
        let policy = rules!("op=EXECUTE dmverity_signature=FALSE action=ALLOW");
        let kind = FilePropertyKind::DmveritySignature;
        let warning = WarningKind::ProviderMissing(kind);
        assert_eq!(warned(policy, Providers::NONE), Some((warning, 3, 12, 24)));
        assert_eq!(warned(policy, Providers::NONE.with(kind)), None);
        assert!(shown_as(
            warning,
            "the rule never matches: the kernel is built without CONFIG_IPE_PROP_DM_VERITY_SIGNATURE"
        ));
    }

    #[test]
    fn property_without_provider_warns_for_that_whatever_its_value() {
        let kind = WarningKind::ProviderMissing(FilePropertyKind::FsverityDigest);
        for (policy, length) in [
            (
                rules!("op=EXECUTE fsverity_digest=sha257:00 action=ALLOW"),
                25,
            ),
            (
                rules!("op=EXECUTE fsverity_digest=sha256:00 action=ALLOW"),
                25,
            ),
            (rules!("op=EXECUTE fsverity_digest=: action=ALLOW"), 17),
        ] {
            let expected = Some((kind, 3, 12, length));
            assert_eq!(warned(policy, Providers::NONE), expected);
        }
    }

    #[test]
    fn boot_verified_needs_no_provider() {
        let policy = rules!("op=EXECUTE boot_verified=FALSE action=ALLOW");
        assert_eq!(warned(policy, Providers::NONE), None);
        // That of an extension is refused for that.
        let of_c = |kind: &FilePropertyKind| kind.extension().is_none();
        assert!(FilePropertyKind::ALL
            .into_iter()
            .filter(of_c)
            .all(|kind| Providers::NONE.contains(kind) == kind.provider().is_none()));
    }

    #[test]
    fn provided_parts_of_the_language_stay_provided() {
        for kind in FilePropertyKind::ALL {
            let once = Providers::NONE.with(kind);
            assert!(once.contains(kind) && once.with(kind).contains(kind));
        }
        for extension in Extension::ALL {
            let once = Providers::NONE.with_extension(extension);
            assert!(once.supports(extension));
            assert!(once.with_extension(extension).supports(extension));
            let with_line = once.with_command_line(&KnownAtBoot);
            assert!(with_line.supports(extension) && with_line.supports(Extension::CommandLine));
            let known = extension == Extension::CommandLine;
            assert_eq!(once.command_line().is_some(), known);
            assert!(with_line.with_extension(extension).command_line().is_some());
        }
        let none = "Providers { kinds: 1, extensions: 0, .. }";
        assert!(shown_as(format_args!("{:?}", Providers::NONE), none));
    }

    #[test]
    fn digest_without_provider_is_still_checked() {
        let policy = rules!("op=EXECUTE fsverity_digest=sha256:xy action=ALLOW");
        let error = measure(
            policy.as_bytes(),
            Providers::NONE,
            false,
            &mut FirstOnly::default(),
        );
        assert_eq!(error.err().map(|e| e.kind), Some(ErrorKind::DigestNotHex));
    }

    #[test]
    fn strict_policy_refuses_every_warning() {
        let policy = rules!("op=EXECUTE dmverity_roothash=sha257:00 action=ALLOW");
        let error = measure(
            policy.as_bytes(),
            Providers::ALL,
            true,
            &mut FirstOnly::default(),
        );
        let error = error.err();
        let kind = ErrorKind::Strict(WarningKind::AlgorithmUnknown);
        assert_eq!(error.map(|e| e.kind), Some(kind));
        assert_eq!(error.map(|e| place(e.position)), Some((3, 30)));
        assert_eq!(error.map(|e| e.errno()), Some(Errno::Invalid));
        let message = "the rule never matches: unknown hash algorithm";
        assert!(shown_as(kind, message));
        assert!(error.is_some_and(|error| shown_as(error, message)));
    }

    #[test]
    fn warning_is_shown_by_its_reason() {
        let mut collector = Collector::default();
        let policy = rules!("op=EXECUTE dmverity_roothash=sha257:00 action=ALLOW");
        assert!(measure(policy.as_bytes(), Providers::ALL, false, &mut collector).is_ok());
        let [warning, ..] = collector.warnings;
        let message = "the rule never matches: unknown hash algorithm";
        assert!(warning.is_some_and(|warning| shown_as(warning, message)));
    }
}
