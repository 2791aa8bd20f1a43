// SPDX-License-Identifier: GPL-2.0-only

//! The fs-verity digest of an image.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_image)
)]
mod cases {
    use super::super::*;

    /// The property with 64 digits.
    macro_rules! image {
        ($end:literal) => {
            sha256!("metadata_backing_file_fsverity_digest", $end)
        };
    }

    #[test]
    fn flags_may_stand_beside_the_digest() {
        assert!(silent(rules!(
            "op=EXECUTE ",
            image!("01"),
            " boot_verified=FALSE dmverity_signature=TRUE action=ALLOW\n",
            "op=EXECUTE anonymous_memory=FALSE ",
            image!("02"),
            " action=DENY\n",
            "op=EXECUTE anonymous_memory=TRUE exe_",
            image!("01"),
            " exe_boot_verified=FALSE action=ALLOW\n",
            "op=PTRACE exe_",
            image!("01"),
            " action=ALLOW\n",
        )));
    }

    #[test]
    fn same_digest_twice_is_one_condition() {
        assert!(silent(rules!(
            "op=EXECUTE ",
            image!("01"),
            " ",
            image!("01"),
            " action=ALLOW\n",
        )));
    }

    #[test]
    fn two_digests_never_match() {
        let text = rules!(
            "op=EXECUTE ",
            image!("01"),
            " ",
            image!("02"),
            " action=ALLOW\n"
        );
        let expected = Some((WarningKind::Contradiction, 3, 122, 109));
        assert_eq!(warned(text, Providers::ALL), expected);
    }

    #[test]
    fn other_digest_beside_it_is_an_error() {
        let kind = ErrorKind::ImageDigestNotAlone;
        for (text, column, length) in [
            (
                rules!(
                    "op=EXECUTE ",
                    sha256!("fsverity_digest", "01"),
                    " ",
                    image!("01"),
                    " action=ALLOW"
                ),
                100,
                109,
            ),
            (
                rules!(
                    "op=EXECUTE ",
                    image!("01"),
                    " ",
                    sha256!("fsverity_digest", "01"),
                    " action=ALLOW"
                ),
                122,
                87,
            ),
            (
                rules!(
                    "op=EXECUTE ",
                    image!("01"),
                    " ",
                    sha256!("dmverity_roothash", "01"),
                    " action=ALLOW"
                ),
                122,
                89,
            ),
            (
                rules!(
                    "op=EXECUTE dmverity_roothash=cmdline:usrhash ",
                    image!("01"),
                    " action=ALLOW"
                ),
                46,
                109,
            ),
            (
                rules!(
                    "op=EXECUTE ",
                    image!("01"),
                    " dmverity_roothash=cmdline:usrhash action=ALLOW"
                ),
                122,
                33,
            ),
        ] {
            assert_eq!(refused(text), Some((kind, 3, column, length)));
        }
        assert_eq!(kind.errno(), Errno::Invalid);
        // The digest of the program is another one.
        assert!(accepted(rules!(
            "op=EXECUTE anonymous_memory=TRUE exe_",
            sha256!("fsverity_digest", "01"),
            " exe_boot_verified=FALSE action=ALLOW"
        )));
    }

    #[test]
    fn algorithm_must_be_one_of_fsverity() {
        let text = rules!("op=EXECUTE metadata_backing_file_fsverity_digest=md5:00 action=ALLOW");
        let expected = Some((WarningKind::AlgorithmUnused, 3, 50, 3));
        assert_eq!(warned(text, Providers::ALL), expected);
        let text =
            rules!("op=EXECUTE metadata_backing_file_fsverity_digest=sha256:00 action=ALLOW");
        let kind = WarningKind::DigestLength {
            expected: 32,
            given: 1,
        };
        assert_eq!(warned(text, Providers::ALL), Some((kind, 3, 57, 2)));
        assert_eq!(
            errno(rules!(
                "op=EXECUTE metadata_backing_file_fsverity_digest=sha256:0g action=ALLOW"
            )),
            Some(Errno::Invalid)
        );
    }

    #[test]
    fn kernel_without_the_extension_refuses_it() {
        let others = Extension::ALL
            .into_iter()
            .filter(|other| *other != Extension::Image);
        let providers = others.fold(Providers::NONE, Providers::with_extension);
        for (text, column) in [
            (rules!("op=EXECUTE ", image!("01"), " action=DENY"), 12),
            (rules!("op=PTRACE exe_", image!("01"), " action=DENY"), 11),
        ] {
            let refused = |providers| {
                let result = measure(text.as_bytes(), providers, false, &mut FirstOnly::default());
                result
                    .err()
                    .map(|error| (error.kind, place(error.position), error.errno()))
            };
            let kind = ErrorKind::Unsupported(Extension::Image);
            assert_eq!(
                refused(providers),
                Some((kind, (3, column), Errno::Invalid))
            );
            assert_eq!(refused(providers.with_extension(Extension::Image)), None);
            assert!(shown_as(
                kind,
                "the kernel is built without CONFIG_IPE_PROP_METADATA_BACKING"
            ));
        }
    }

    #[test]
    fn rule_takes_as_many_words_as_one_with_a_digest_of_a_file() {
        let image = rules!("op=EXECUTE ", image!("01"), " action=ALLOW");
        assert_eq!(words(image), words(ALLOWING));
        assert!(words(image).is_some());
    }
}
