// SPDX-License-Identifier: GPL-2.0-only

//! Signatures in PKCS#7, checked against the kernel's keyrings.
//!
//! C headers: [`include/linux/verification.h`](srctree/include/linux/verification.h), and `signer.h`,
//! beside this file.

use super::bindings;
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

/// The signer of a message whose signature is valid.
pub(crate) enum Signer {
    /// The only one. The message has the certificate, whose fields, behind its header, are in this
    /// range. Its key has made the signature. Not every byte of the certificate is verified.
    Certificate(Range<usize>),
    /// The message does not have the certificate.
    Unknown,
    /// There is more than one.
    Several,
}

/// A range of memory, as C reports it.
#[derive(Default)]
struct Memory {
    address: usize,
    length: usize,
}

impl Memory {
    /// Returns its range in the message.
    ///
    /// # Errors
    ///
    /// `EBADMSG` where it is somewhere else.
    fn within(&self, message: &[u8]) -> Result<Range<usize>> {
        let start = self.address.wrapping_sub(message.as_ptr().addr());
        let end = start.checked_add(self.length).ok_or(EBADMSG)?;
        // The kernel's parser returns parts of the message. This check fails should it ever return a
        // copy.
        if end > message.len() {
            return Err(EBADMSG);
        }
        Ok(start..end)
    }
}

/// Notes the content of a message whose signature is valid.
///
/// # Safety
///
/// For `verify_with`, whose `Memory` the context is.
unsafe extern "C" fn view_content(
    context: *mut c_void,
    data: *const c_void,
    length: usize,
    _header: usize,
) -> c_int {
    // SAFETY: `verify_with` passes a `Memory` of its own, and nothing else uses it meanwhile.
    let content = unsafe { &mut *context.cast::<Memory>() };
    content.address = data.addr();
    content.length = length;
    0
}

/// Verifies a message that carries its content. Returns the content's range in the message, and the
/// signer.
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
pub(crate) fn verify(message: &[u8], keyring: Keyring) -> Result<(Range<usize>, Signer)> {
    let mut content = Memory::default();
    let signer = verify_with(None, message, keyring, &mut content)?;
    Ok((content.within(message)?, signer))
}

/// Verifies a message that is the signature of `data` and does not carry it. Returns the signer.
///
/// # Errors
///
/// As for [`verify`].
///
/// # Context
///
/// May sleep.
pub(crate) fn verify_detached(data: &[u8], signature: &[u8], keyring: Keyring) -> Result<Signer> {
    verify_with(Some(data), signature, keyring, &mut Memory::default())
}

fn verify_with(
    data: Option<&[u8]>,
    message: &[u8],
    keyring: Keyring,
    content: &mut Memory,
) -> Result<Signer> {
    let mut signer = pin_init::zeroed::<bindings::rust_lsm_signer>();
    let (data, length) = data.map_or((core::ptr::null(), 0), |data| (data.as_ptr(), data.len()));
    // SAFETY: Data and message are valid for their lengths, the keyring is one of those that C
    // defines, and the callback gets the `Memory` that it expects, during this call alone.
    to_result(unsafe {
        bindings::rust_lsm_verify_pkcs7(
            data.cast(),
            length,
            message.as_ptr().cast(),
            message.len(),
            keyring.as_ptr(),
            Some(view_content),
            core::ptr::from_mut(content).cast(),
            &mut signer,
        )
    })?;
    if signer.number > 1 {
        return Ok(Signer::Several);
    }
    if signer.fields.is_null() {
        return Ok(Signer::Unknown);
    }
    let fields = Memory {
        address: signer.fields.addr(),
        length: signer.length,
    };
    Ok(Signer::Certificate(fields.within(message)?))
}
