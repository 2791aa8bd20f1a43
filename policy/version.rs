// SPDX-License-Identifier: GPL-2.0-only

//! Versions of policies.

use super::error::{
    ErrorKind,
    Fault, //
};
use core::fmt;

/// The version of a policy. Compares number by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number.
    pub revision: u16,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.revision)
    }
}

impl Version {
    /// Parses three numbers with dots between them.
    ///
    /// Each number has the syntax of `kstrtou16`: a sign `+` and leading zeros are allowed.
    ///
    /// # Errors
    ///
    /// The first error from the left. A fourth number is always an error.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Fault> {
        let mut numbers = [0; 3];
        let mut slots = numbers.iter_mut();
        let mut start = 0;

        for part in text.split(|&byte| byte == b'.') {
            let rest = text.len() - start;
            let slot = slots
                .next()
                .ok_or(Fault::new(ErrorKind::VersionLong, start, rest))?;
            *slot = number(part).map_err(|kind| Fault::new(kind, start, part.len()))?;
            start += part.len() + 1;
        }
        if slots.next().is_some() {
            return Err(Fault::new(ErrorKind::VersionShort, 0, text.len()));
        }

        let [major, minor, revision] = numbers;
        Ok(Self {
            major,
            minor,
            revision,
        })
    }
}

/// Parses one number as `kstrtou16` does.
///
/// # Errors
///
/// A number that exceeds 64 bits is out of range, no matter what follows. Any other must consist of
/// digits before its size counts.
fn number(text: &[u8]) -> Result<u16, ErrorKind> {
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    let mut value = 0u64;

    if digits.is_empty() {
        return Err(ErrorKind::VersionNotNumber);
    }
    for &byte in digits {
        let digit = match byte {
            b'0'..=b'9' => u64::from(byte - b'0'),
            _ => return Err(ErrorKind::VersionNotNumber),
        };
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(digit))
            .ok_or(ErrorKind::VersionOverflow)?;
    }
    u16::try_from(value).map_err(|_| ErrorKind::VersionOverflow)
}
