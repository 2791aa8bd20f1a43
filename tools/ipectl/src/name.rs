// SPDX-License-Identifier: GPL-2.0-only

//! Which names a policy can have: the kernel makes a directory of each.

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
    /// The name of the errno.
    pub const fn errno(self) -> &'static str {
        match self {
            Self::Path => "EACCES",
            Self::TooLong => "ENAMETOOLONG",
        }
    }
}

/// Whether the kernel refuses a name: what `lookup_noperm` and `simple_lookup` look at, in their
/// order.
pub fn refusal(name: &[u8]) -> Option<Refusal> {
    if name.contains(&b'/') || matches!(name, b"" | b"." | b"..") {
        Some(Refusal::Path)
    } else if name.len() > LONGEST {
        Some(Refusal::TooLong)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_directories() {
        for name in ["a", "...", "a..", ".a", &"a".repeat(255)] {
            assert_eq!(refusal(name.as_bytes()), None, "{name}");
        }
        let long_path = format!("{}/", "a".repeat(300));
        for name in ["", ".", "..", "/", "a/b", "../a", "a/", &long_path] {
            assert_eq!(refusal(name.as_bytes()), Some(Refusal::Path), "{name}");
        }
        let long = refusal("a".repeat(256).as_bytes());
        assert_eq!(long, Some(Refusal::TooLong));
    }
}
