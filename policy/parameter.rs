// SPDX-License-Identifier: GPL-2.0-only

//! The parameters of the kernel's command line that name root hashes.

use super::{
    algorithm::Algorithm,
    named::named_enum, //
};

named_enum! {
    /// A parameter of the kernel's command line that names root hashes.
    pub enum Parameter {
        /// The root hash of systemd's root volume.
        RootHash = "roothash",
        /// The root hash of systemd's `/usr` volume.
        UsrHash = "usrhash",
        /// The volumes that the kernel itself sets up, each with its root hash.
        DmModCreate = "dm-mod.create",
    }
}

impl Parameter {
    /// The text that precedes the name in a policy.
    pub const PREFIX: &'static str = "cmdline:";
}

/// The reason why a parameter names no root hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// The command line does not have the parameter.
    Absent,
    /// The command line has the parameter more than once, with different values.
    Ambiguous,
    /// The value is not a root hash, or has none.
    Invalid,
}

impl Unresolved {
    /// Returns the start of the message. The parameter's name follows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "no",
            Self::Ambiguous => "different values of",
            Self::Invalid => "no valid root hash in",
        }
    }
}

/// A source of the root hashes that the kernel's command line names.
pub trait RootHashes {
    /// Passes each root hash that a parameter names to `take`: an algorithm, and as many
    /// hexadecimal digits as its digests have.
    ///
    /// # Errors
    ///
    /// The parameter names no root hash. `take` may have been called nevertheless.
    fn each(
        &self,
        parameter: Parameter,
        take: &mut dyn FnMut(Algorithm, &[u8]),
    ) -> Result<(), Unresolved>;
}

/// The command line of a kernel that has not booted yet: no parameter is wrong, none names a hash.
pub struct KnownAtBoot;

impl RootHashes for KnownAtBoot {
    fn each(&self, _: Parameter, _: &mut dyn FnMut(Algorithm, &[u8])) -> Result<(), Unresolved> {
        Ok(())
    }
}
