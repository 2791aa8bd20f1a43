// SPDX-License-Identifier: GPL-2.0-only

//! Headers, versions and lines: what is taken, what is refused, and where it says so.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_header)
)]
mod cases {
    use super::super::*;

    // Headers.

    #[test]
    fn smallest_policy_is_accepted() {
        assert!(accepted(
            "policy_name=a policy_version=0.0.0\nDEFAULT action=ALLOW"
        ));
    }

    #[test]
    fn empty_text_is_an_error() {
        assert_eq!(refused(""), Some((ErrorKind::Empty, 1, 1, 0)));
        assert_eq!(errno(""), Some(Errno::BadMessage));
    }

    #[test]
    fn text_of_space_and_comments_is_empty() {
        assert_eq!(
            refused(" \t\n\n# nothing\r\n"),
            Some((ErrorKind::Empty, 4, 1, 0))
        );
        assert_eq!(refused("# nothing"), Some((ErrorKind::Empty, 1, 10, 0)));
    }

    #[test]
    fn header_may_follow_empty_lines_and_comments() {
        assert!(accepted(
            "\n # first\n\tpolicy_name=a policy_version=0.0.0\nDEFAULT action=DENY"
        ));
    }

    #[test]
    fn missing_header_is_an_error() {
        assert_eq!(
            refused("\n DEFAULT action=ALLOW"),
            Some((ErrorKind::HeaderMissing, 2, 2, 7))
        );
    }

    #[test]
    fn header_in_wrong_order_is_an_error() {
        assert_eq!(
            refused("policy_version=0.0.0 policy_name=a\nDEFAULT action=ALLOW"),
            Some((ErrorKind::HeaderMissing, 1, 1, 20))
        );
    }

    #[test]
    fn header_without_version_is_an_error() {
        assert_eq!(
            refused("policy_name=a\nDEFAULT action=ALLOW"),
            Some((ErrorKind::VersionMissing, 1, 1, 13))
        );
    }

    #[test]
    fn header_cut_by_a_comment_lacks_a_version() {
        assert_eq!(
            refused("policy_name=a#b policy_version=0.0.0\nDEFAULT action=ALLOW"),
            Some((ErrorKind::VersionMissing, 1, 1, 13))
        );
    }

    #[test]
    fn header_without_a_blank_is_one_name() {
        assert_eq!(
            refused("policy_name=apolicy_version=0.0.0\nDEFAULT action=ALLOW"),
            Some((ErrorKind::VersionMissing, 1, 1, 33))
        );
    }

    #[test]
    fn header_with_another_second_word_is_an_error() {
        assert_eq!(
            refused("policy_name=a op=EXECUTE\nDEFAULT action=ALLOW"),
            Some((ErrorKind::VersionMissing, 1, 15, 10))
        );
    }

    #[test]
    fn header_with_a_third_word_is_an_error() {
        assert_eq!(
            refused("policy_name=a policy_version=1.2.3 x\nDEFAULT action=ALLOW"),
            Some((ErrorKind::HeaderTrailing, 1, 36, 1))
        );
    }

    #[test]
    fn second_header_is_an_error() {
        assert_eq!(
            refused(policy!(
                "policy_name=b policy_version=0.1.0\nDEFAULT action=ALLOW"
            )),
            Some((ErrorKind::HeaderRepeated, 2, 1, 13))
        );
    }

    #[test]
    fn empty_name_is_an_error() {
        assert_eq!(
            refused("policy_name= policy_version=0.0.0\nDEFAULT action=ALLOW"),
            Some((ErrorKind::NameEmpty, 1, 1, 12))
        );
    }

    #[test]
    fn name_may_have_special_characters() {
        assert!(accepted(
            "policy_name=$@!*&^%%\\:;{}()= policy_version=0.0.0\nDEFAULT action=DENY"
        ));
    }

    #[test]
    fn name_may_have_any_bytes() {
        let policy = b"policy_name=\x01\xff\xef\xa0 policy_version=0.0.0\nDEFAULT action=ALLOW";
        assert_eq!(refused_bytes(policy), None);
    }

