// SPDX-License-Identifier: GPL-2.0-only

//! Which signers a list allows. Signatures are verified by the kselftests.

#[kernel::prelude::kunit_tests(ipe_loaded_verify)]
mod cases {
    use super::super::*;

    /// A message with a certificate of two bytes after its first byte.
    const MESSAGE: &[u8] = &[0xee, 0x30, 2, 0xc0, 0xc1, 0xee];
    const FIELDS: Range<usize> = 3..5;

    /// The SHA-256 of 3002c0c1.
    macro_rules! fingerprint {
        () => {
            "0ec8cda06cfa735a78c33d0ab5bc2a80e05f591d03a960b53b9a93724d297e82"
        };
    }

    /// The digest of no bytes.
    macro_rules! other {
        () => {
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        };
    }

    /// Returns the reason for which the list refuses a signer.
    fn reason(list: &str, signer: Signer) -> Option<SignerRefusal> {
        match check_signer(list.as_bytes(), MESSAGE, signer) {
            Err(Refusal::Signer(reason)) => Some(reason),
            _ => None,
        }
    }

    #[test]
    fn empty_list_allows_every_signer() {
        for signer in [Signer::Unknown, Signer::Several, Signer::Certificate(0..1)] {
            assert!(matches!(check_signer(b"", MESSAGE, signer), Ok(None)));
        }
        let signer = check_signer(b"", MESSAGE, Signer::Certificate(FIELDS));
        assert!(matches!(signer, Ok(Some(signer)) if signer == sha256(&MESSAGE[1..5])));
    }

    #[test]
    fn list_allows_the_signer_that_it_names() {
        for list in [
            fingerprint!(),
            concat!(other!(), " ", fingerprint!()),
            concat!(fingerprint!(), ",", other!()),
        ] {
            let signer = check_signer(list.as_bytes(), MESSAGE, Signer::Certificate(FIELDS));
            assert!(matches!(signer, Ok(Some(signer)) if signer == sha256(&MESSAGE[1..5])));
        }
    }

    #[test]
    fn list_refuses_all_others() {
        let signer = sha256(&MESSAGE[1..5]);
        assert!(
            reason(other!(), Signer::Certificate(FIELDS)) == Some(SignerRefusal::NotListed(signer))
        );
        assert!(reason(fingerprint!(), Signer::Unknown) == Some(SignerRefusal::Unknown));
        assert!(reason(fingerprint!(), Signer::Several) == Some(SignerRefusal::Several));
        // Without the header of DER, the certificate is not known.
        assert!(reason(fingerprint!(), Signer::Certificate(4..5)) == Some(SignerRefusal::Unknown));
    }

    /// The build refuses such a list.
    #[test]
    fn malformed_list_allows_nobody() {
        for list in [" ", "x", &fingerprint!()[1..]] {
            assert!(reason(list, Signer::Certificate(FIELDS)).is_some());
        }
    }
}
