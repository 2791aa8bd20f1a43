// SPDX-License-Identifier: GPL-2.0-only

//! Files that hold a key in a form that this program does not open, and how to convert them.

use crate::failure::{Class, Failure};
use const_oid::ObjectIdentifier;
use der::{asn1::OctetStringRef, Decode, Reader, SliceReader};
use x509_cert::spki::AlgorithmIdentifierRef;

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");

/// Encryptions with a passphrase that came before PBES2: their names, and whether openssl keeps them
/// in its provider of legacy algorithms.
const PBES1: [(ObjectIdentifier, &str, bool); 8] = [
    (oid("1.2.840.113549.1.5.1"), "pbeWithMD2AndDES-CBC", true),
    (oid("1.2.840.113549.1.5.3"), "pbeWithMD5AndDES-CBC", true),
    (oid("1.2.840.113549.1.5.6"), "pbeWithMD5AndRC2-CBC", true),
    (oid("1.2.840.113549.1.5.10"), "pbeWithSHA1AndDES-CBC", true),
    (oid("1.2.840.113549.1.5.11"), "pbeWithSHA1AndRC2-CBC", true),
    (oid("1.2.840.113549.1.12.1.1"), "PBE-SHA1-RC4-128", true),
    (oid("1.2.840.113549.1.12.1.3"), "PBE-SHA1-3DES", false),
    (oid("1.2.840.113549.1.12.1.4"), "PBE-SHA1-2DES", false),
];

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

fn unusable(message: String) -> Failure {
    Failure::new(Class::Signing, message)
}

/// Returns why a key or a certificate cannot be read, if it is in such a form.
pub(super) fn refusal(bytes: &[u8]) -> Option<Failure> {
    if is_pkcs12(bytes) {
        return Some(
            unusable("this is a PKCS#12 file (.p12, .pfx)".to_owned()).hint(
                "convert it: openssl pkcs12 -in FILE -out NEW.pem; then NEW.pem is both the key \
                 and the certificate",
            ),
        );
    }
    let algorithm = encryption(bytes)?;
    let old = PBES1.iter().find(|(oid, ..)| *oid == algorithm);
    match old {
        Some((_, name, legacy)) => {
            let providers = if *legacy {
                " -provider legacy -provider default"
            } else {
                ""
            };
            Some(
                unusable(format!(
                    "the key is encrypted with {name}, an outdated algorithm"
                ))
                .hint(format!(
                    "convert it: openssl pkey -in KEY -aes256 -out NEW{providers}"
                )),
            )
        }
        None if algorithm == PBES2 => None,
        None => Some(
            unusable(format!(
                "the key is encrypted with an unknown algorithm ({algorithm})"
            ))
            .hint("convert it: openssl pkey -in KEY -aes256 -out NEW"),
        ),
    }
}

/// The failure of a key that is encrypted with PBES2 and an algorithm that this program lacks.
pub(super) fn unknown_cipher(bytes: &[u8]) -> Option<Failure> {
    encryption(bytes).map(|_| {
        unusable("the key is encrypted with an algorithm that ipectl lacks".to_owned())
            .hint("convert it: openssl pkey -in KEY -aes256 -out NEW")
    })
}

/// The algorithm of an encrypted key in PKCS#8, whatever its parameters.
fn encryption(bytes: &[u8]) -> Option<ObjectIdentifier> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let algorithm = reader.sequence(|reader| {
        let algorithm = AlgorithmIdentifierRef::decode(reader)?;
        OctetStringRef::decode(reader)?;
        Ok(algorithm.oid)
    });
    algorithm.ok()
}

/// Whether this is a PFX of PKCS#12: version 3 and a content of PKCS#7.
fn is_pkcs12(bytes: &[u8]) -> bool {
    let read = || -> der::Result<bool> {
        let mut reader = SliceReader::new(bytes)?;
        let header = der::Header::decode(&mut reader)?;
        if header.tag != der::Tag::Sequence {
            return Ok(false);
        }
        let version = u8::decode(&mut reader)?;
        let content = der::Header::decode(&mut reader)?;
        let kind = ObjectIdentifier::decode(&mut reader)?;
        let pkcs7 = oid("1.2.840.113549.1.7");
        Ok(version == 3 && content.tag == der::Tag::Sequence && kind.parent() == Some(pkcs7))
    };
    read().unwrap_or(false)
}
