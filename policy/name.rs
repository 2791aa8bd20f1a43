// SPDX-License-Identifier: GPL-2.0-only

//! The names that a policy can have: the kernel makes a directory for each.

/// The longest name of a directory, in bytes: `NAME_MAX`.
pub const LONGEST: usize = 255;

/// Why the kernel loads no policy of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It would be a path: `EACCES`.
    Path,
    /// It has more than [`LONGEST`] bytes: `ENAMETOOLONG`.
    TooLong,
}

impl Refusal {
    /// Returns the name of the errno.
    #[inline]
    pub const fn errno(self) -> &'static str {
        match self {
            Self::Path => "EACCES",
            Self::TooLong => "ENAMETOOLONG",
        }
    }
}

/// Returns why the kernel refuses a name, if it does: the checks of `lookup_noperm` and
/// `simple_lookup`, in their order.
#[inline]
pub fn refusal(name: &[u8]) -> Option<Refusal> {
    if name.contains(&b'/') || matches!(name, b"" | b"." | b"..") {
        Some(Refusal::Path)
    } else if name.len() > LONGEST {
        Some(Refusal::TooLong)
    } else {
        None
    }
}

#[cfg(any(test, CONFIG_SECURITY_IPE_KUNIT_TEST))]
mod tests;
