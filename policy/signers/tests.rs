// SPDX-License-Identifier: GPL-2.0-only

//! Lists of fingerprints, and certificates in messages.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_signers)
)]
mod cases {
    use super::super::*;

    /// The fingerprint whose bytes are 0, 1, 2, …
    const FIRST: Fingerprint = {
        let mut bytes = [0; 32];
        let mut at = 0;
        while at < 32 {
            bytes[at] = at as u8;
            at += 1;
        }
        bytes
    };

    macro_rules! first {
        () => {
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        };
    }

    macro_rules! colons {
        () => {
            concat!(
                "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:",
                "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
            )
        };
    }

    macro_rules! second {
        () => {
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        };
    }

    #[test]
    fn list_without_words_has_no_fingerprint() {
        for list in ["", " ", ",", " ,\t\n, "] {
            assert_eq!(fingerprints(list.as_bytes()).count(), 0);
        }
    }

    #[test]
    fn digits_of_both_cases_and_colons_are_read() {
        for list in [first!(), colons!(), concat!(" ,", first!(), ",\n")] {
            let mut read = fingerprints(list.as_bytes());
            assert_eq!(read.next(), Some(Ok(FIRST)));
            assert_eq!(read.next(), None);
        }
    }

    #[test]
    fn commas_and_white_space_separate_fingerprints() {
        for list in [
            concat!(first!(), ",", second!()),
            concat!(colons!(), " ", second!()),
            concat!(first!(), ", \n\t", second!(), " "),
        ] {
            let mut read = fingerprints(list.as_bytes());
            assert_eq!(read.next(), Some(Ok(FIRST)));
            assert_eq!(read.next(), Some(Ok([0xff; 32])));
            assert_eq!(read.next(), None);
        }
    }

    #[test]
    fn malformed_word_has_its_column() {
        for (list, column) in [
            ("0", 1),
            // A digit is missing, or there is one too many.
            (&first!()[1..], 1),
            (concat!(first!(), "0"), 1),
            (concat!("  ", second!(), ",,x"), 69),
            // Two digests without anything between them.
            (concat!(first!(), second!()), 1),
            (concat!("0x", first!()), 1),
            (concat!("sha256:", first!()), 1),
            (concat!(colons!(), ":"), 1),
            (concat!(":", colons!()), 1),
            (
                "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                1,
            ),
            (
                "+00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                1,
            ),
            // A colon in another place, or another separator.
            (
                "000:1:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:\
                 10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F",
                1,
            ),
            (
                "00-01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:\
                 10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F",
                1,
            ),
            (
                "0001:0203:0405:0607:0809:0a0b:0c0d:0e0f:1011:1213:1415:1617:1819:1a1b:1c1d:1e1f",
                1,
            ),
        ] {
            let refused = fingerprints(list.as_bytes()).find_map(Result::err);
            assert_eq!(refused, Some(Malformed { column }));
        }
    }

    /// Each byte of a fingerprint counts.
    #[test]
    fn one_digit_makes_another_fingerprint() {
        let mut list = [0; 64];
        for at in 0..64 {
            list.copy_from_slice(first!().as_bytes());
            list[at] = b'7' + u8::from(list[at] == b'7');
            assert_ne!(fingerprints(&list).next(), Some(Ok(FIRST)));
        }
    }

    /// Three bytes, a certificate whose fields have this length, one byte.
    const fn message(header: &[u8]) -> [u8; 0x110] {
        let mut message = [0xee; 0x110];
        let mut at = 0;
        while at < header.len() {
            message[3 + at] = header[at];
            at += 1;
        }
        message
    }

    #[test]
    fn certificate_begins_with_its_header() {
        static SHORT: [u8; 0x110] = message(&[0x30, 0x7f]);
        static LONGER: [u8; 0x110] = message(&[0x30, 0x81, 0x80]);
        static LONG: [u8; 0x110] = message(&[0x30, 0x82, 0x01, 0x00]);
        for (message, header, length) in [(&SHORT, 2, 0x7f), (&LONGER, 3, 0x80), (&LONG, 4, 0x100)]
        {
            let fields = 3 + header..3 + header + length;
            let wanted = &message[3..fields.end];
            assert!(certificate(message, fields.clone()) == Some(wanted));
            // Another length than that of the header.
            assert!(certificate(message, fields.start..fields.end + 1).is_none());
            assert!(certificate(message, fields.start..fields.end - 1).is_none());
        }
    }

    #[test]
    fn certificate_with_another_header_is_refused() {
        for (message, fields) in [
            // A tag that is not a sequence's, an indefinite length, a length that is not the
            // shortest.
            (&[0x31, 2, 0xee, 0xee][..], 2..4),
            (&[0x30, 0x80, 0xee, 0xee], 2..4),
            (&[0x30, 0x81, 0x02, 0xee, 0xee], 3..5),
            (&[0x30, 0x82, 0x00, 0x02, 0xee, 0xee], 4..6),
            // No header, and no such range.
            (&[0xee, 0xee], 0..2),
            (&[0x30, 2, 0xee, 0xee], 2..5),
            (&[0x30, 2, 0xee, 0xee], 1..4),
            (&[0x30, 2, 0xee, 0xee], 4..usize::MAX),
        ] {
            assert_eq!(certificate(message, fields), None);
        }
    }
}
