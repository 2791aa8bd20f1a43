// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's command line, as far as it is known.

use crate::object::{decode_hex, hex, Digest};
use ipe_policy::policy::{self, Algorithm, Parameter, RootHash, RootHashes, Unresolved};

/// The kernel's command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CommandLine {
    /// Known only when the kernel boots. Each parameter stands for a root hash of its own.
    #[default]
    AtBoot,
    /// This one.
    Given(Vec<u8>),
}

impl From<Option<&str>> for CommandLine {
    fn from(given: Option<&str>) -> Self {
        given.map_or(Self::AtBoot, |line| Self::Given(line.into()))
    }
}

impl CommandLine {
    /// Returns the root hashes that a parameter names.
    ///
    /// # Errors
    ///
    /// The reason why it names none.
    pub fn root_hashes(&self, parameter: Parameter) -> Result<Vec<Digest>, Unresolved> {
        let mut digests = Vec::new();
        self.each(parameter, &mut |algorithm, digits| {
            let bytes = decode_hex(digits).unwrap_or_default();
            digests.extend(Digest::new(algorithm, &bytes));
        })?;
        Ok(digests)
    }

    /// Returns the root hashes that a property of a rule names: several or none only where the
    /// command line is known and has as many, or where no volume can have the one of the rule.
    pub fn digests_of(&self, hash: RootHash<'_>) -> Vec<Digest> {
        match hash {
            RootHash::Digest(text) => Digest::from_text(text).into_iter().collect(),
            RootHash::CommandLine(parameter) => self.root_hashes(parameter).unwrap_or_default(),
        }
    }
}

impl RootHashes for CommandLine {
    fn each(
        &self,
        parameter: Parameter,
        take: &mut dyn FnMut(Algorithm, &[u8]),
    ) -> Result<(), Unresolved> {
        match self {
            Self::AtBoot => {
                let digest = Digest::named_by(parameter);
                take(digest.algorithm(), hex(digest.bytes()).as_bytes());
                Ok(())
            }
            Self::Given(line) => policy::CommandLine::new(line).each(parameter, take),
        }
    }
}
