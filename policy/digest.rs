// SPDX-License-Identifier: GPL-2.0-only

//! Digests as policies write them: `<algorithm>:<hexadecimal digits>`.

use super::{
    algorithm::MAX_DIGEST_LEN,
    error::{
        ErrorKind,
        Fault, //
    },
    lexer::split_once,
};

/// A digest as the policy writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestText<'a> {
    /// The name of the algorithm: the text before the first colon.
    pub algorithm: &'a [u8],
    /// The hexadecimal digits: the text after the first colon.
    pub hex: &'a [u8],
}

impl<'a> DigestText<'a> {
    /// Splits a value at its first colon, if it has one. [`Words::decode`] checks its digits.
    pub(super) fn split(text: &'a [u8]) -> Option<Self> {
        let (algorithm, hex) = split_once(text, b':')?;
        Some(Self { algorithm, hex })
    }
}

impl DigestText<'_> {
    /// Returns the bytes, at the start of the buffer. Returns `None` for text that is not
    /// hexadecimal, or is longer than the longest digest.
    pub fn bytes<'b>(&self, buffer: &'b mut [u8; MAX_DIGEST_LEN]) -> Option<&'b [u8]> {
        let mut words = Words::new();
        let length = words.decode(self.hex).ok()?;
        for (to, word) in buffer.chunks_exact_mut(4).zip(words.0) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        buffer.get(..length)
    }
}

/// Repeats a byte eight times.
const fn eight(byte: u8) -> u64 {
    byte as u64 * (u64::MAX / 0xff)
}

/// Decodes eight hexadecimal digits at once, each in a byte of its own.
///
/// Returns the four bytes, and a number that is zero if all eight are digits.
#[inline]
pub(super) const fn decode_eight(digits: &[u8; 8]) -> (u32, u64) {
    let digits = u64::from_le_bytes(*digits);
    // Letters of both cases have bit 6. Their low four bits count from 1, which stands for 10.
    let letters = (digits >> 6) & eight(1);
    let values = (digits & eight(0x0f)) + letters * 9;
    // The digits of these values must be those of the text, in lower case.
    let above_nine = ((values + eight(0x80 - 10)) >> 7) & eight(1);
    let written = eight(b'0') + values + above_nine * (b'a' - b'0' - 10) as u64;
    let wrong = (written ^ (digits | (letters << 5))) | (values & eight(0x10));

    let bytes = ((values << 4) | (values >> 8)) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | (bytes >> 8)) & 0x0000_ffff_0000_ffff;
    ((pairs | (pairs >> 16)) as u32, wrong)
}

/// The bytes of a digest as words, in the order in which memory has them.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Words([u32; MAX_DIGEST_LEN / 4]);

impl Words {
    /// Creates an empty digest.
    pub(super) const fn new() -> Self {
        Self([0; MAX_DIGEST_LEN / 4])
    }

    /// Decodes hexadecimal digits. Returns the number of bytes.
    ///
    /// Checks all digits, and keeps as many as the longest digest has.
    ///
    /// # Errors
    ///
    /// A byte that is not a hexadecimal digit, or an odd number of digits.
    pub(super) fn decode(&mut self, hex: &[u8]) -> Result<usize, Fault> {
        let mut words = self.0.iter_mut();
        let mut rest = hex;
        let mut wrong = 0;

        while let Some((digits, after)) = rest.split_first_chunk() {
            let (word, wrong_here) = decode_eight(digits);
            rest = after;
            wrong |= wrong_here;
            if let Some(slot) = words.next() {
                *slot = word;
            }
        }
        // All algorithms have digests of whole words, so the rest is only checked.
        if wrong != 0 || !rest.is_empty() {
            if let Some(at) = hex.iter().position(|byte| !byte.is_ascii_hexdigit()) {
                return Err(Fault::new(ErrorKind::DigestNotHex, at, 1));
            }
        }
        if hex.len() % 2 != 0 {
            return Err(Fault::new(ErrorKind::DigestOdd, 0, hex.len()));
        }
        Ok(hex.len() / 2)
    }

    /// Returns the words of a digest of the given number of bytes.
    pub(super) fn get(&self, bytes: usize) -> &[u32] {
        self.0.get(..bytes / 4).unwrap_or(&self.0)
    }
}
