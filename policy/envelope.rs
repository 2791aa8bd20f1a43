// SPDX-License-Identifier: GPL-2.0-only

//! The two forms of a signed policy, and when such a message is complete.
//!
//! A PKCS#7 message in DER carries the text, and its first bytes tell its length. Alternatively,
//! the signature follows the text, like that of a kernel module: text, detached PKCS#7 signature,
//! trailer, magic (`include/uapi/linux/module_signature.h`, `scripts/sign-file`). The kernel's
//! ASN.1 decoder takes at most 64 KiB. This limits the whole message in the first form, but only
//! the signature in the second.
//!
//! The first byte tells them apart: a policy's text cannot begin with that of a DER sequence.

use core::ops::Range;

/// The length of the longest message that is accepted, in bytes.
pub const MAX_LENGTH: usize = 16 << 20;

/// The end of a message with an appended signature.
pub const MAGIC: &[u8; 28] = b"~Module signature appended~\n";

/// The length of the trailer before the magic: `struct module_signature`.
const TRAILER_LENGTH: usize = 12;

/// The trailer's `id_type` for PKCS#7, in its third byte.
const ID_TYPE_PKCS7: u8 = 2;

/// The first byte of a DER message: the tag of a sequence.
const DER_SEQUENCE: u8 = 0x30;

/// How a policy is signed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A PKCS#7 message that carries the text.
    Pkcs7,
    /// The text with a detached PKCS#7 signature appended.
    Appended,
}

/// The reason why a message can never become complete.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It begins like neither form, or with a length that DER does not allow: `EBADMSG`.
    Malformed,
    /// It is longer than [`MAX_LENGTH`], or its first bytes announce that: `EFBIG`.
    TooLong,
}

/// Returns the form of a complete message; `None` while it is incomplete.
///
/// The time does not depend on the length, so a caller may ask after each of many small writes.
///
/// # Errors
///
/// [`Unusable`] where no further byte could make it complete.
pub fn form(message: &[u8]) -> Result<Option<Form>, Unusable> {
    if message.len() > MAX_LENGTH {
        return Err(Unusable::TooLong);
    }
    match message.first() {
        None => Ok(None),
        Some(&DER_SEQUENCE) => Ok(match der_length(message)? {
            Some(length) if message.len() >= length => Some(Form::Pkcs7),
            _ => None,
        }),
        Some(&first) if may_begin_text(first) => {
            Ok(split_appended(message).map(|_| Form::Appended))
        }
        Some(_) => Err(Unusable::Malformed),
    }
}

/// The parts of a complete message with an appended signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The policy's text.
    pub text: Range<usize>,
    /// The detached PKCS#7 signature of the text.
    pub signature: Range<usize>,
}

/// Splits a message that ends with the magic and a trailer that fits. Returns `None` for any other.
pub fn split_appended(message: &[u8]) -> Option<Parts> {
    let (rest, trailer) = message
        .strip_suffix(MAGIC)?
        .split_last_chunk::<TRAILER_LENGTH>()?;
    let [0, 0, ID_TYPE_PKCS7, 0, 0, 0, 0, 0, length @ ..] = trailer else {
        return None;
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let text = rest.len().checked_sub(length)?;
    if length == 0 || text == 0 {
        return None;
    }
    Some(Parts {
        text: 0..text,
        signature: text..rest.len(),
    })
}

/// Returns whether a policy's text may begin with this byte: white space, a comment, or its header.
fn may_begin_text(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0xa0 | b'#' | b'p')
}

/// Returns the length of the whole message, from its first bytes; `None` while they have not
/// arrived.
fn der_length(message: &[u8]) -> Result<Option<usize>, Unusable> {
    let Some(&first) = message.get(1) else {
        return Ok(None);
    };
    let (header, length) = match first {
        0..=0x7f => (2, usize::from(first)),
        // 0x80 is the indefinite length of BER, which the kernel refuses, too.
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let Some(bytes) = message.get(2..2 + count) else {
                return Ok(None);
            };
            let length = bytes
                .iter()
                .fold(0u32, |length, &byte| (length << 8) | u32::from(byte));
            (
                2 + count,
                usize::try_from(length).map_err(|_| Unusable::TooLong)?,
            )
        }
        _ => return Err(Unusable::Malformed),
    };
    match header.checked_add(length) {
        Some(total) if total <= MAX_LENGTH => Ok(Some(total)),
        _ => Err(Unusable::TooLong),
    }
}

#[cfg(any(test, CONFIG_SECURITY_IPE_KUNIT_TEST))]
mod tests;
