// SPDX-License-Identifier: GPL-2.0-only

//! Text to lines, lines to tokens.

use super::error::{
    Error,
    ErrorKind,
    Fault,
    Position, //
};

/// Begins a comment.
const COMMENT: u8 = b'#';

/// Returns the index of the first byte from `start` on that `wanted` accepts, or the length.
///
/// `wanted` may only accept bytes up to `#`, which holds for all that ends a line, a token or a
/// comment: so eight bytes at a time are known not to be wanted.
#[inline]
fn find(text: &[u8], start: usize, wanted: impl Fn(u8) -> bool) -> usize {
    /// One more than the largest byte that can be wanted, in each byte.
    const LIMIT: u64 = (COMMENT as u64 + 1) * (u64::MAX / 0xff);
    const HIGH_BITS: u64 = 0x80 * (u64::MAX / 0xff);

    let mut at = start;
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let bytes = u64::from_le_bytes(*chunk);
        // The high bit of the lowest byte below the limit is set, and none below that one.
        let below = bytes.wrapping_sub(LIMIT) & !bytes & HIGH_BITS;
        if below == 0 {
            at += 8;
            continue;
        }
        at += (below.trailing_zeros() / 8) as usize;
        match text.get(at) {
            Some(&byte) if !wanted(byte) => at += 1,
            _ => return at,
        }
    }
    while let Some(&byte) = text.get(at) {
        if wanted(byte) {
            break;
        }
        at += 1;
    }
    at
}

/// Returns whether a byte at the end of a line is white space, as the kernel's `isspace` says.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0xa0)
}

/// Returns whether a byte ends a line.
const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Returns whether a byte separates tokens.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A line without its comment and without the white space at its end.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// What the line says.
    pub(super) text: &'a [u8],
    /// The offset of its first byte in the policy.
    pub(super) offset: u32,
    /// Its number, from 1.
    number: u32,
}

impl<'a> Line<'a> {
    /// Returns the place of a byte of the line.
    pub(super) fn position(&self, at: usize) -> Position {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        Position {
            line: self.number,
            column: at.saturating_add(1),
            offset: self.offset.saturating_add(at),
        }
    }

    /// Locates an error in the policy.
    pub(super) fn error(&self, fault: Fault) -> Error {
        Error {
            kind: fault.kind,
            position: self.position(fault.start),
            length: u32::try_from(fault.length).unwrap_or(u32::MAX),
        }
    }

    /// Returns the tokens of the line.
    pub(super) fn tokens(&self) -> Tokens<'a> {
        Tokens {
            text: self.text,
            at: 0,
        }
    }
}

/// The lines of a policy, empty ones left out.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    /// The offset of what was not looked at yet.
    at: usize,
    /// The offset of the line that has it, or begins with it.
    start: usize,
    /// The number of that line.
    number: u32,
}

impl<'a> Lines<'a> {
    /// Returns the lines of a policy.
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            start: 0,
            number: 1,
        }
    }

    /// Returns the place of what was not looked at yet.
    pub(super) fn position(&self) -> Position {
        self.line(&[]).position(self.at - self.start)
    }

    /// Returns the current line.
    fn line(&self, text: &'a [u8]) -> Line<'a> {
        Line {
            text,
            offset: u32::try_from(self.start).unwrap_or(u32::MAX),
            number: self.number,
        }
    }

    /// Goes past the end of a line, if there is one.
    fn advance(&mut self, end: usize) {
        self.at = end;
        if let Some(ending) = self.text.get(end..).filter(|ending| !ending.is_empty()) {
            self.at += if ending.starts_with(b"\r\n") { 2 } else { 1 };
            self.start = self.at;
            self.number += 1;
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.text.len() {
            let mut nul = None;
            let mut comment = None;
            let mut end = self.at;
            loop {
                end = find(self.text, end, |byte| {
                    is_line_end(byte) || byte == 0 || byte == COMMENT
                });
                match self.text.get(end) {
                    Some(0) => nul = nul.or(Some(end)),
                    Some(&COMMENT) => comment = comment.or(Some(end)),
                    _ => break,
                }
                end += 1;
            }

            let content = self.text.get(self.at..comment.unwrap_or(end));
            let line = self.line(trim_end(content.unwrap_or(&[])));
            let start = self.at;
            self.advance(end);

            if let Some(at) = nul {
                return Some(Err(line.error(Fault::new(ErrorKind::Nul, at - start, 1))));
            }
            if !line.text.is_empty() {
                return Some(Ok(line));
            }
        }
        None
    }
}

/// Cuts the white space off the end of a line.
fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text {
        if !is_space(*last) {
            break;
        }
        text = rest;
    }
    text
}

/// A token of a line.
#[derive(Clone, Copy)]
pub(super) struct Token<'a> {
    /// What the token says.
    pub(super) text: &'a [u8],
    /// The index of its first byte in the line.
    pub(super) start: usize,
    /// Whether it is the last one of the line.
    pub(super) last: bool,
}

impl Token<'_> {
    /// An error that is the whole token.
    pub(super) fn fault(&self, kind: ErrorKind) -> Fault {
        Fault::new(kind, self.start, self.text.len())
    }
}

/// The tokens of a line.
#[derive(Clone)]
pub(super) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    #[inline]
    fn next(&mut self) -> Option<Token<'a>> {
        let mut start = self.at;
        while self.text.get(start).is_some_and(|&byte| is_blank(byte)) {
            start += 1;
        }
        let end = find(self.text, start, is_blank);
        self.at = end;
        match self.text.get(start..end) {
            None | Some([]) => None,
            Some(text) => Some(Token {
                text,
                start,
                // A line does not end with a blank.
                last: end == self.text.len(),
            }),
        }
    }
}
