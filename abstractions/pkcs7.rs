// SPDX-License-Identifier: GPL-2.0-only

//! Signatures in PKCS#7, checked against the kernel's keyrings.
//!
//! C header: [`include/linux/verification.h`](srctree/include/linux/verification.h)

use super::bindings;
use super::compat::EBADMSG;
use core::ops::Range;
use kernel::error::to_result;
use kernel::ffi::{
    c_int,
    c_void, //
};
use kernel::prelude::*;

/// A keyring whose keys are trusted.
#[allow(dead_code, reason = "not every configuration trusts all of them")]
#[derive(Copy, Clone)]
pub(crate) enum Keyring {
    /// The keys that were compiled into the kernel.
    Builtin,
    /// Those, and keys that were added later and that one of them vouches for.
    BuiltinAndSecondary,
    /// The keys of the machine's firmware.
    Platform,
}

impl Keyring {
    /// Returns what C takes: null, or a small number in the place of a pointer.
    fn as_ptr(self) -> *mut bindings::key {
        core::ptr::without_provenance_mut(match self {
            Self::Builtin => 0,
            Self::BuiltinAndSecondary => 1,
            Self::Platform => 2,
        })
    }
}

/// The signed content's place in memory, as C reports it.
#[derive(Default)]
struct Content {
    address: usize,
    length: usize,
}

/// Notes the content of a message whose signature is valid.
///
/// # Safety
///
/// For `verify_with`, whose `Content` the context is.
unsafe extern "C" fn view_content(
    context: *mut c_void,
    data: *const c_void,
    length: usize,
    _header: usize,
) -> c_int {
    // SAFETY: `verify` passes a `Content` of its own, and nothing else uses it meanwhile.
    let content = unsafe { &mut *context.cast::<Content>() };
    content.address = data.addr();
    content.length = length;
    0
}

/// Verifies a message that carries its content. Returns the content's range in the message.
///
/// # Errors
///
/// - `EBADMSG` where it is not such a message.
/// - `EMSGSIZE` where it is longer than the ASN.1 decoder takes (64 KiB).
/// - `ENODATA` or `EKEYREJECTED` where it has no content.
/// - `ENOPKG` where the kernel lacks an algorithm.
/// - `ENOKEY` where no key of the keyring made the signature.
/// - `EKEYREJECTED` where the signature is wrong or the key revoked.
/// - `ENOMEM`.
///
/// # Context
///
/// May sleep.
pub(crate) fn verify(message: &[u8], keyring: Keyring) -> Result<Range<usize>> {
    let mut content = Content::default();
    verify_with(None, message, keyring, &mut content)?;
    let start = content.address.wrapping_sub(message.as_ptr().addr());
    let end = start.checked_add(content.length).ok_or(EBADMSG)?;
    // The kernel's parser returns a part of the message. This check fails should it ever return a
    // copy.
    if end > message.len() {
        return Err(EBADMSG);
    }
    Ok(start..end)
}

/// Verifies a message that is the signature of `data` and does not carry it.
///
/// # Errors
///
/// As for [`verify`].
///
/// # Context
///
/// May sleep.
pub(crate) fn verify_detached(data: &[u8], signature: &[u8], keyring: Keyring) -> Result {
    verify_with(Some(data), signature, keyring, &mut Content::default())
}

fn verify_with(
    data: Option<&[u8]>,
    message: &[u8],
    keyring: Keyring,
    content: &mut Content,
) -> Result {
    let (data, length) = data.map_or((core::ptr::null(), 0), |data| (data.as_ptr(), data.len()));
    // SAFETY: Data and message are valid for their lengths, the keyring is one of those that C
    // defines, and the callback gets the `Content` that it expects, during this call alone.
    to_result(unsafe {
        bindings::verify_pkcs7_signature(
            data.cast(),
            length,
            message.as_ptr().cast(),
            message.len(),
            keyring.as_ptr(),
            bindings::key_being_used_for_VERIFYING_UNSPECIFIED_SIGNATURE,
            Some(view_content),
            core::ptr::from_mut(content).cast(),
        )
    })
}
