// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's command line, and the root hashes in it.
//!
//! The line is split into words as the kernel does it (`next_arg()` in `lib/cmdline.c`): double
//! quotes protect white space, and cannot be escaped. Words after `--` belong to init. systemd looks
//! for its parameters there, too: such a root hash does not count here. A parameter without `=` has
//! no effect, neither on the kernel nor on systemd.
//!
//! The kernel and systemd take the last one of a parameter that is there twice. Here all have to be
//! the same: a line with two hashes was put together by two authors, and one of them may not have
//! known of the other.

use super::{
    algorithm::Algorithm,
    dm_init,
    parameter::{
        Parameter,
        RootHashes,
        Unresolved, //
    },
    space::{
        is_space,
        skip_spaces, //
    },
};

/// The least number of bytes of a root hash whose algorithm the command line does not say.
///
/// It is the superblock on the disk that says it, and nobody has verified that. A shorter digest
/// could then be one of MD5 or SHA-1.
const LEAST_BYTES: usize = 32;

/// The command line with which the kernel was booted.
#[derive(Clone, Copy)]
pub struct CommandLine<'c>(&'c [u8]);

impl<'c> CommandLine<'c> {
    /// Takes the text of a command line, as `/proc/cmdline` shows it.
    pub const fn new(text: &'c [u8]) -> Self {
        Self(text)
    }

    /// Returns the value of a parameter.
    ///
    /// # Errors
    ///
    /// The parameter is absent, or there with different values.
    fn value(&self, parameter: Parameter) -> Result<&'c [u8], Unresolved> {
        let mut rest = self.0;
        let mut found = None;
        while let Some(word) = Word::next(&mut rest) {
            if word.ends_parameters() {
                break;
            }
            let Some(value) = word.value_of(parameter) else {
                continue;
            };
            if found.is_some_and(|earlier| !parameter.is_same(earlier, value)) {
                return Err(Unresolved::Ambiguous);
            }
            found = Some(value);
        }
        found.ok_or(Unresolved::Absent)
    }
}

impl RootHashes for CommandLine<'_> {
    fn each(
        &self,
        parameter: Parameter,
        take: &mut dyn FnMut(Algorithm, &[u8]),
    ) -> Result<(), Unresolved> {
        let value = self.value(parameter)?;
        match parameter {
            Parameter::RootHash | Parameter::UsrHash => of_any_algorithm(value, take),
            Parameter::DmModCreate => dm_init::each(value, take),
        }
    }
}

impl Parameter {
    /// Returns whether two values of the parameter mean the same.
    fn is_same(self, a: &[u8], b: &[u8]) -> bool {
        match self {
            Self::RootHash | Self::UsrHash => a.eq_ignore_ascii_case(b),
            Self::DmModCreate => a == b,
        }
    }
}

/// Passes a hash to `take` once for each algorithm that it can be of.
fn of_any_algorithm(hex: &[u8], take: &mut dyn FnMut(Algorithm, &[u8])) -> Result<(), Unresolved> {
    let mut found = Err(Unresolved::Invalid);
    for algorithm in Algorithm::ALL {
        if algorithm.digest_len() >= LEAST_BYTES && algorithm.has_digest(hex) {
            take(algorithm, hex);
            found = Ok(());
        }
    }
    found
}

/// A word of the command line.
struct Word<'c> {
    name: &'c [u8],
    /// The text after `=`, without the quotes around it.
    value: Option<&'c [u8]>,
}

impl<'c> Word<'c> {
    /// Takes the next word off a command line.
    fn next(line: &mut &'c [u8]) -> Option<Self> {
        let mut text = skip_spaces(line);
        let mut quoted = false;
        if let [b'"', rest @ ..] = text {
            text = rest;
            quoted = true;
        } else if text.is_empty() {
            return None;
        }

        let mut in_quotes = quoted;
        let end = text.iter().position(|&byte| {
            in_quotes ^= byte == b'"';
            is_space(byte) && !in_quotes
        });
        let (word, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
        *line = rest;

        // A `=` at the start is part of the name.
        let equals = word.iter().skip(1).position(|&byte| byte == b'=');
        let (name, value) = match equals.and_then(|at| word.split_at_checked(at + 1)) {
            Some((name, [_, value @ ..])) => (name, Some(value)),
            _ => (word, None),
        };
        let unquote = |text: &'c [u8]| text.strip_suffix(b"\"").unwrap_or(text);
        Some(match value {
            Some([b'"', value @ ..]) => Self {
                name,
                value: Some(unquote(value)),
            },
            Some(value) if quoted => Self {
                name,
                value: Some(unquote(value)),
            },
            None if quoted => Self {
                name: unquote(name),
                value,
            },
            _ => Self { name, value },
        })
    }

    /// Returns whether the words after this one belong to init.
    fn ends_parameters(&self) -> bool {
        self.name == b"--" && self.value.is_none()
    }

    /// Returns the value, if the word is this parameter.
    fn value_of(&self, parameter: Parameter) -> Option<&'c [u8]> {
        let wanted = parameter.name().as_bytes();
        match parameter {
            // The kernel's own: `-` and `_` are the same (`parameq()`).
            Parameter::DmModCreate => {
                let plain = |byte: &u8| if *byte == b'-' { b'_' } else { *byte };
                let is_same = self.name.iter().map(plain).eq(wanted.iter().map(plain));
                self.value.filter(|_| is_same)
            }
            // systemd's: also with `rd.` for the initramfs, and in single quotes.
            Parameter::RootHash | Parameter::UsrHash => {
                let (name, value) = match self.name {
                    [b'\'', name @ ..] => (name, self.value?.strip_suffix(b"'")?),
                    name => match self.value? {
                        [b'\'', value @ .., b'\''] => (name, value),
                        value => (name, value),
                    },
                };
                let name = name.strip_prefix(b"rd.").unwrap_or(name);
                (name == wanted).then_some(value)
            }
        }
    }
}
