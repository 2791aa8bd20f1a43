// SPDX-License-Identifier: GPL-2.0-only

//! The conditions under which a rule matches.

use super::{
    algorithm::{
        self,
        Algorithm, //
    },
    class::{
        Class,
        Classes, //
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
    extension::Extension,
    flags::{
        Flag,
        ALL_COMBINATIONS,
        NO_FLAG, //
    },
    lexer::Token,
    parameter::Parameter,
    property::{
        FileProperty,
        Property,
        RootHash, //
    },
    providers::Providers,
    vocabulary::Operation, //
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

/// The properties that a rule asks for, of the object or of the program.
pub(super) struct Wanting {
    /// The combinations of flags under which the rule matches.
    pub(super) combinations: u32,
    pub(super) fsverity: Option<Wanted>,
    dmverity: Option<Wanted>,
    /// The parameter of the command line that names the root hash.
    parameter: Option<Parameter>,
    /// The fs-verity digest of the image. It is the only digest then.
    pub(super) image: Option<Wanted>,
}

impl Wanting {
    /// Asks for nothing.
    const NOTHING: Self = Self {
        combinations: ALL_COMBINATIONS,
        fsverity: None,
        dmverity: None,
        parameter: None,
        image: None,
    };

    /// Returns whether the rule names a digest or a root hash, itself or by a parameter.
    pub(super) const fn has_digest(&self) -> bool {
        self.has_digest_of_file() || self.image.is_some()
    }

    /// Returns the same, apart from the digest of the image.
    const fn has_digest_of_file(&self) -> bool {
        self.fsverity.is_some() || self.dmverity.is_some() || self.parameter.is_some()
    }

    /// Returns whether this matches memory, which has neither a flag nor a digest.
    const fn matches_memory(&self) -> bool {
        self.combinations & NO_FLAG != 0 && !self.has_digest()
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

    /// Adds a property. Returns whether it can hold together with the earlier ones.
    ///
    /// # Errors
    ///
    /// As for [`Conditions::add`].
    fn add(
        &mut self,
        property: &FileProperty<'_>,
        token: &Token<'_>,
        providers: Providers<'_>,
    ) -> Result<bool, Fault> {
        match *property {
            FileProperty::BootVerified(value) => Ok(self.flag(Flag::BootVerified, value)),
            FileProperty::DmveritySignature(value) => Ok(self.flag(Flag::DmveritySignature, value)),
            FileProperty::FsveritySignature(value) => Ok(self.flag(Flag::FsveritySignature, value)),
            FileProperty::ImageDigest(_) if self.has_digest_of_file() => {
                Err(token.fault(ErrorKind::ImageDigestNotAlone))
            }
            FileProperty::ImageDigest(text) => Wanted::parse(text, &algorithm::FSVERITY, token)
                .map(|new| set(&mut self.image, new)),
            _ if self.image.is_some() => Err(token.fault(ErrorKind::ImageDigestNotAlone)),
            FileProperty::DmverityRoothash(_) if self.parameter.is_some() => {
                Err(token.fault(ErrorKind::RootHashNotAlone))
            }
            FileProperty::DmverityRoothash(RootHash::CommandLine(parameter)) => self
                .command_line(parameter, token, providers)
                .map(|()| true),
            FileProperty::DmverityRoothash(RootHash::Digest(text)) => {
                Wanted::parse(text, &Algorithm::ALL, token).map(|new| set(&mut self.dmverity, new))
            }
            FileProperty::FsverityDigest(text) => Wanted::parse(text, &algorithm::FSVERITY, token)
                .map(|new| set(&mut self.fsverity, new)),
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
            let kind = ErrorKind::Unsupported(Extension::CommandLine);
            return Err(Fault::new(kind, start, length));
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

/// The conditions under which a rule matches.
pub(super) struct Conditions {
    /// The classes of the objects with which it matches.
    classes: Classes,
    /// The properties that the object must have.
    object: Wanting,
    /// The properties that the program must have.
    program: Wanting,
    /// The error at the first property of the program, for a rule that cannot ask for any.
    of_program: Option<Fault>,
    /// The error at the first property of the object, for a rule that cannot ask for any.
    of_object: Option<Fault>,
    /// The error at the first property of a mapping, for a rule that is not about one.
    of_mapping: Option<Fault>,
    /// Whether the rule says that the object is memory.
    says_memory: bool,
}

impl Conditions {
    /// Creates the empty condition: the rule always matches.
    pub(super) const fn new() -> Self {
        Self {
            classes: Classes::ALL,
            object: Wanting::NOTHING,
            program: Wanting::NOTHING,
            of_program: None,
            of_object: None,
            of_mapping: None,
            says_memory: false,
        }
    }

    /// Returns the properties with which the rule matches in this class, none if in no case.
    ///
    /// They are those of the object if that is a file, and those of the program otherwise.
    pub(super) fn of(&self, class: Class) -> Option<&Wanting> {
        if !self.classes.contains(class) {
            return None;
        }
        match class {
            Class::File | Class::Modified => self.of_program.is_none().then_some(&self.object),
            Class::Memory => self.object.matches_memory().then_some(&self.program),
        }
    }

    /// Returns whether some object has all properties that it must have.
    const fn can_match(&self) -> bool {
        let file = self.classes.meets(Classes::FILES) && self.object.combinations != 0;
        let memory = self.classes.contains(Class::Memory) && self.object.matches_memory();
        file || memory
    }

    /// Makes the rule match nothing.
    pub(super) fn never_match(&mut self) {
        self.object.combinations = 0;
        self.program.combinations = 0;
    }

    /// Checks whether a rule about this operation can ask for what it asks for.
    ///
    /// # Errors
    ///
    /// The first property that it cannot ask for.
    pub(super) const fn check(&self, operation: Operation) -> Result<(), Fault> {
        let unexpected = match operation {
            Operation::Ptrace => self.of_object,
            Operation::Execute if self.says_memory => None,
            Operation::Execute => self.of_program,
            _ => first(self.of_program, self.of_mapping),
        };
        match unexpected {
            None => Ok(()),
            Some(fault) => Err(fault),
        }
    }

    /// Adds a property.
    ///
    /// # Errors
    ///
    /// An extension of the language that the kernel does not have. A digest that is not
    /// hexadecimal, or has an odd number of digits. A second root hash beside that of the command
    /// line, or another digest beside that of an image. The reason why the rule never matches, if
    /// that is because of this property: [`ErrorKind::Strict`].
    pub(super) fn add(
        &mut self,
        property: &Property<'_>,
        token: &Token<'_>,
        providers: Providers<'_>,
    ) -> Result<(), Fault> {
        let of_file = property
            .of_file()
            .and_then(|property| property.kind().extension());
        for extension in [property.kind().extension(), of_file].into_iter().flatten() {
            if !providers.supports(extension) {
                return Err(token.fault(ErrorKind::Unsupported(extension)));
            }
        }
        let could_match = self.can_match();
        let consistent = match property {
            Property::File(property) => {
                self.of_object
                    .get_or_insert(token.fault(ErrorKind::ProgramOnly));
                self.object.add(property, token, providers)
            }
            Property::AnonymousMemory(value) => {
                self.of_object
                    .get_or_insert(token.fault(ErrorKind::ProgramOnly));
                self.says_memory |= *value;
                self.classes.retain(if *value {
                    Classes::only(Class::Memory)
                } else {
                    Classes::FILES
                });
                Ok(true)
            }
            Property::Modified(value) => {
                self.of_object
                    .get_or_insert(token.fault(ErrorKind::ProgramOnly));
                self.of_mapping
                    .get_or_insert(token.fault(ErrorKind::ModifiedUnexpected));
                self.classes.retain(Classes::only(if *value {
                    Class::Modified
                } else {
                    Class::File
                }));
                Ok(true)
            }
            Property::Program(property) => {
                self.of_program
                    .get_or_insert(token.fault(ErrorKind::ProgramUnexpected));
                self.program.add(property, token, providers)
            }
        };
        match (consistent, property) {
            (Err(fault), _) if !matches!(fault.kind, ErrorKind::Strict(_)) => Err(fault),
            (_, Property::File(property)) if !providers.contains(property.kind()) => {
                let kind = property.kind();
                Err(token.fault(never(WarningKind::ProviderMissing(kind))))
            }
            // No policy in the field has these, and a DENY that is left out would open something.
            (_, Property::Program(property)) if !providers.contains(property.kind()) => {
                Err(token.fault(ErrorKind::ProviderMissing(property.kind())))
            }
            (Err(fault), _) => Err(fault),
            (Ok(true), _) if !could_match || self.can_match() => Ok(()),
            (Ok(_), _) => Err(token.fault(never(WarningKind::Contradiction))),
        }
    }
}

/// Returns the error that comes first in the text.
const fn first(one: Option<Fault>, other: Option<Fault>) -> Option<Fault> {
    match (one, other) {
        (Some(a), Some(b)) if b.start < a.start => other,
        (None, _) => other,
        _ => one,
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
