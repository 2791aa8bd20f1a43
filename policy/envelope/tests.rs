// SPDX-License-Identifier: GPL-2.0-only

//! When a message is complete, and of which form it is.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_envelope)
)]
mod cases {
    use super::super::*;

    /// A text of 3 bytes, a signature of 2, the trailer and the magic.
    const APPENDED: &[u8; 45] = b"p=1\
        \xaa\xbb\
        \0\0\x02\0\0\0\0\0\0\0\0\x02\
        ~Module signature appended~\n";

    #[test]
    fn empty_message_is_incomplete() {
        assert_eq!(form(b""), Ok(None));
    }

    #[test]
    fn der_with_a_short_length_is_complete_at_that_length() {
        assert_eq!(form(b"\x30"), Ok(None));
        assert_eq!(form(b"\x30\x02\x05"), Ok(None));
        assert_eq!(form(b"\x30\x02\x05\x00"), Ok(Some(Form::Pkcs7)));
        assert_eq!(form(b"\x30\x00"), Ok(Some(Form::Pkcs7)));
    }

    #[test]
    fn der_with_a_long_length_is_complete_at_that_length() {
        assert_eq!(form(b"\x30\x81"), Ok(None));
        assert_eq!(form(b"\x30\x81\x01\x00"), Ok(Some(Form::Pkcs7)));
        assert_eq!(form(b"\x30\x82\x00\x01"), Ok(None));
        assert_eq!(form(b"\x30\x82\x00\x01\x00"), Ok(Some(Form::Pkcs7)));
        assert_eq!(form(b"\x30\x83\x00\x00\x01\x00"), Ok(Some(Form::Pkcs7)));
        assert_eq!(form(b"\x30\x84\x00\x00\x00\x01\x00"), Ok(Some(Form::Pkcs7)));
    }

    #[test]
    fn der_with_more_than_its_length_is_complete() {
        assert_eq!(form(b"\x30\x01\x05\x00"), Ok(Some(Form::Pkcs7)));
    }

    #[test]
    fn der_with_an_indefinite_length_is_refused_at_once() {
        assert_eq!(form(b"\x30\x80"), Err(Unusable::Malformed));
    }

    #[test]
    fn der_with_a_length_of_more_than_four_bytes_is_refused() {
        assert_eq!(form(b"\x30\x85\0\0\0\0\x01"), Err(Unusable::Malformed));
        assert_eq!(form(b"\x30\xff"), Err(Unusable::Malformed));
    }

    #[test]
    fn der_that_announces_more_than_16_mib_is_refused() {
        // 16 MiB with the header of 5 bytes, and one byte more.
        assert_eq!(form(b"\x30\x83\xff\xff\xfb"), Ok(None));
        assert_eq!(form(b"\x30\x84\x00\xff\xff\xfa"), Ok(None));
        assert_eq!(form(b"\x30\x84\x00\xff\xff\xfb"), Err(Unusable::TooLong));
        assert_eq!(form(b"\x30\x84\xff\xff\xff\xff"), Err(Unusable::TooLong));
    }

    #[test]
    fn message_of_neither_form_is_refused_at_once() {
        for first in 0..=u8::MAX {
            let text = matches!(first, 9..=13 | 32 | 0xa0 | b'#' | b'p');
            let expected = if text || first == 0x30 {
                Ok(None)
            } else {
                Err(Unusable::Malformed)
            };
            assert_eq!(form(&[first]), expected);
        }
    }

    #[test]
    fn appended_signature_is_split_from_its_text() {
        assert_eq!(form(APPENDED), Ok(Some(Form::Appended)));
        let parts = split_appended(APPENDED);
        assert_eq!(
            parts,
            Some(Parts {
                text: 0..3,
                signature: 3..5
            })
        );
    }

    #[test]
    fn appended_signature_is_incomplete_before_its_last_byte() {
        for length in 0..APPENDED.len() {
            assert_eq!(form(&APPENDED[..length]), Ok(None));
        }
    }

    #[test]
    fn trailer_with_any_other_field_is_not_accepted() {
        // All but the last byte of the length, which the next test has.
        for index in 5..16 {
            let mut message = *APPENDED;
            message[index] ^= 0x80;
            assert_eq!(form(&message), Ok(None));
        }
    }

    #[test]
    fn trailer_with_a_length_that_does_not_fit_is_not_accepted() {
        for (length, complete) in [(0, false), (1, true), (4, true), (5, false), (255, false)] {
            let mut message = *APPENDED;
            message[16] = length;
            assert_eq!(split_appended(&message).is_some(), complete);
        }
    }
}
