// SPDX-License-Identifier: GPL-2.0-only

//! Who may write policies: the holders of the keys that the kernel trusts.

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

/// Verifies a message's signature; returns where in the message the policy's text lies.
///
/// May sleep. Errors: those of [`pkcs7::verify`].
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
