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
    parameter::Parameter,
    property::{
        Property,
        RootHash, //
    },
    vocabulary::Providers,
};

/// A digest that a rule asks for.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Wanted {
    pub(super) algorithm: Algorithm,
    words: Words,
}

impl Wanted {
    /// Returns a digest of the algorithm, from its hexadecimal digits.
    fn of(algorithm: Algorithm, hex: &[u8]) -> Option<Self> {
        let mut words = Words::new();
        words.decode(hex).ok()?;
        Some(Self { algorithm, words })
    }

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
    dmverity: Option<Wanted>,
    /// The parameter of the command line that names the root hash.
    parameter: Option<Parameter>,
}

impl Conditions {
    /// Creates the empty condition: the rule always matches.
    pub(super) const fn new() -> Self {
        Self {
            combinations: ALL_COMBINATIONS,
            fsverity: None,
            dmverity: None,
            parameter: None,
        }
    }

    /// Returns whether the rule names a root hash, itself or by a parameter.
    pub(super) const fn has_root_hash(&self) -> bool {
        self.dmverity.is_some() || self.parameter.is_some()
    }

    /// Passes each root hash with which the rule matches to `take`: the one that it names, those
    /// that the command line names, or `None` where it asks for none.
    pub(super) fn root_hashes(
        &self,
        providers: Providers<'_>,
        take: &mut dyn FnMut(Option<&Wanted>),
    ) {
        let Some((parameter, line)) = self.parameter.zip(providers.command_line()) else {
            return take(self.dmverity.as_ref());
        };
        // A rule whose parameter names none has no combinations.
        let _ = line.each(parameter, &mut |algorithm, hex| {
            if let Some(wanted) = &Wanted::of(algorithm, hex) {
                take(Some(wanted));
            }
        });
    }

    /// Adds a property.
    ///
    /// # Errors
    ///
    /// A digest that is not hexadecimal, or has an odd number of digits. A command line that
    /// policies cannot refer to, or a second root hash beside it. The reason why the rule never
    /// matches, if that is because of this property: [`ErrorKind::Strict`].
    pub(super) fn add(
        &mut self,
        property: &Property<'_>,
        token: &Token<'_>,
        providers: Providers<'_>,
    ) -> Result<(), Fault> {
        let kind = property.kind();
        let consistent = match *property {
            Property::BootVerified(value) => Ok(self.flag(Flag::BootVerified, value)),
            Property::DmveritySignature(value) => Ok(self.flag(Flag::DmveritySignature, value)),
            Property::FsveritySignature(value) => Ok(self.flag(Flag::FsveritySignature, value)),
            Property::DmverityRoothash(_) if self.parameter.is_some() => {
                Err(token.fault(ErrorKind::RootHashNotAlone))
            }
            Property::DmverityRoothash(RootHash::CommandLine(parameter)) => self
                .command_line(parameter, token, providers)
                .map(|()| true),
            Property::DmverityRoothash(RootHash::Digest(text)) => {
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

    /// Adds the root hashes of the command line.
    fn command_line(
        &mut self,
        parameter: Parameter,
        token: &Token<'_>,
        providers: Providers<'_>,
    ) -> Result<(), Fault> {
        let Some(line) = providers.command_line() else {
            let length = Parameter::PREFIX.len() + parameter.name().len();
            let start = token.end() - length;
            return Err(Fault::new(ErrorKind::CommandLineUnsupported, start, length));
        };
        if self.dmverity.is_some() {
            return Err(token.fault(ErrorKind::RootHashNotAlone));
        }
        self.parameter = Some(parameter);
        line.each(parameter, &mut |_, _| ())
            .map_err(|reason| token.fault(never(WarningKind::CommandLine(parameter, reason))))
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
