// SPDX-License-Identifier: GPL-2.0-only

//! Which writes name a file, and which rules vouch for one.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_origin)
)]
mod cases {
    use super::super::*;
    use crate::policy::envelope;

    #[test]
    fn absolute_path_names_a_file() {
        for (write, name) in [
            (b"/a".as_slice(), b"/a".as_slice()),
            (b"/a\n", b"/a"),
            (b"/", b"/"),
            (b"/\n", b"/"),
            (b"/a b/../\xff", b"/a b/../\xff"),
            // One newline only: others are part of the name.
            (b"/a\n\n", b"/a\n"),
            (b"/a\nb", b"/a\nb"),
            (b"/a\r\n", b"/a\r"),
        ] {
            assert_eq!(path(write), Some(Ok(name)));
        }
    }

    #[test]
    fn other_writes_are_messages() {
        for write in [
            b"".as_slice(),
            b"\n",
            b"\n/a",
            b" /a",
            b"a",
            b"./a",
            b"policy_name=/a",
            b"\x30\x02/a",
        ] {
            assert_eq!(path(write), None);
        }
    }

    #[test]
    fn no_signed_policy_begins_like_a_path() {
        assert_eq!(envelope::form(b"/init"), Err(envelope::Unusable::Malformed));
    }

    #[test]
    fn path_has_a_limit() {
        let mut longest = [b'a'; MAX_PATH_LENGTH + 2];
        longest[0] = b'/';
        assert_eq!(
            path(&longest[..MAX_PATH_LENGTH]),
            Some(Ok(&longest[..MAX_PATH_LENGTH]))
        );
        assert_eq!(
            path(&longest[..=MAX_PATH_LENGTH]),
            Some(Err(NoPath::TooLong))
        );
        longest[MAX_PATH_LENGTH] = b'\n';
        assert_eq!(
            path(&longest[..=MAX_PATH_LENGTH]),
            Some(Ok(&longest[..MAX_PATH_LENGTH]))
        );
        assert_eq!(path(&longest), Some(Err(NoPath::TooLong)));
    }

    #[test]
    fn path_with_a_nul_names_nothing() {
        assert_eq!(path(b"/a\0"), Some(Err(NoPath::Nul)));
        assert_eq!(path(b"/\0b\n"), Some(Err(NoPath::Nul)));
    }

    #[test]
    fn rule_vouches_by_what_is_true_of_the_file() {
        for (properties, vouches) in [
            ("boot_verified=TRUE", true),
            ("dmverity_signature=TRUE", true),
            ("fsverity_signature=TRUE", true),
            ("fsverity_digest=sha256:ab", true),
            ("metadata_backing_file_fsverity_digest=sha256:ab", true),
            ("dmverity_roothash=sha256:ab", true),
            ("dmverity_roothash=cmdline:roothash", true),
            ("boot_verified=FALSE dmverity_signature=TRUE", true),
            ("dmverity_signature=TRUE boot_verified=FALSE", true),
            ("", false),
            ("boot_verified=FALSE", false),
            ("dmverity_signature=FALSE", false),
            ("fsverity_signature=FALSE", false),
            ("boot_verified=FALSE fsverity_signature=FALSE", false),
            ("anonymous_memory=FALSE", false),
            ("anonymous_memory=TRUE", false),
            ("exe_boot_verified=TRUE", false),
            ("exe_fsverity_digest=sha256:ab", false),
        ] {
            let mut text = [b' '; 128];
            let mut length = 0;
            for part in ["op=POLICY ", properties, " action=ALLOW\n"] {
                text[length..length + part.len()].copy_from_slice(part.as_bytes());
                length += part.len();
            }
            assert_eq!(rule_vouches(&text[..length], 0), vouches);
        }
    }

    #[test]
    fn default_vouches_for_nothing() {
        let text = b"DEFAULT op=POLICY action=ALLOW\nop=POLICY boot_verified=TRUE action=ALLOW\n";
        assert!(!rule_vouches(text, 0));
        assert!(rule_vouches(text, 31));
        // Inside of a line, and behind the text.
        assert!(!rule_vouches(text, 32));
        assert!(!rule_vouches(text, 1000));
    }
}
