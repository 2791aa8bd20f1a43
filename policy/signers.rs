// SPDX-License-Identifier: GPL-2.0-only

//! The certificates that may sign policies: the list of their fingerprints in the kernel's
//! configuration, and a certificate in a signed message.
//!
//! It uses nothing of the rest of the language: the program that checks the list while the kernel is
//! built consists of it.

use core::{
    fmt,
    ops::Range, //
};

/// The SHA-256 digest of a certificate, as `openssl x509 -fingerprint -sha256` prints it.
pub type Fingerprint = [u8; 32];

/// A word of a list that is not a fingerprint: 64 hexadecimal digits, all pairs of which may be
/// separated by colons.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The number of the first byte of the word, from 1.
    pub column: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "column {}: not a SHA-256 fingerprint: 64 hexadecimal digits, or 32 pairs of them \
             with colons between",
            self.column
        )
    }
}

/// Returns the fingerprints of a list, whose words are separated by commas and white space.
#[inline]
pub fn fingerprints(list: &[u8]) -> impl Iterator<Item = Result<Fingerprint, Malformed>> + '_ {
    let mut column = 1;
    list.split(|&byte| byte == b',' || byte.is_ascii_whitespace())
        .map(move |word| {
            let at = column;
            column += word.len() + 1;
            (at, word)
        })
        .filter(|(_, word)| !word.is_empty())
        .map(|(column, word)| fingerprint(word).ok_or(Malformed { column }))
}

/// Reads a fingerprint.
fn fingerprint(word: &[u8]) -> Option<Fingerprint> {
    let mut bytes = [0; 32];
    // The distance of two pairs.
    let pitch = match word.len() {
        64 => 2,
        95 => 3,
        _ => return None,
    };
    for (byte, pair) in bytes.iter_mut().zip(word.chunks(pitch)) {
        let (high, low) = match *pair {
            [high, low] | [high, low, b':'] => (high, low),
            _ => return None,
        };
        *byte = (digit(high)? << 4) | digit(low)?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

/// Returns the certificate in a message whose fields are in this range: the fields with the header
/// before them. `None` where the header is not that of DER.
#[inline]
pub fn certificate(message: &[u8], fields: Range<usize>) -> Option<&[u8]> {
    let length = fields.end.checked_sub(fields.start)?;
    let [.., high, low] = length.to_be_bytes();
    let header: &[u8] = match length {
        0..=0x7f => &[0x30, low],
        0x80..=0xff => &[0x30, 0x81, low],
        0x100..=0xffff => &[0x30, 0x82, high, low],
        // The kernel's parser takes no longer message.
        _ => return None,
    };
    let start = fields.start.checked_sub(header.len())?;
    let certificate = message.get(start..fields.end)?;
    certificate.starts_with(header).then_some(certificate)
}

#[cfg(any(test, CONFIG_SECURITY_IPE_KUNIT_TEST))]
mod tests;
