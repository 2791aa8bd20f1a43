// SPDX-License-Identifier: GPL-2.0-only

//! Text to lines, lines to tokens, in one pass.

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
/// `wanted` may only accept bytes up to `#`. This holds for every byte that ends a line, a token or
/// a comment, and lets the search skip eight larger bytes at a time.
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

/// Returns whether a byte ends a line.
const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Returns whether a byte ends the content of a line.
const fn is_end(byte: u8) -> bool {
    is_line_end(byte) || byte == COMMENT
}

/// Returns whether a byte separates tokens.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Returns whether a byte means nothing at the end of a line: the kernel's `isspace`, which also
/// knows the no-break space of Latin-1.
const fn is_space(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, 0x0b | 0x0c | 0xa0)
}

/// A token of a line.
#[derive(Clone, Copy)]
pub(super) struct Token<'a> {
    /// Its bytes.
    pub(super) text: &'a [u8],
    /// The index of its first byte in the text.
    pub(super) start: usize,
    /// Whether it is the last one of the line.
    pub(super) last: bool,
}

impl Token<'_> {
    /// Makes the whole token an error.
    pub(super) fn fault(&self, kind: ErrorKind) -> Fault {
        Fault::new(kind, self.start, self.text.len())
    }
}

/// Goes through a text, line by line, and through each line token by token.
///
/// A NUL byte is an error anywhere.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    /// The offset of the first byte that was not looked at yet.
    at: usize,
    /// The offset of the current line.
    line_start: usize,
    /// The number of the current line; 0 if there is none yet.
    line: u32,
}

impl<'a> Lexer<'a> {
    /// Begins before the first line of a text.
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            line_start: 0,
            line: 0,
        }
    }

    /// Goes to the next line that has content. Returns whether there is one.
    ///
    /// # Errors
    ///
    /// A NUL byte.
    pub(super) fn next_line(&mut self) -> Result<bool, Fault> {
        while self.step()? {
            let content = self.skip_space(self.at);
            if self.text.get(content).is_some_and(|&byte| !is_end(byte)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes to the next line, whatever it says, if there is one.
    #[inline]
    pub(super) fn step(&mut self) -> Result<bool, Fault> {
        if self.line == 0 {
            self.line = 1;
            return Ok(true);
        }
        self.skip_line()
    }

    /// Goes to the beginning of the next line. Returns whether there is one.
    fn skip_line(&mut self) -> Result<bool, Fault> {
        self.at = find(self.text, self.at, |byte| is_line_end(byte) || byte == 0);
        self.at += match self.text.get(self.at..) {
            None | Some([]) => return Ok(false),
            Some([0, ..]) => return Err(self.nul()),
            Some([b'\r', b'\n', ..]) => 2,
            Some(_) => 1,
        };
        self.line_start = self.at;
        self.line += 1;
        Ok(true)
    }

    /// Goes to the end of a line because of a NUL byte: one error for each line is enough.
    fn nul(&mut self) -> Fault {
        let fault = Fault::new(ErrorKind::Nul, self.at, 1);
        self.at = self.line_end();
        fault
    }

    /// Returns the index of the byte that ends the current line, or the length of the text.
    #[inline]
    pub(super) fn line_end(&self) -> usize {
        find(self.text, self.at, is_line_end)
    }

    /// Returns the index of the first byte from `start` on that is not white space.
    fn skip_space(&self, start: usize) -> usize {
        let mut at = start;
        while self.text.get(at).is_some_and(|&byte| is_space(byte)) {
            at += 1;
        }
        at
    }

    /// Returns the next token of the line.
    ///
    /// # Errors
    ///
    /// A NUL byte.
    #[inline]
    pub(super) fn next_token(&mut self) -> Result<Option<Token<'a>>, Fault> {
        let mut start = self.at;
        while self.text.get(start).is_some_and(|&byte| is_blank(byte)) {
            start += 1;
        }
        let end = find(self.text, start, |byte| {
            is_blank(byte) || is_end(byte) || byte == 0
        });
        self.at = end;
        if self.text.get(end) == Some(&0) {
            return Err(self.nul());
        }

        let mut text = self.text.get(start..end).unwrap_or(&[]);
        if text.is_empty() {
            return Ok(None);
        }
        let next = self.skip_space(end);
        let last = self.text.get(next).is_none_or(|&byte| is_end(byte));
        if last {
            self.at = next;
            while let [rest @ .., space] = text {
                if !is_space(*space) {
                    break;
                }
                text = rest;
            }
        }
        Ok(Some(Token { text, start, last }))
    }

    /// Goes back to the beginning of the line.
    pub(super) fn rewind(&mut self) {
        self.at = self.line_start;
    }

    /// Returns the offset of the current line.
    pub(super) fn line_offset(&self) -> u32 {
        self.position(self.line_start).offset
    }

    /// Returns whether this is the first line.
    pub(super) const fn in_first_line(&self) -> bool {
        self.line == 1
    }

    /// Returns the place of a byte of the current line.
    pub(super) fn position(&self, at: usize) -> Position {
        // Offsets fit: longer texts are refused.
        Position {
            line: self.line.max(1),
            column: (at - self.line_start + 1) as u32,
            offset: at as u32,
        }
    }

    /// Returns the place of the first byte that was not looked at yet.
    pub(super) fn end(&self) -> Position {
        self.position(self.at)
    }

    /// Reports a missing word as an error.
    pub(super) const fn nothing(&self, kind: ErrorKind) -> Fault {
        Fault::new(kind, self.at, 0)
    }

    /// Locates an error in the current line.
    pub(super) fn error(&self, fault: Fault) -> Error {
        Error {
            kind: fault.kind,
            position: self.position(fault.start),
            length: fault.length as u32,
        }
    }
}
