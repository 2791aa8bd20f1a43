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
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) algorithm: Option<Algorithm>,
    words: Words,
}

impl Wanted {
    const fn new() -> Self {
        Self {
            algorithm: None,
            words: Words::new(),
        }
    }

    /// Returns the digest, empty if there is none.
    #[inline]
    pub(super) fn words(&self) -> &[u32] {
        match self.algorithm {
            Some(algorithm) => self.words.get(algorithm.digest_len()),
            None => &[],
        }
    }

    /// Adds a digest of one of the algorithms that the property can have.
    ///
    /// `start` is where the value begins in the line, `token` the property as a whole.
    fn add(
        &mut self,
        text: DigestText<'_>,
        start: usize,
        possible: &[Algorithm],
        token: &Token<'_>,
    ) -> Result<Option<Finding>, Fault> {
        if self.algorithm.is_none() {
            return self.set(text, start, possible);
        }
        let mut second = Self::new();
        let finding = second.set(text, start, possible)?;
        let same = second.algorithm == self.algorithm && second.words() == self.words();
        let contradiction = (!same).then_some(Finding::of(token, WarningKind::Contradiction));
        Ok(finding.or(contradiction))
    }

    /// Sets the digest.
    fn set(
        &mut self,
        text: DigestText<'_>,
        start: usize,
        possible: &[Algorithm],
    ) -> Result<Option<Finding>, Fault> {
        let hex_start = start + text.algorithm.len() + b":".len();
        let bytes = self
            .words
            .decode(text.hex)
            .map_err(|fault| fault.after(hex_start))?;

        let of_algorithm = |kind| Finding {
            kind,
            start,
            length: text.algorithm.len(),
        };
        let Some(algorithm) = Algorithm::from_name(text.algorithm) else {
            return Ok(Some(of_algorithm(WarningKind::AlgorithmUnknown)));
        };
        if !possible.contains(&algorithm) {
            return Ok(Some(of_algorithm(WarningKind::AlgorithmUnused)));
        }
        if bytes != algorithm.digest_len() {
            return Ok(Some(Finding {
                kind: WarningKind::DigestLength {
                    expected: algorithm.digest_len() as u32,
                    given: u32::try_from(bytes).unwrap_or(u32::MAX),
                },
                start: hex_start,
                length: text.hex.len(),
            }));
        }

        self.algorithm = Some(algorithm);
        Ok(None)
    }
}

/// A reason why a rule never matches, and its place in the line.
pub(super) struct Finding {
    pub(super) kind: WarningKind,
    pub(super) start: usize,
    pub(super) length: usize,
}

impl Finding {
    /// Makes a whole token the reason.
    const fn of(token: &Token<'_>, kind: WarningKind) -> Self {
        Self {
            kind,
            start: token.start,
            length: token.text.len(),
        }
    }
}

/// The conditions under which a rule matches.
pub(super) struct Conditions {
    /// The combinations of flags under which it matches.
    pub(super) combinations: u32,
    pub(super) fsverity: Wanted,
    pub(super) dmverity: Wanted,
}

impl Conditions {
    /// Creates the empty condition: the rule always matches.
    pub(super) const fn new() -> Self {
        Self {
            combinations: ALL_COMBINATIONS,
            fsverity: Wanted::new(),
            dmverity: Wanted::new(),
        }
    }

    /// Removes all conditions.
    pub(super) fn clear(&mut self) {
        self.combinations = ALL_COMBINATIONS;
        self.fsverity.algorithm = None;
        self.dmverity.algorithm = None;
    }

    /// Returns whether the rule names a digest.
    pub(super) const fn has_digest(&self) -> bool {
        self.fsverity.algorithm.is_some() || self.dmverity.algorithm.is_some()
    }

    /// Adds a property. Returns the reason, if the rule never matches because of it.
    ///
    /// # Errors
    ///
    /// A digest that is not hexadecimal, or has an odd number of digits.
    pub(super) fn add(
        &mut self,
        property: Property<'_>,
        token: &Token<'_>,
        providers: Providers,
    ) -> Result<Option<Finding>, Fault> {
        let kind = property.kind();
        let finding = match property {
            Property::BootVerified(value) => self.flag(Flag::BootVerified, value, token),
            Property::DmveritySignature(value) => self.flag(Flag::DmveritySignature, value, token),
            Property::FsveritySignature(value) => self.flag(Flag::FsveritySignature, value, token),
            Property::DmverityRoothash(text) => {
                let start = kind.value_start(token);
                self.dmverity.add(text, start, &Algorithm::ALL, token)?
            }
            Property::FsverityDigest(text) => {
                let start = kind.value_start(token);
                self.fsverity
                    .add(text, start, &algorithm::FSVERITY, token)?
            }
        };
        Ok(if providers.contains(kind) {
            finding
        } else {
            Some(Finding::of(token, WarningKind::ProviderMissing(kind)))
        })
    }

    /// Adds a flag.
    fn flag(&mut self, flag: Flag, value: bool, token: &Token<'_>) -> Option<Finding> {
        let before = self.combinations;
        self.combinations &= flag.combinations(value);
        (self.combinations == 0 && before != 0)
            .then_some(Finding::of(token, WarningKind::Contradiction))
    }
}