    #[test]
    fn tokens_match_whole_and_in_their_case() {
        assert_eq!(
            refused("Policy_name=a policy_version=0.0.0\nDEFAULT action=ALLOW"),
            Some((ErrorKind::HeaderMissing, 1, 1, 13))
        );
        assert_eq!(
            refused(rules!("op=execute action=ALLOW")),
            Some((ErrorKind::OperationUnknown, 3, 1, 10))
        );
        assert_eq!(
            refused(rules!("op=EXECUTE action=Deny")),
            Some((ErrorKind::ActionUnknown, 3, 12, 11))
        );
    }

    // Versions. The number begins in column 30.

    macro_rules! version {
        ($version:literal) => {
            concat!(
                "policy_name=a policy_version=",
                $version,
                "\nDEFAULT action=ALLOW"
            )
        };
    }

    #[test]
    fn version_may_have_signs_and_zeros() {
        assert!(accepted(version!("+1.0002.65535")));
        assert!(accepted(version!("0000000000000000000000000000001.0.0")));
    }

    #[test]
    fn empty_version_is_an_error() {
        assert_eq!(
            refused(version!("")),
            Some((ErrorKind::VersionMissing, 1, 15, 15))
        );
        assert_eq!(errno(version!("")), Some(Errno::BadMessage));
    }

    #[test]
    fn version_of_two_numbers_is_an_error() {
        assert_eq!(
            refused(version!("255.0")),
            Some((ErrorKind::VersionShort, 1, 30, 5))
        );
        assert_eq!(errno(version!("255.0")), Some(Errno::BadMessage));
    }

    #[test]
    fn version_of_four_numbers_is_an_error() {
        assert_eq!(
            refused(version!("1.2.3.4")),
            Some((ErrorKind::VersionLong, 1, 36, 1))
        );
        assert_eq!(
            refused(version!("1.2.3.x.y")),
            Some((ErrorKind::VersionLong, 1, 36, 3))
        );
        assert_eq!(
            refused(version!("1.2.3.")),
            Some((ErrorKind::VersionLong, 1, 36, 0))
        );
    }

    #[test]
    fn version_without_numbers_is_an_error() {
        assert_eq!(
            refused(version!("-1236.0.0")),
            Some((ErrorKind::VersionNotNumber, 1, 30, 5))
        );
        assert_eq!(
            refused(version!("1.0x2.0")),
            Some((ErrorKind::VersionNotNumber, 1, 32, 3))
        );
        assert_eq!(
            refused(version!("1..0")),
            Some((ErrorKind::VersionNotNumber, 1, 32, 0))
        );
        assert_eq!(
            refused(version!("1.+.0")),
            Some((ErrorKind::VersionNotNumber, 1, 32, 1))
        );
        assert_eq!(
            refused(version!("1.++1.0")),
            Some((ErrorKind::VersionNotNumber, 1, 32, 3))
        );
        assert_eq!(errno(version!("a.0.0")), Some(Errno::Invalid));
    }

    #[test]
    fn version_above_65535_is_out_of_range() {
        assert_eq!(
            refused(version!("65536.0.0")),
            Some((ErrorKind::VersionOverflow, 1, 30, 5))
        );
        assert_eq!(
            refused(version!("0.0.999999")),
            Some((ErrorKind::VersionOverflow, 1, 34, 6))
        );
        assert_eq!(errno(version!("65536.0.0")), Some(Errno::Range));
    }

    #[test]
    fn version_of_a_large_number_and_letters_is_not_a_number() {
        assert_eq!(errno(version!("65536x.0.0")), Some(Errno::Invalid));
    }

    #[test]
    fn version_beyond_64_bits_is_out_of_range() {
        assert_eq!(
            errno(version!("18446744073709551616x.0.0")),
            Some(Errno::Range)
        );
        assert_eq!(
            errno(version!("18446744073709551615x.0.0")),
            Some(Errno::Invalid)
        );
    }

    #[test]
    fn errors_of_the_version_precede_those_after_it() {
        assert_eq!(errno(version!("x.0.0 x")), Some(Errno::Invalid));
        assert_eq!(errno(version!("70000.x")), Some(Errno::Range));
    }

    #[test]
    fn versions_are_ordered_number_by_number() {
        let version = |major, minor, revision| Version {
            major,
            minor,
            revision,
        };
        assert!(version(1, 0, 0) > version(0, 65535, 65535));
        assert!(version(1, 2, 0) > version(1, 1, 9));
        assert!(version(1, 2, 3) > version(1, 2, 2));
        assert!(shown_as(version(1, 20, 300), "1.20.300"));
    }

