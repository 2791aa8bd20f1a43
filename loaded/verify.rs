// SPDX-License-Identifier: GPL-2.0-only

//! The signature of a policy: which keys may sign, and what they signed.

use crate::abstractions::compat::EBADMSG;
#[cfg(CONFIG_IPE_POLICY_SIG_PLATFORM_KEYRING)]
use crate::abstractions::compat::{
    EKEYREJECTED,
    ENOKEY, //
};
use crate::abstractions::pkcs7::{
    self,
    Keyring, //
};
use crate::policy::envelope::{
    self,
    Form, //
};
use core::ops::Range;
use kernel::prelude::*;

/// The keyring that is asked first.
#[cfg(CONFIG_IPE_POLICY_SIG_SECONDARY_KEYRING)]
const TRUSTED: Keyring = Keyring::BuiltinAndSecondary;
#[cfg(not(CONFIG_IPE_POLICY_SIG_SECONDARY_KEYRING))]
const TRUSTED: Keyring = Keyring::Builtin;

/// Verifies a message's signature. Returns the range of the policy's text in the message.
///
/// # Errors
///
/// `EBADMSG` where the parts of the message do not fit; those of [`pkcs7::verify`].
///
/// # Context
///
/// May sleep.
pub(super) fn verify(message: &[u8], form: Form) -> Result<Range<usize>> {
    let verify = |keyring| match form {
        Form::Pkcs7 => pkcs7::verify(message, keyring),
        Form::Appended => {
            let parts = envelope::split_appended(message).ok_or(EBADMSG)?;
            let text = message.get(parts.text.clone()).ok_or(EBADMSG)?;
            let signature = message.get(parts.signature).ok_or(EBADMSG)?;
            pkcs7::verify_detached(text, signature, keyring)?;
            Ok(parts.text)
        }
    };
    match verify(TRUSTED) {
        #[cfg(CONFIG_IPE_POLICY_SIG_PLATFORM_KEYRING)]
        Err(error) if error == ENOKEY || error == EKEYREJECTED => verify(Keyring::Platform),
        result => result,
    }
}
