// SPDX-License-Identifier: GPL-2.0-only

//! A policy without a signature, which the active policy allows by where its file is: the write that
//! names the file, and the rules that can allow it.

use super::{
    grammar::visit_rule,
    property::{
        FileProperty,
        Property, //
    },
};

/// The length of the longest path, without its NUL: one less than `PATH_MAX` of Linux.
pub const MAX_PATH_LENGTH: usize = 4095;

/// The reason why a write that begins like a path does not name a file.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NoPath {
    /// The path is longer than [`MAX_PATH_LENGTH`]: `ENAMETOOLONG`.
    TooLong,
    /// A NUL is in it: `EINVAL`.
    Nul,
}

/// Returns the absolute path that a write consists of, without the newline that may follow it;
/// `None` for a write that does not begin like a path. No signed policy begins so.
///
/// # Errors
///
/// [`NoPath`] where no file can have the path.
#[inline]
pub fn path(write: &[u8]) -> Option<Result<&[u8], NoPath>> {
    let [b'/', ..] = write else {
        return None;
    };
    let path = write.strip_suffix(b"\n").unwrap_or(write);
    Some(if path.len() > MAX_PATH_LENGTH {
        Err(NoPath::TooLong)
    } else if path.contains(&0) {
        Err(NoPath::Nul)
    } else {
        Ok(path)
    })
}

impl Property<'_> {
    /// Returns whether the property vouches for a file: the file has a digest, or something is true
    /// of it. Any file has properties that are `FALSE`.
    #[inline]
    pub const fn vouches(&self) -> bool {
        match self {
            Self::File(
                FileProperty::BootVerified(value)
                | FileProperty::DmveritySignature(value)
                | FileProperty::FsveritySignature(value),
            ) => *value,
            Self::File(
                FileProperty::DmverityRoothash(_)
                | FileProperty::FsverityDigest(_)
                | FileProperty::ImageDigest(_),
            ) => true,
            _ => false,
        }
    }
}

/// Returns whether the rule in the line that begins at `offset` of a policy asks for a property that
/// [vouches](Property::vouches) for a file.
#[inline]
pub fn rule_vouches(text: &[u8], offset: u32) -> bool {
    let mut vouches = false;
    visit_rule(text, offset, &mut |property| vouches |= property.vouches()) && vouches
}

#[cfg(any(test, CONFIG_SECURITY_IPE_KUNIT_TEST))]
mod tests;
