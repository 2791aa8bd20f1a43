// SPDX-License-Identifier: GPL-2.0-only

//! Certificates: which are fit for signing policies, and what they verify.

use super::{container, openssl};
use crate::failure::{Class, Failure, Result};
use cms::cert::IssuerAndSerialNumber;
use const_oid::{
    db::{rfc5280, rfc5912},
    ObjectIdentifier,
};
use der::{pem, referenced::OwnedToRef, Decode, Encode};
use rsa::{
    pkcs1v15,
    signature::{hazmat::PrehashVerifier, Verifier},
    traits::PublicKeyParts,
    RsaPublicKey,
};
use sha2::{Digest, Sha256};
use std::{path::Path, time::SystemTime};
use x509_cert::{
    ext::pkix::{ExtendedKeyUsage, KeyUsage},
    Certificate,
};

/// The shortest RSA key that is fit, in bits.
const MIN_RSA_BITS: usize = 2048;

/// The signer's certificate, and those that lead to one that the kernel trusts.
pub struct Signer {
    /// The signer's certificate.
    pub certificate: Certificate,
    /// The others of the file.
    pub chain: Vec<Certificate>,
    /// The things that its owner should know before it is used.
    pub warnings: Vec<String>,
    key: PublicKey,
}

/// Whether a certificate may be used after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// It is refused.
    Refuse,
    /// It is used, with a warning. The kernel compares no dates.
    Allow,
}

/// A public key of a kind that the kernel verifies with.
enum PublicKey {
    Rsa(RsaPublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    /// The `openssl` program verifies with it.
    MlDsa {
        scheme: Scheme,
        /// In DER.
        key: Vec<u8>,
    },
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSA and SHA-256.
    Rsa,
    /// ECDSA and SHA-256.
    Ecdsa,
    /// ML-DSA, which signs the text itself.
    MlDsa(ObjectIdentifier),
}

impl Scheme {
    /// ML-DSA-44, ML-DSA-65 and ML-DSA-87.
    const ML_DSA: [ObjectIdentifier; 3] = [
        ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17"),
        ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18"),
        ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19"),
    ];

    /// Returns the scheme of a key of ML-DSA.
    pub(super) fn of_ml_dsa(key: ObjectIdentifier) -> Option<Self> {
        Self::ML_DSA.contains(&key).then_some(Self::MlDsa(key))
    }
}

/// A reason why a certificate is not fit.
fn unfit(reason: impl Into<String>) -> Failure {
    Failure::new(Class::Signing, reason)
}

impl Signer {
    /// Reads a file of certificates, in PEM or DER, the signer's first.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not a certificate, or its first one cannot be used for signing.
    pub fn read(path: &Path, now: SystemTime, expired: Expired) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
        Self::parse(&bytes, now, expired).map_err(|failure| failure.about(path.display()))
    }

    fn parse(bytes: &[u8], now: SystemTime, expired: Expired) -> Result<Self> {
        let mut certificates = certificates(bytes)?.into_iter();
        let certificate = certificates
            .next()
            .ok_or_else(|| unfit("no certificate found"))?;
        let mut warnings = Vec::new();
        warnings.extend(check_validity(&certificate, now, expired)?);
        check_usage(&certificate)?;
        let chain: Vec<_> = certificates.collect();
        warnings.extend(chain_warnings(&certificate, &chain, now));
        Ok(Self {
            key: PublicKey::of(&certificate)?,
            certificate,
            chain,
            warnings,
        })
    }

    /// Returns the certificate's name in a signature, by which the kernel finds its key.
    pub fn id(&self) -> IssuerAndSerialNumber {
        IssuerAndSerialNumber {
            issuer: self.certificate.tbs_certificate.issuer.clone(),
            serial_number: self.certificate.tbs_certificate.serial_number.clone(),
        }
    }

    /// Returns how the key signs.
    pub fn scheme(&self) -> Scheme {
        match self.key {
            PublicKey::Rsa(_) => Scheme::Rsa,
            PublicKey::P256(_) | PublicKey::P384(_) => Scheme::Ecdsa,
            PublicKey::MlDsa { scheme, .. } => scheme,
        }
    }

    /// Whether a signature of a text was made by the certificate's key.
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        let digest = Sha256::digest(text);
        match &self.key {
            PublicKey::Rsa(key) => {
                let key = pkcs1v15::VerifyingKey::<Sha256>::new(key.clone());
                pkcs1v15::Signature::try_from(signature)
                    .is_ok_and(|signature| key.verify(text, &signature).is_ok())
            }
            PublicKey::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()),
            PublicKey::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()),
            PublicKey::MlDsa { key, .. } => openssl::verifies(key, text, signature),
        }
    }

    /// The subject's name, for people.
    pub fn subject(&self) -> String {
        self.certificate.tbs_certificate.subject.to_string()
    }
}

