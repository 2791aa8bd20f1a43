// SPDX-License-Identifier: GPL-2.0-only

//! Names that can and cannot be those of directories.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_name)
)]
mod cases {
    use super::super::*;

    #[test]
    fn names_of_directories_are_accepted() {
        for name in [b"a".as_slice(), b"...", b"a..", b".a", &[b'a'; 255]] {
            assert_eq!(refusal(name), None);
        }
    }

    #[test]
    fn paths_are_refused() {
        let mut long_path = [b'a'; 300];
        long_path[299] = b'/';
        for name in [
            b"".as_slice(),
            b".",
            b"..",
            b"/",
            b"a/b",
            b"../a",
            b"a/",
            &long_path,
        ] {
            assert_eq!(refusal(name), Some(Refusal::Path));
        }
    }

    #[test]
    fn names_of_more_than_255_bytes_are_refused() {
        assert_eq!(refusal(&[b'a'; 256]), Some(Refusal::TooLong));
    }
}
