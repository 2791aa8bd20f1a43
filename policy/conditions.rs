// SPDX-License-Identifier: GPL-2.0-only

//! The conditions under which a rule matches.

use super::{
    algorithm::{
        self,
        Algorithm, //
    },
    digest::{
        DigestText,
        Words, //
    },
    error::{
        ErrorKind,
        Fault,
        WarningKind, //
    },
    flags::{
        Flag,
        ALL_COMBINATIONS, //
    },
    lexer::Token,
    property::Property,
    vocabulary::Providers,
};

/// A digest that a rule asks for.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Wanted {
    pub(super) algorithm: Algorithm,
    words: Words,
}

impl Wanted {
    /// Parses the digest at the end of a token, of one of the algorithms that the property can
    /// have.
    ///
    /// # Errors
    ///
    /// A digest that is not hexadecimal, or has an odd number of digits. A reason why the rule
    /// never matches.
    fn parse(
        text: DigestText<'_>,
        possible: &[Algorithm],
        token: &Token<'_>,
    ) -> Result<Self, Fault> {
        let hex_start = token.end() - text.hex.len();
        let mut words = Words::new();
        let bytes = words
            .decode(text.hex)
            .map_err(|fault| fault.after(hex_start))?;

        let of_algorithm = |kind| {
            let length = text.algorithm.len();
            Fault::new(never(kind), hex_start - b":".len() - length, length)
        };
        let algorithm = Algorithm::from_name(text.algorithm)
            .ok_or_else(|| of_algorithm(WarningKind::AlgorithmUnknown))?;
        if !possible.contains(&algorithm) {
            return Err(of_algorithm(WarningKind::AlgorithmUnused));
        }
        if bytes != algorithm.digest_len() {
            let kind = WarningKind::DigestLength {
                expected: algorithm.digest_len() as u8,
                given: u32::try_from(bytes).unwrap_or(u32::MAX),
            };
            return Err(Fault::new(never(kind), hex_start, text.hex.len()));
        }
        Ok(Self { algorithm, words })
    }

    /// Returns the words of the digest.
    pub(super) fn words(&self) -> &[u32] {
        self.words.get(self.algorithm.digest_len())
    }
}

/// The conditions under which a rule matches.
pub(super) struct Conditions {
    /// The combinations of flags under which it matches.
    pub(super) combinations: u32,
    pub(super) fsverity: Option<Wanted>,
    pub(super) dmverity: Option<Wanted>,
}

impl Conditions {
    /// Creates the empty condition: the rule always matches.
    pub(super) const fn new() -> Self {
        Self {
            combinations: ALL_COMBINATIONS,
            fsverity: None,
            dmverity: None,
        }
    }

    /// Adds a property.
    ///
    /// # Errors
    ///
    /// A digest that is not hexadecimal, or has an odd number of digits. The reason why the rule
    /// never matches, if that is because of this property: [`ErrorKind::Strict`].
    pub(super) fn add(
        &mut self,
        property: &Property<'_>,
        token: &Token<'_>,
        providers: Providers,
    ) -> Result<(), Fault> {
        let kind = property.kind();
        let consistent = match *property {
            Property::BootVerified(value) => Ok(self.flag(Flag::BootVerified, value)),
            Property::DmveritySignature(value) => Ok(self.flag(Flag::DmveritySignature, value)),
            Property::FsveritySignature(value) => Ok(self.flag(Flag::FsveritySignature, value)),
            Property::DmverityRoothash(text) => {
                Wanted::parse(text, &Algorithm::ALL, token).map(|new| set(&mut self.dmverity, new))
            }
            Property::FsverityDigest(text) => Wanted::parse(text, &algorithm::FSVERITY, token)
                .map(|new| set(&mut self.fsverity, new)),
        };
        match consistent {
            Err(fault) if !matches!(fault.kind, ErrorKind::Strict(_)) => Err(fault),
            _ if !providers.contains(kind) => {
                Err(token.fault(never(WarningKind::ProviderMissing(kind))))
            }
            Err(fault) => Err(fault),
            Ok(false) => Err(token.fault(never(WarningKind::Contradiction))),
            Ok(true) => Ok(()),
        }
    }

    /// Adds a flag. Returns whether it can hold together with the earlier ones.
    fn flag(&mut self, flag: Flag, value: bool) -> bool {
        let before = self.combinations;
        self.combinations &= flag.combinations(value);
        self.combinations != 0 || before == 0
    }
}

/// Sets a digest unless there is one. Returns whether both can hold together.
fn set(digest: &mut Option<Wanted>, new: Wanted) -> bool {
    *digest.get_or_insert(new) == new
}

/// The error for a strict policy where a rule never matches.
const fn never(reason: WarningKind) -> ErrorKind {
    ErrorKind::Strict(reason)
}
