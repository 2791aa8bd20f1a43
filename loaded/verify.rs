// SPDX-License-Identifier: GPL-2.0-only

//! The signature of a policy: which keys and which certificates may sign, and what they signed.

use super::report::{
    Refusal,
    SignerRefusal, //
};
use crate::abstractions::hash::sha256;
use crate::abstractions::pkcs7::{
    self,
    Keyring,
    Signer, //
};
use crate::policy::envelope::{
    self,
    Form, //
};
use crate::policy::signers::{
    self,
    Fingerprint, //
};
use core::ops::Range;
use kernel::prelude::*;

/// The keyring that is asked first.
#[cfg(CONFIG_IPE_POLICY_SIG_SECONDARY_KEYRING)]
const TRUSTED: Keyring = Keyring::BuiltinAndSecondary;
#[cfg(not(CONFIG_IPE_POLICY_SIG_SECONDARY_KEYRING))]
const TRUSTED: Keyring = Keyring::Builtin;

/// The certificates that may sign, as the configuration lists them; the build has checked it. Empty
/// where all may that the keyrings vouch for.
static LIST: &[u8] = include_bytes!(concat!(env!("OBJTREE"), "/security/ipe/signers.bin"));

// Make reads the option, too, and takes what follows a `#` for a comment. The list must not become
// empty by that: everybody could sign.
#[cfg(not(CONFIG_IPE_POLICY_SIGNERS = ""))]
const _: () = assert!(!LIST.is_empty(), "CONFIG_IPE_POLICY_SIGNERS is malformed");

/// A message whose signature counts.
pub(super) struct Verified {
    /// The range of the policy's text in the message.
    pub(super) text: Range<usize>,
    /// The certificate of the signer, if there is one signer and the message has it.
    pub(super) signer: Option<Fingerprint>,
}

/// Verifies a message's signature.
///
/// # Errors
///
/// `EBADMSG` where the parts of the message do not fit; those of [`pkcs7::verify`]; `EKEYREJECTED`
/// where the configuration lists certificates, and the message is not signed by one of them alone.
///
/// # Context
///
/// May sleep.
pub(super) fn verify(message: &[u8], form: Form) -> Result<Verified, Refusal> {
    let parts = match form {
        Form::Pkcs7 => None,
        Form::Appended => Some(envelope::split_appended(message).ok_or(EBADMSG)?),
    };
    // The part of the message that is in PKCS#7.
    let signed = match &parts {
        None => message,
        Some(parts) => message.get(parts.signature.clone()).ok_or(EBADMSG)?,
    };
    let verify = |keyring| match &parts {
        None => pkcs7::verify(signed, keyring),
        Some(parts) => {
            let text = message.get(parts.text.clone()).ok_or(EBADMSG)?;
            let signer = pkcs7::verify_detached(text, signed, keyring)?;
            Ok((parts.text.clone(), signer))
        }
    };
    let (text, signer) = match verify(TRUSTED) {
        #[cfg(CONFIG_IPE_POLICY_SIG_PLATFORM_KEYRING)]
        Err(error) if error == ENOKEY || error == EKEYREJECTED => verify(Keyring::Platform),
        result => result,
    }?;
    let signer = check_signer(LIST, signed, signer)?;
    Ok(Verified { text, signer })
}

/// Returns the fingerprint of the signer's certificate, if the list allows the signer.
///
/// # Errors
///
/// `EKEYREJECTED`.
fn check_signer(
    list: &[u8],
    message: &[u8],
    signer: Signer,
) -> Result<Option<Fingerprint>, Refusal> {
    let refuse = |reason| {
        if list.is_empty() {
            Ok(None)
        } else {
            Err(Refusal::Signer(reason))
        }
    };
    let fields = match signer {
        Signer::Certificate(fields) => fields,
        Signer::Unknown => return refuse(SignerRefusal::Unknown),
        Signer::Several => return refuse(SignerRefusal::Several),
    };
    let Some(certificate) = signers::certificate(message, fields) else {
        return refuse(SignerRefusal::Unknown);
    };
    let signer = sha256(certificate);
    if list.is_empty() || signers::fingerprints(list).any(|listed| listed == Ok(signer)) {
        Ok(Some(signer))
    } else {
        Err(Refusal::Signer(SignerRefusal::NotListed(signer)))
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
