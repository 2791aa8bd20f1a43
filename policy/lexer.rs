// SPDX-License-Identifier: GPL-2.0-only

//! Text to lines, lines to tokens, in one pass.

use super::error::{
    Error,
    ErrorKind,
    Fault,
    Position, //
};

/// A set of bytes up to `#`: bit `n` of the word stands for the byte `n`.
///
/// Every byte that ends a line, a token or a comment is in this range.
#[derive(Clone, Copy)]
struct Bytes(u64);

impl Bytes {
    /// The largest byte that can be in a set.
    const LARGEST: u8 = b'#';

    const NUL: Self = Self::of(b"\0");
    /// Ends a line.
    const LINE_END: Self = Self::of(b"\n\r");
    /// Ends the content of a line.
    const END: Self = Self::LINE_END.or(Self::of(b"#"));
    /// Separates tokens.
    const BLANK: Self = Self::of(b" \t");

    #[inline]
    const fn of(bytes: &[u8]) -> Self {
        let mut set = 0;
        let mut rest = bytes;
        while let [byte, after @ ..] = rest {
            assert!(*byte <= Self::LARGEST);
            set |= 1 << *byte;
            rest = after;
        }
        Self(set)
    }

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, byte: u8) -> bool {
        byte <= Self::LARGEST && self.0 & (1 << byte) != 0
    }

    /// Returns the index of the first byte from `start` on that is in the set, or the length.
    #[inline(never)]
    fn find(self, text: &[u8], start: usize) -> usize {
        /// One more than the largest byte that can be in a set, in each byte.
        const LIMIT: u64 = (Bytes::LARGEST as u64 + 1) * (u64::MAX / 0xff);
        const HIGH_BITS: u64 = 0x80 * (u64::MAX / 0xff);

        let mut at = start;
        loop {
            // Skips up to eight bytes that no set can have.
            if let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk) {
                let bytes = u64::from_le_bytes(*chunk);
                // The high bit of the lowest byte below the limit is set, and none below that one.
                let below = bytes.wrapping_sub(LIMIT) & !bytes & HIGH_BITS;
                at += (below.trailing_zeros() / 8) as usize;
                if below == 0 {
                    continue;
                }
            }
            match text.get(at) {
                Some(&byte) if !self.has(byte) => at += 1,
                _ => return at,
            }
        }
    }
}

/// Returns whether a byte means nothing at the end of a line: the kernel's `isspace`, which also
/// knows the no-break space of Latin-1.
const fn is_space(byte: u8) -> bool {
    Bytes::BLANK.has(byte) || matches!(byte, 0x0b | 0x0c | 0xa0)
}

/// Splits a text at the first of its bytes that is the separator, if there is one.
pub(super) fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == separator)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
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
    /// Returns the index of the byte after it in the text.
    pub(super) const fn end(&self) -> usize {
        self.start + self.text.len()
    }

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
    /// The number of the current line.
    line: u32,
    /// Whether the current line is still to be taken as the next one.
    pending: bool,
}

impl<'a> Lexer<'a> {
    /// Begins before the first line of a text.
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            line_start: 0,
            line: 1,
            pending: true,
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
            if self
                .text
                .get(content)
                .is_some_and(|&byte| !Bytes::END.has(byte))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes to the next line, whatever it says, if there is one.
    #[inline]
    pub(super) fn step(&mut self) -> Result<bool, Fault> {
        if core::mem::take(&mut self.pending) {
            return Ok(true);
        }
        self.skip_line()
    }

    /// Goes to the beginning of the next line. Returns whether there is one.
    fn skip_line(&mut self) -> Result<bool, Fault> {
        self.at = Bytes::LINE_END.or(Bytes::NUL).find(self.text, self.at);
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
        Bytes::LINE_END.find(self.text, self.at)
    }

    /// Returns the index of the first byte from `start` on that is not white space.
    fn skip_space(&self, start: usize) -> usize {
        let mut at = start;
        while self.text.get(at).is_some_and(|&byte| is_space(byte)) {
            at += 1;
        }
        at
    }

    /// Returns the next token of the line. It is empty, and the last one, if there is none.
    ///
    /// # Errors
    ///
    /// A NUL byte.
    #[inline]
    pub(super) fn next_token(&mut self) -> Result<Token<'a>, Fault> {
        let mut start = self.at;
        while self
            .text
            .get(start)
            .is_some_and(|&byte| Bytes::BLANK.has(byte))
        {
            start += 1;
        }
        let end = Bytes::BLANK
            .or(Bytes::END)
            .or(Bytes::NUL)
            .find(self.text, start);
        self.at = end;
        if self.text.get(end) == Some(&0) {
            return Err(self.nul());
        }

        let mut text = self.text.get(start..end).unwrap_or(&[]);
        let next = self.skip_space(end);
        let last = self.text.get(next).is_none_or(|&byte| Bytes::END.has(byte));
        if last {
            self.at = next;
            while let [rest @ .., space] = text {
                if !is_space(*space) {
                    break;
                }
                text = rest;
            }
        }
        Ok(Token { text, start, last })
    }

    /// Makes the current line the next one, too.
    pub(super) fn rewind(&mut self) {
        self.at = self.line_start;
        self.pending = true;
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
            line: self.line,
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
            position: self.position(fault.start as usize),
            length: fault.length,
        }
    }
}
