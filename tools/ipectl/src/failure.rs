// SPDX-License-Identifier: GPL-2.0-only

//! Why a command could not do what it was asked to, and with which code the program ends.

use std::{fmt, io, path::Path};

/// The class of a failure: the program's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// The command was called in a way that makes no sense.
    Usage = 2,
    /// An input could not be read, or an output not be written.
    Input = 3,
    /// An input is not what it should be: a policy with errors, a signature that does not fit.
    Invalid = 4,
    /// A key or a certificate is not fit for signing.
    Signing = 5,
    /// The kernel refused.
    Refused = 6,
    /// This machine, or another program that is needed, cannot do it.
    Unsupported = 7,
}

/// What went wrong, and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// The class.
    pub class: Class,
    /// One sentence that says what went wrong.
    pub message: String,
    /// The next step, if one is known.
    pub hint: Option<String>,
    /// Whether nobody reads the output any more.
    broken_pipe: bool,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: None,
            broken_pipe: false,
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

    /// Whether nobody reads the output any more.
    pub fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    /// A file could not be read or written.
    pub fn file(path: &Path, error: &io::Error) -> Self {
        Self::new(
            Class::Input,
            format!("{}: {}", path.display(), reason(error)),
        )
    }
}

/// What an I/O error says, without the number that Rust appends.
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
        Self {
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::new(Class::Input, reason(&error))
        }
    }
}

/// What a command comes to where it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All is well.
    Ok,
    /// There are findings, a denial, or a difference.
    Findings,
}

/// The result of a command.
pub type Result<T = Status> = std::result::Result<T, Failure>;