impl PublicKey {
    fn of(certificate: &Certificate) -> Result<Self> {
        let info = certificate
            .tbs_certificate
            .subject_public_key_info
            .owned_to_ref();
        match info.algorithm.oid {
            rfc5912::RSA_ENCRYPTION => {
                let key = RsaPublicKey::try_from(info)
                    .map_err(|error| unfit(format!("its RSA key cannot be used: {error}")))?;
                let bits = 8 * key.size();
                if bits < MIN_RSA_BITS {
                    return Err(unfit(format!(
                        "its RSA key has {bits} bits, but needs at least {MIN_RSA_BITS}"
                    )));
                }
                Ok(Self::Rsa(key))
            }
            rfc5912::ID_EC_PUBLIC_KEY => match info.algorithm.parameters_oid() {
                Ok(rfc5912::SECP_256_R_1) => p256::ecdsa::VerifyingKey::try_from(info)
                    .map(Self::P256)
                    .map_err(|error| unfit(format!("its key cannot be used: {error}"))),
                Ok(rfc5912::SECP_384_R_1) => p384::ecdsa::VerifyingKey::try_from(info)
                    .map(Self::P384)
                    .map_err(|error| unfit(format!("its key cannot be used: {error}"))),
                _ => Err(unfit("its curve is neither P-256 nor P-384")),
            },
            oid => match Scheme::of_ml_dsa(oid) {
                Some(scheme) => {
                    let key = certificate.tbs_certificate.subject_public_key_info.to_der();
                    let key =
                        key.map_err(|error| unfit(format!("its key cannot be used: {error}")))?;
                    Ok(Self::MlDsa { scheme, key })
                }
                None => Err(unfit("its key is neither RSA, nor ECDSA, nor ML-DSA")),
            },
        }
    }
}

/// Returns the certificates of a file. A certificate that is not encoded in DER is refused, because
/// the kernel would give it another identity than this program.
fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>> {
    let decode = |bytes: &[u8]| {
        let certificate = Certificate::from_der(bytes)
            .map_err(|error| unfit(format!("not a certificate: {error}")))?;
        if certificate.to_der().ok().as_deref() != Some(bytes) {
            return Err(unfit("the certificate is not encoded in DER"));
        }
        Ok(certificate)
    };
    if bytes.first() == Some(&0x30) {
        if let Some(refusal) = container::refusal(bytes) {
            return Err(refusal);
        }
        return Ok(vec![decode(bytes)?]);
    }
    blocks(bytes)
        .filter(|block| block.starts_with("-----BEGIN CERTIFICATE-----"))
        .map(|block| {
            let (_, bytes) = pem::decode_vec(block.as_bytes())
                .map_err(|error| unfit(format!("not PEM: {error}")))?;
            decode(&bytes)
        })
        .collect()
}

/// The PEM blocks of a file, as text.
pub(super) fn blocks(bytes: &[u8]) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        if line.starts_with("-----BEGIN ") {
            block = Some(String::new());
        }
        if let Some(open) = &mut block {
            open.push_str(line);
            open.push('\n');
        }
        if line.starts_with("-----END ") {
            blocks.extend(block.take());
        }
    }
    blocks.into_iter()
}

/// Checks the dates of the signer's certificate. Returns a warning where it expired and that is
/// allowed.
fn check_validity(
    certificate: &Certificate,
    now: SystemTime,
    expired: Expired,
) -> Result<Option<String>> {
    let validity = &certificate.tbs_certificate.validity;
    if now < validity.not_before.to_system_time() {
        return Err(unfit(format!(
            "the certificate is not valid before {}",
            validity.not_before
        ))
        .hint("is this machine's clock right?"));
    }
    if now <= validity.not_after.to_system_time() {
        return Ok(None);
    }
    let message = format!("the certificate expired on {}", validity.not_after);
    match expired {
        Expired::Allow => Ok(Some(message)),
        Expired::Refuse => Err(unfit(message).hint(
            "sign with a certificate that is valid now; the kernel compares no dates, so that \
             --allow-expired helps where devices trust no other one yet",
        )),
    }
}

/// Returns warnings about the other certificates of a file: those of issuers that expired, and those
/// that lead nowhere. The kernel finds out itself whether the signatures of the issuers are right.
fn chain_warnings(signer: &Certificate, chain: &[Certificate], now: SystemTime) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut left: Vec<_> = chain.iter().map(|one| &one.tbs_certificate).collect();
    let mut issuer = &signer.tbs_certificate.issuer;
    while let Some(place) = left.iter().position(|one| one.subject == *issuer) {
        let found = left.remove(place);
        let (name, end) = (&found.subject, found.validity.not_after);
        if now > end.to_system_time() {
            warnings.push(format!(
                "the certificate of the issuer {name} expired on {end}"
            ));
        }
        issuer = &found.issuer;
    }
    for other in left {
        let name = &other.subject;
        warnings.push(format!(
            "the certificate of {name} is of no use: {name} is no issuer in this chain"
        ));
    }
    warnings
}

/// Checks that a certificate that restricts the use of its key allows signing.
fn check_usage(certificate: &Certificate) -> Result<()> {
    let wrong = |error| unfit(format!("an extension cannot be read: {error}"));
    let tbs = &certificate.tbs_certificate;
    if let Some((_, usage)) = tbs.get::<KeyUsage>().map_err(wrong)? {
        if !usage.digital_signature() {
            return Err(unfit("its key usage does not include digitalSignature"));
        }
    }
    if let Some((_, usage)) = tbs.get::<ExtendedKeyUsage>().map_err(wrong)? {
        let fit = [
            rfc5280::ANY_EXTENDED_KEY_USAGE,
            rfc5280::ID_KP_CODE_SIGNING,
            rfc5280::ID_KP_EMAIL_PROTECTION,
        ];
        if !usage.0.iter().any(|purpose| fit.contains(purpose)) {
            return Err(unfit("its extended key usage does not include codeSigning"));
        }
    }
    Ok(())
}