    // Lines and white space.

    #[test]
    fn every_line_end_is_accepted() {
        assert!(accepted(
            "policy_name=a policy_version=0.0.0\rDEFAULT action=ALLOW\r\n\n\rop=EXECUTE action=DENY"
        ));
    }

    #[test]
    fn line_ends_count_once() {
        assert_eq!(
            refused("policy_name=a policy_version=0.0.0\r\n\r\r\n\nx"),
            Some((ErrorKind::ActionMissing, 5, 1, 1))
        );
    }

    #[test]
    fn blanks_between_and_around_tokens_are_skipped() {
        assert!(silent(concat!(
            "\t policy_name=a \t\tpolicy_version=0.0.0 \t\r\n",
            "DEFAULT\taction=ALLOW\n",
            "     \t     DEFAULT \t    op=EXECUTE      action=DENY\n",
            "  op=EXECUTE\t\tboot_verified=TRUE\taction=ALLOW \x0b\x0c \n",
        )));
    }

    #[test]
    fn other_white_space_is_cut_at_the_end_only() {
        assert!(accepted(rules!("op=EXECUTE action=ALLOW\x0b")));
        assert_eq!(
            refused(rules!("op=EXECUTE\x0b action=ALLOW")),
            Some((ErrorKind::OperationUnknown, 3, 1, 11))
        );
        assert_eq!(
            refused(rules!("\x0cop=EXECUTE action=ALLOW")),
            Some((ErrorKind::OperationMissing, 3, 1, 11))
        );
        assert!(accepted(rules!("\x0b\x0c")));
    }

    #[test]
    fn other_white_space_is_cut_before_a_comment() {
        assert!(accepted(
            "policy_name=a policy_version=0.0.0 \x0b# x\nDEFAULT action=ALLOW\x0c\t# y"
        ));
        assert_eq!(
            refused("policy_name=a policy_version=0.0.0 \x0b x\nDEFAULT action=ALLOW"),
            Some((ErrorKind::HeaderTrailing, 1, 36, 1))
        );
    }

    #[test]
    fn no_break_space_is_cut_at_the_end() {
        let policy = b"policy_name=a policy_version=0.0.0\xa0\nDEFAULT action=ALLOW \xa0\n\xa0\n";
        assert_eq!(refused_bytes(policy), None);
    }

    #[test]
    fn comments_end_with_the_line() {
        assert!(silent(concat!(
            "policy_name=a policy_version=152.0.0 #This is a comment\n",
            "DEFAULT action=ALLOW#DENY\n",
            "# a\tcomment # in\t\ta comment\t\n",
            "op=EXECUTE action=DENY # \u{e4}\u{f6} !\" \r",
            "op=KMODULE action=DENY",
        )));
    }

    #[test]
    fn columns_count_bytes() {
        assert_eq!(
            refused("policy_name=\u{e4} policy_version=0.0\nDEFAULT action=ALLOW"),
            Some((ErrorKind::VersionShort, 1, 31, 3))
        );
    }

    #[test]
    fn nul_in_the_header_is_an_error() {
        assert_eq!(
            refused("policy_name=test\0policy_version=0.0.0\nDEFAULT action=ALLOW"),
            Some((ErrorKind::Nul, 1, 17, 1))
        );
    }

    #[test]
    fn nul_before_a_rule_is_an_error() {
        assert_eq!(
            refused(policy!("\0DEFAULT action=ALLOW")),
            Some((ErrorKind::Nul, 2, 1, 1))
        );
    }

    #[test]
    fn nul_does_not_truncate() {
        assert_eq!(
            refused(rules!(
                "\0op=EXECUTE dmverity_signature=TRUE action=ALLOW\n"
            )),
            Some((ErrorKind::Nul, 3, 1, 1))
        );
    }

    #[test]
    fn nul_in_a_comment_is_an_error() {
        assert_eq!(refused(rules!("# a\0b\n")), Some((ErrorKind::Nul, 3, 4, 1)));
        assert_eq!(errno(rules!("#\0")), Some(Errno::BadMessage));
    }

    #[test]
    fn utf16_is_an_error() {
        assert_eq!(
            refused("p\0o\0l\0i\0c\0y\0"),
            Some((ErrorKind::Nul, 1, 2, 1))
        );
    }
}
