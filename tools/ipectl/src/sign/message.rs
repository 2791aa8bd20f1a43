// SPDX-License-Identifier: GPL-2.0-only

//! Signed messages, in the two forms that the kernel takes.

use super::{
    certificate::{Scheme, Signer},
    key::Key,
};
use crate::failure::{Class, Failure, Result};
use cms::{
    cert::CertificateChoices,
    content_info::{CmsVersion, ContentInfo},
    signed_data::{EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo},
};
use const_oid::db::{rfc5911, rfc5912};
use der::{
    asn1::{Null, OctetString, OctetStringRef, SetOfVec},
    Any, Decode, Encode,
};
use ipe_policy::policy::envelope::{split_appended, Form, MAGIC};
use x509_cert::spki::AlgorithmIdentifierOwned;

/// Signs a text.
///
/// # Errors
///
/// The key cannot sign, or is not the certificate's.
pub fn sign(
    text: &[u8],
    form: Form,
    with_certificates: bool,
    key: &Key,
    signer: &Signer,
) -> Result<Vec<u8>> {
    let signature = key.sign(text, signer.scheme())?;
    if !signer.verifies(text, &signature) {
        return Err(Failure::new(
            Class::Signing,
            "the key and the certificate do not belong together",
        ));
    }
    let embedded = (form == Form::Pkcs7).then_some(text);
    let mut message = encode(embedded, signature, with_certificates, signer)
        .map_err(|error| Failure::new(Class::Signing, format!("PKCS#7: {error}")))?;
    if form == Form::Appended {
        message = append(text, &message);
    }
    verify(&message, text, signer)?;
    Ok(message)
}

/// Text, signature, trailer, magic: as kernel modules are signed.
fn append(text: &[u8], signature: &[u8]) -> Vec<u8> {
    let length = u32::try_from(signature.len()).unwrap_or(u32::MAX);
    let trailer = [[0, 0, 2, 0], [0; 4], length.to_be_bytes()].concat();
    [text, signature, &trailer, MAGIC].concat()
}

/// A PKCS#7 message without signed attributes, which IPE does not accept.
fn encode(
    embedded: Option<&[u8]>,
    signature: Vec<u8>,
    with_certificates: bool,
    signer: &Signer,
) -> der::Result<Vec<u8>> {
    let algorithm = |oid, parameters| AlgorithmIdentifierOwned { oid, parameters };
    let null = || Any::encode_from(&Null).map(Some);
    let sha256 = algorithm(rfc5912::ID_SHA_256, null()?);
    let (digest, signature_algorithm) = match signer.scheme() {
        Scheme::Rsa => (sha256, algorithm(rfc5912::RSA_ENCRYPTION, null()?)),
        Scheme::Ecdsa => (sha256, algorithm(rfc5912::ECDSA_WITH_SHA_256, None)),
        // The text is not hashed first, but a message has to name a hash: RFC 9882 wants this one.
        Scheme::MlDsa(oid) => (algorithm(rfc5912::ID_SHA_512, None), algorithm(oid, None)),
    };
    let content = match embedded {
        Some(text) => Some(Any::encode_from(&OctetStringRef::new(text)?)?),
        None => None,
    };
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(signer.id()),
        digest_alg: digest.clone(),
        signed_attrs: None,
        signature_algorithm,
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let certificates = if with_certificates {
        let all = std::iter::once(&signer.certificate).chain(&signer.chain);
        let all = all.cloned().map(CertificateChoices::Certificate);
        Some(all.collect::<Vec<_>>().try_into()?)
    } else {
        None
    };
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: rfc5911::ID_DATA,
            econtent: content,
        },
        certificates,
        crls: None,
        signer_infos: vec![info].try_into()?,
    };
    ContentInfo {
        content_type: rfc5911::ID_SIGNED_DATA,
        content: Any::encode_from(&data)?,
    }
    .to_der()
}

/// Reads a message as the kernel will, and verifies it.
///
/// # Errors
///
/// It is not a message of this text by this signer.
pub fn verify(message: &[u8], text: &[u8], signer: &Signer) -> Result<()> {
    let wrong = |what: &str| Failure::new(Class::Invalid, format!("the message is wrong: {what}"));
    let (found, signature) = match split_appended(message) {
        Some(parts) => (Some(&message[parts.text]), &message[parts.signature]),
        None => (None, message),
    };
    let data: SignedData = ContentInfo::from_der(signature)
        .and_then(|info| info.content.decode_as())
        .map_err(|error| wrong(&error.to_string()))?;
    let embedded: Option<OctetString> = match &data.encap_content_info.econtent {
        Some(content) => Some(
            content
                .decode_as()
                .map_err(|error| wrong(&error.to_string()))?,
        ),
        None => None,
    };
    let found = match (found, &embedded) {
        (Some(text), None) => text,
        (None, Some(embedded)) => embedded.as_bytes(),
        _ => return Err(wrong("it has no text, or two of them")),
    };
    if found != text {
        return Err(wrong("it has another text"));
    }
    let [info] = data.signer_infos.0.as_slice() else {
        return Err(wrong("it does not have one signer"));
    };
    if info.sid != SignerIdentifier::IssuerAndSerialNumber(signer.id()) {
        return Err(wrong("it names another signer"));
    }
    if info.signed_attrs.is_some() {
        return Err(wrong("it has signed attributes"));
    }
    if !signer.verifies(found, info.signature.as_bytes()) {
        return Err(wrong("the signature does not fit"));
    }
    Ok(())
}
