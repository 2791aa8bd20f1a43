// SPDX-License-Identifier: GPL-2.0-only

//! Entries that are nothing but strings, as nearly all of them are.
//!
//! A record's entry has a thousand bytes in some thirty fields, and seven of them matter. A reader of
//! JSON in general looks at each byte of the others; this one looks at eight at once. Whatever is not
//! of the plain form, it leaves to the other reader.

use super::{Entry, Field};
use memchr::memchr;

/// Reads an entry; none where it is not of the plain form, which does not mean that it is no entry.
pub(super) fn parse(line: &[u8]) -> Option<Entry<'_>> {
    let mut entry = Entry::default();
    let mut rest = blanks(line.strip_prefix(b"{")?);
    loop {
        let (key, after) = string(rest.strip_prefix(b"\"")?)?;
        if key.escapes || !key.raw.is_ascii() {
            return None;
        }
        let after = blanks(blanks(after).strip_prefix(b":")?);
        let (value, after) = match after.strip_prefix(b"\"") {
            Some(text) => string(text).map(|(text, after)| (Some(text), after))?,
            None => (None, after.strip_prefix(b"null")?),
        };
        if let Some(field) = entry.field(key.raw) {
            *field = match value {
                Some(text) => text.into_field()?,
                None => Field::Other,
            };
        }
        let (&next, after) = blanks(after).split_first()?;
        rest = blanks(after);
        match next {
            b',' => {}
            b'}' if rest.is_empty() => return Some(entry),
            _ => return None,
        }
    }
}

/// Returns the text after blanks.
fn blanks(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((b' ' | b'\t' | b'\n' | b'\r', after)) = rest.split_first() {
        rest = after;
    }
    rest
}

/// The inside of a string.
struct Text<'e> {
    raw: &'e [u8],
    escapes: bool,
}

impl<'e> Text<'e> {
    /// Returns it without escapes; none if it is not UTF-8.
    fn into_field(self) -> Option<Field<'e>> {
        if !self.escapes {
            return Some(Field::Text(std::str::from_utf8(self.raw).ok()?.into()));
        }
        let mut bytes = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(place) = memchr(b'\\', rest) {
            bytes.extend_from_slice(&rest[..place]);
            bytes.push(unescape(*rest.get(place + 1)?)?);
            rest = &rest[place + 2..];
        }
        bytes.extend_from_slice(rest);
        Some(Field::Text(String::from_utf8(bytes).ok()?.into()))
    }
}

/// Returns a string whose first quote was read, and what follows it.
fn string(text: &[u8]) -> Option<(Text<'_>, &[u8])> {
    let (mut end, mut escapes) = (0, false);
    loop {
        end += special(&text[end..])?;
        match text[end] {
            b'"' => {
                let raw = &text[..end];
                return Some((Text { raw, escapes }, &text[end + 1..]));
            }
            b'\\' => {
                unescape(*text.get(end + 1)?)?;
                escapes = true;
                end += 2;
            }
            _ => return None,
        }
    }
}

/// Returns the character that an escape stands for. Those with digits are left to the other reader.
fn unescape(escape: u8) -> Option<u8> {
    Some(match escape {
        b'"' | b'\\' | b'/' => escape,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// Finds the first byte that does not stand for itself in a string: a quote, a backslash, or a
/// control character, which no string may have.
fn special(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHEST: u64 = ONES << 7;
    // The highest bit of each byte that is less than a limit. A borrow only reaches bytes above one
    // that is less, so that the lowest bit is right.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGHEST;
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let mut place = 0;
    while let Some(word) = text[place..].first_chunk() {
        let word = u64::from_le_bytes(*word);
        let found = is(word, b'"') | is(word, b'\\') | below(word, b' ');
        if found != 0 {
            return Some(place + found.trailing_zeros() as usize / 8);
        }
        place += 8;
    }
    let rest = text[place..].iter();
    let in_rest = rest
        .copied()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '));
    in_rest.map(|found| place + found)
}

#[cfg(test)]
mod tests;
