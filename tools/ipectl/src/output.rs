// SPDX-License-Identifier: GPL-2.0-only

//! The output of commands, as text or JSON.

use crate::failure::Result;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// A colour, or another emphasis, of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// A note.
    Note,
    /// A success.
    Good,
    /// The most important text.
    Bold,
    /// Text around something more important.
    Dim,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Error => "\x1b[1;31m",
            Self::Warning => "\x1b[1;33m",
            Self::Note => "\x1b[1;36m",
            Self::Good => "\x1b[1;32m",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
        }
    }
}

/// The output of a command.
///
/// A reader that has seen enough, such as `head`, closes the pipe. Later output is lost.
/// This is not an error: the exit code still tells what the command found.
pub struct Output<'w> {
    writer: &'w mut dyn Write,
    colour: bool,
    json: bool,
}

impl<'w> Output<'w> {
    /// An output as asked for.
    pub fn new(writer: &'w mut dyn Write, colour: bool, json: bool) -> Self {
        Self {
            writer,
            colour,
            json,
        }
    }

    /// Whether JSON was asked for.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A piece of text, coloured where colours are wanted.
    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.colour {
            format!("{}{text}\x1b[0m", style.code())
        } else {
            text.to_owned()
        }
    }

    /// Writes a line.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<()> {
        let written = writeln!(self.writer, "{}", text.as_ref());
        unless_closed(written)
    }

    /// Writes bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.writer.write_all(bytes);
        unless_closed(written.and_then(|()| self.writer.flush()))
    }

    /// Writes what a command found out as one JSON object, indented, with a newline.
    pub fn json(&mut self, command: &str, result: &impl Serialize) -> Result<()> {
        let document = Document {
            command,
            schema: SCHEMA,
            result,
        };
        let mut text = serde_json::to_vec_pretty(&document).map_err(io::Error::from)?;
        text.push(b'\n');
        self.bytes(&text)
    }
}

/// Takes a pipe without a reader for written.
fn unless_closed(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// The version of the schemas, see `schema/`. It grows when a field goes or changes its meaning.
const SCHEMA: u32 = 1;

/// The JSON of a command.
#[derive(Serialize)]
struct Document<'d, T> {
    command: &'d str,
    schema: u32,
    #[serde(flatten)]
    result: &'d T,
}

/// Whether standard output may have colours: a terminal, and `NO_COLOR` does not object.
pub fn colour_wanted(terminal: &impl IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    terminal.is_terminal()
        && !set("NO_COLOR")
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Text that came from elsewhere, without what could move a terminal's cursor, or show characters in
/// another order than they have.
pub fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() || is_bidirectional(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Whether the character is one of Unicode's controls of the direction of text (`Bidi_Control`).
const fn is_bidirectional(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Returns a number and what it counts.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
