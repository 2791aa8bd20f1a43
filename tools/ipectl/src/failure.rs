// SPDX-License-Identifier: GPL-2.0-only

//! The failure of a command, and the exit code of the program.

use std::{fmt, io, path::Path};

/// The class of a failure: the program's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// The command line makes no sense.
    Usage = 2,
    /// An input could not be read, or an output not be written.
    Input = 3,
    /// An input is invalid: a policy with errors, a signature that does not match.
    Invalid = 4,
    /// A key or a certificate cannot be used for signing.
    Signing = 5,
    /// The kernel refused.
    Refused = 6,
    /// This machine does not support it, or a program is missing.
    Unsupported = 7,
}

/// An error, with the next step.
#[derive(Debug)]
pub struct Failure {
    /// The class.
    pub class: Class,
    /// The error, in one sentence.
    pub message: String,
    /// The next step, if one is known.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: None,
        }
    }

    /// The same failure with the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure, about this file.
    #[must_use]
    pub fn about(mut self, name: impl fmt::Display) -> Self {
        self.message = format!("{name}: {}", self.message);
        self
    }

    /// A file could not be read or written.
    pub fn file(path: &Path, error: &io::Error) -> Self {
        Self::new(
            Class::Input,
            format!("{}: {}", path.display(), reason(error)),
        )
    }
}

/// Returns the text of an I/O error, without the number that Rust appends.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(Class::Input, reason(&error))
    }
}

/// The result of a command that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Success.
    Ok,
    /// There are findings, a denial, or a difference.
    Findings,
}

/// The result of a command.
pub type Result<T = Status> = std::result::Result<T, Failure>;
