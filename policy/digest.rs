// SPDX-License-Identifier: GPL-2.0-only

//! Digests as policies write them: `<algorithm>:<hexadecimal digits>`.

use super::{
    algorithm::MAX_DIGEST_LEN,
    error::{
        ErrorKind,
        Fault, //
    },
    vocabulary::Value,
};

/// A digest as the policy writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestText<'a> {
    /// The name of the algorithm: what precedes the first colon.
    pub algorithm: &'a [u8],
    /// The hexadecimal digits: what follows the first colon.
    pub hex: &'a [u8],
}

impl<'a> Value<'a> for DigestText<'a> {
    /// Splits the value; [`Words::decode`] checks its digits.
    fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let colon = text.iter().position(|&byte| byte == b':');
        match colon.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))) {
            Some((algorithm, hex)) => Ok(Self { algorithm, hex }),
            None => Err(Fault::new(ErrorKind::DigestSeparatorMissing, 0, text.len())),
        }
    }
}

/// The value of each hexadecimal digit, [`NOT_HEX`] for every other byte.
const HEX: [u8; 256] = {
    let mut table = [NOT_HEX; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789abcdef"[value] as usize] = value as u8;
        table[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// Marks what is no hexadecimal digit: a bit that no digit's value has.
const NOT_HEX: u8 = 0x80;

/// The bytes of a digest as words, in the order in which memory has them.
#[derive(Clone, Copy)]
pub(super) struct Words([u32; MAX_DIGEST_LEN / 4]);

impl Words {
    /// No digest yet.
    pub(super) const fn new() -> Self {
        Self([0; MAX_DIGEST_LEN / 4])
    }

    /// Decodes hexadecimal digits, and returns how many bytes they make.
    ///
    /// Only as much is kept as the longest digest has. All of it is checked.
    ///
    /// # Errors
    ///
    /// A byte that is no hexadecimal digit, or an odd number of digits.
    pub(super) fn decode(&mut self, hex: &[u8]) -> Result<usize, Fault> {
        let mut words = self.0.iter_mut();
        let mut chunks = hex.chunks_exact(8);
        let mut seen = 0;

        for chunk in chunks.by_ref() {
            let mut word = 0;
            for pair in chunk.chunks_exact(2).rev() {
                let high = HEX[usize::from(pair[0])];
                let low = HEX[usize::from(pair[1])];
                seen |= high | low;
                word = (word << 8) | u32::from((high << 4) | low);
            }
            if let Some(slot) = words.next() {
                *slot = word;
            }
        }
        // No algorithm has digests that are not made of words, so what remains is only checked.
        for &byte in chunks.remainder() {
            seen |= HEX[usize::from(byte)];
        }

        if seen & NOT_HEX != 0 {
            let at = hex
                .iter()
                .position(|&byte| HEX[usize::from(byte)] == NOT_HEX);
            return Err(Fault::new(ErrorKind::DigestNotHex, at.unwrap_or(0), 1));
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
