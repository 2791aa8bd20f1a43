// SPDX-License-Identifier: GPL-2.0-only

//! Text to compiled policy, in two passes: one measures, one emits.
//!
//! Both passes read the whole text in the same way ([`Pass::run`]) and differ in what they do with
//! the rules that name a digest: the first counts the words that they need, the second writes them
//! into memory that the caller has allocated in between. Everything else has a fixed size.

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
        Error,
        ErrorKind,
        Fault,
        Position,
        Reporter,
        Warning,
        WarningKind, //
    },
    grammar::{
        self,
        Statement, //
    },
    index::{
        Builder,
        Entry,
        Index,
        Key,
        Sink,
        Size,
        COMBINATIONS, //
    },
    lexer::{
        Line,
        Lines,
        Token, //
    },
    outcome::Outcome,
    version::Version,
    vocabulary::{
        Action,
        Operation,
        Property,
        Providers, //
    },
};
use core::ops::{
    ControlFlow,
    Deref,
    DerefMut, //
};

/// The facts that are either true or false: bit `n` of a combination of facts is fact `n`.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Fact {
    BootVerified,
    DmveritySignature,
    FsveritySignature,
}

impl Fact {
    /// The number of facts.
    const COUNT: usize = 3;

    /// Returns the combination in which the fact has this value and all others are false.
    #[inline]
    pub(crate) const fn bit(self, value: bool) -> u32 {
        (value as u32) << self as u32
    }

    /// Returns the set of the combinations in which the fact has this value.
    const fn combinations(self, value: bool) -> u32 {
        const { assert!(1 << Self::COUNT == COMBINATIONS) };
        let holding = match self {
            Self::BootVerified => 0b1010_1010,
            Self::DmveritySignature => 0b1100_1100,
            Self::FsveritySignature => 0b1111_0000,
        };
        if value {
            holding
        } else {
            ALL_COMBINATIONS & !holding
        }
    }
}

/// The set of all combinations of facts.
const ALL_COMBINATIONS: u32 = (1 << COMBINATIONS) - 1;

/// The decisions of one operation.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// For each combination of facts: the first rule without a digest, or the default.
    pub(crate) slots: [Outcome; COMBINATIONS],
    /// The first rule that names an fs-verity digest alone.
    pub(crate) fsverity: Outcome,
    /// The first rule that names a dm-verity root hash alone.
    pub(crate) dmverity: Outcome,
    /// The first rule that names both.
    pub(crate) both: Outcome,
}

/// All of a policy but the rules that name a digest.
struct Tables {
    rows: [Row; Operation::COUNT],
    global_default: Option<Action>,
    version: Version,
    name_offset: u32,
    name_length: u32,
}

impl Tables {
    /// No rule, no default, no name.
    const EMPTY: Self = Self {
        rows: [Row {
            slots: [Outcome::NONE; COMBINATIONS],
            fsverity: Outcome::NONE,
            dmverity: Outcome::NONE,
            both: Outcome::NONE,
        }; Operation::COUNT],
        global_default: None,
        version: Version {
            major: 0,
            minor: 0,
            revision: 0,
        },
        name_offset: 0,
        name_length: 0,
    };

    /// Fills the slots for which there is no rule.
    fn fill(&mut self, defaults: &[Option<Action>; Operation::COUNT]) {
        for (row, default) in self.rows.iter_mut().zip(defaults) {
            let outcome = match default {
                Some(action) => Outcome::operation_default(*action),
                None => Outcome::global_default(self.global_default.unwrap_or(Action::Deny)),
            };
            for slot in &mut row.slots {
                *slot = outcome.min(*slot);
            }
        }
    }
}

/// One pass over the text.
struct Pass<'r, R, K> {
    providers: Providers,
    strict: bool,
    reporter: &'r mut R,
    sink: K,
    tables: Tables,
    defaults: [Option<Action>; Operation::COUNT],
    first_error: Option<Error>,
}

impl<'r, R: Reporter, K: Sink> Pass<'r, R, K> {
    fn new(providers: Providers, strict: bool, reporter: &'r mut R, sink: K) -> Self {
        Self {
            providers,
            strict,
            reporter,
            sink,
            tables: Tables::EMPTY,
            defaults: [None; Operation::COUNT],
            first_error: None,
        }
    }

    /// Reads the whole text, and fills the tables and the sink.
    ///
    /// # Errors
    ///
    /// The first one, after as many as the reporter wants to hear of.
    fn run(&mut self, text: &[u8]) -> Result<(), Error> {
        // The reporter may want to stop early; what counts is the first error.
        let _ = self.read(text);
        match self.first_error {
            Some(error) => Err(error),
            None => {
                self.tables.fill(&self.defaults);
                Ok(())
            }
        }
    }

    fn read(&mut self, text: &[u8]) -> ControlFlow<()> {
        let mut lines = Lines::new(text);
        if text.len() > Outcome::MAX_TEXT_LEN {
            return self.fail_at(ErrorKind::TooLong, lines.position());
        }

        let mut in_header = true;
        for line in lines.by_ref() {
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    self.fail(error)?;
                    continue;
                }
            };
            if in_header {
                in_header = false;
                match self.header(&line) {
                    Ok(()) => continue,
                    Err(fault) => self.fail(line.error(fault))?,
                }
                if grammar::is_header(&line) {
                    continue;
                }
            }
            if let Err(fault) = self.statement(&line) {
                self.fail(line.error(fault))?;
            }
        }

        if in_header {
            self.fail_at(ErrorKind::Empty, lines.position())?;
        } else if self.tables.global_default.is_none() {
            for (operation, default) in Operation::ALL.into_iter().zip(self.defaults) {
                if default.is_none() {
                    return self.fail_at(ErrorKind::DefaultMissing(operation), lines.position());
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn fail(&mut self, error: Error) -> ControlFlow<()> {
        self.first_error.get_or_insert(error);
        self.reporter.error(&error)
    }

    fn fail_at(&mut self, kind: ErrorKind, position: Position) -> ControlFlow<()> {
        self.fail(Error {
            kind,
            position,
            length: 0,
        })
    }

    fn header(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let header = grammar::header(line)?;
        self.tables.version = header.version;
        self.tables.name_offset = line.position(header.name_start).offset;
        self.tables.name_length = u32::try_from(header.name_length).unwrap_or(0);
        Ok(())
    }

    /// Reads a rule or a default.
    #[inline]
    fn statement(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let mut conditions = Conditions::new();
        let providers = self.providers;
        let strict = self.strict;
        let reporter = &mut *self.reporter;

        let statement = grammar::statement(line, |property, token| {
            let Some(finding) = conditions.add(property, token, providers)? else {
                return Ok(());
            };
            conditions.combinations = 0;
            if strict {
                let kind = ErrorKind::Strict(finding.kind);
                return Err(Fault::new(kind, finding.start, finding.length));
            }
            reporter.warning(&Warning {
                kind: finding.kind,
                position: line.position(finding.start),
                length: u32::try_from(finding.length).unwrap_or(u32::MAX),
            });
            Ok(())
        })?;

        match statement {
            Statement::Default(operation, action) => {
                let default = match operation {
                    None => &mut self.tables.global_default,
                    Some(operation) => &mut self.defaults[operation as usize],
                };
                match default.replace(action) {
                    Some(_) => Err(Fault::new(ErrorKind::DefaultRepeated, 0, line.text.len())),
                    None => Ok(()),
                }
            }
            Statement::Rule(operation, action) => {
                self.rule(operation, Outcome::rule(line.offset, action), &conditions);
                Ok(())
            }
        }
    }

    /// Takes a rule that is well formed.
    #[inline]
    fn rule(&mut self, operation: Operation, outcome: Outcome, conditions: &Conditions) {
        let row = &mut self.tables.rows[operation as usize];
        // An earlier rule decides whatever both match.
        let mut combinations = 0;
        for (bit, slot) in row.slots.iter_mut().enumerate() {
            if conditions.combinations & (1 << bit) != 0 && *slot == Outcome::NONE {
                combinations |= 1 << bit;
                if !conditions.has_digest() {
                    *slot = outcome;
                }
            }
        }
        if combinations == 0 || !conditions.has_digest() {
            return;
        }

        let fsverity = conditions.fsverity.algorithm;
        let dmverity = conditions.dmverity.algorithm;
        let first = match (fsverity, dmverity) {
            (Some(_), Some(_)) => &mut row.both,
            (Some(_), None) => &mut row.fsverity,
            _ => &mut row.dmverity,
        };
        *first = outcome.min(*first);
        self.sink.entry(&Entry {
            key: Key::new(operation, fsverity, dmverity),
            outcome,
            combinations,
            fsverity: conditions.fsverity.words(),
            dmverity: conditions.dmverity.words(),
        });
    }
}

/// A digest that a rule asks for.
#[derive(Clone, Copy)]
struct Wanted {
    algorithm: Option<Algorithm>,
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
    fn words(&self) -> &[u32] {
        match self.algorithm {
            Some(algorithm) => self.words.get(algorithm.digest_len()),
            None => &[],
        }
    }
}

/// A reason why a rule never matches, and where it is in the line.
struct Finding {
    kind: WarningKind,
    start: usize,
    length: usize,
}

/// What must hold for a rule to match.
struct Conditions {
    /// The combinations of facts under which it matches.
    combinations: u32,
    fsverity: Wanted,
    dmverity: Wanted,
}

impl Conditions {
    const fn new() -> Self {
        Self {
            combinations: ALL_COMBINATIONS,
            fsverity: Wanted::new(),
            dmverity: Wanted::new(),
        }
    }

    const fn has_digest(&self) -> bool {
        self.fsverity.algorithm.is_some() || self.dmverity.algorithm.is_some()
    }

    /// Adds a property, and returns why the rule never matches because of it, if so.
    fn add(
        &mut self,
        property: Property<'_>,
        token: &Token<'_>,
        providers: Providers,
    ) -> Result<Option<Finding>, Fault> {
        let kind = property.kind();
        let finding = match property {
            Property::BootVerified(value) => self.fact(Fact::BootVerified, value),
            Property::DmveritySignature(value) => self.fact(Fact::DmveritySignature, value),
            Property::FsveritySignature(value) => self.fact(Fact::FsveritySignature, value),
            Property::DmverityRoothash(text) => {
                let start = kind.value_start(token);
                digest(&mut self.dmverity, text, start, &Algorithm::ALL)?
            }
            Property::FsverityDigest(text) => {
                let start = kind.value_start(token);
                digest(&mut self.fsverity, text, start, &algorithm::FSVERITY)?
            }
        };
        let whole = |kind| Finding {
            kind,
            start: token.start,
            length: token.text.len(),
        };
        if !providers.contains(kind) {
            return Ok(Some(whole(WarningKind::ProviderMissing(kind))));
        }
        Ok(finding.map(|finding| match finding.kind {
            WarningKind::Contradiction => whole(WarningKind::Contradiction),
            _ => finding,
        }))
    }

    /// Adds a fact.
    fn fact(&mut self, fact: Fact, value: bool) -> Option<Finding> {
        let before = self.combinations;
        self.combinations &= fact.combinations(value);
        (self.combinations == 0 && before != 0).then_some(CONTRADICTION)
    }
}

/// A contradiction, of the whole property.
const CONTRADICTION: Finding = Finding {
    kind: WarningKind::Contradiction,
    start: 0,
    length: 0,
};

/// Adds a digest, of one of the algorithms that the property can have.
fn digest(
    wanted: &mut Wanted,
    text: DigestText<'_>,
    start: usize,
    possible: &[Algorithm],
) -> Result<Option<Finding>, Fault> {
    let hex_start = start + text.algorithm.len() + b":".len();
    let mut words = Words::new();
    let bytes = words
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
    if wanted.algorithm.is_none() {
        *wanted = Wanted {
            algorithm: Some(algorithm),
            words,
        };
    } else if wanted.algorithm != Some(algorithm) || wanted.words() != words.get(bytes) {
        return Ok(Some(CONTRADICTION));
    }
    Ok(None)
}

/// Says nothing, and stops at the first error.
struct Silent;

impl Reporter for Silent {
    fn error(&mut self, _: &Error) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn warning(&mut self, _: &Warning) {}
}

/// A policy that was found to be good, and what its compiled form needs.
#[derive(Clone)]
pub struct Plan {
    providers: Providers,
    length: usize,
    size: Size,
}

/// Parses a policy, and measures what its compiled form needs.
///
/// `providers` says which properties the kernel can tell. With `strict`, whatever makes a rule
/// never match is an error, else it is a warning and the rule is left out.
///
/// # Errors
///
/// The first error of the text. The reporter hears of each as it is found, and decides whether to
/// go on.
pub fn measure(
    text: &[u8],
    providers: Providers,
    strict: bool,
    reporter: &mut impl Reporter,
) -> Result<Plan, Error> {
    let mut pass = Pass::new(providers, strict, reporter, Size::default());
    pass.run(text)?;
    Ok(Plan {
        providers,
        length: text.len(),
        size: pass.sink,
    })
}

impl Plan {
    /// Returns the number of words that [`emit`](Self::emit) needs.
    pub const fn words(&self) -> usize {
        self.size.words()
    }

    /// Compiles the text that was measured into `words`.
    ///
    /// Should the text be another one, or the words too few, the result denies everything.
    pub fn emit<S: DerefMut<Target = [u32]>>(self, text: &[u8], words: S) -> Compiled<S> {
        let builder = Builder::new(self.size, words);
        let mut silent = Silent;
        let mut pass = Pass::new(self.providers, false, &mut silent, builder);
        let read = pass.run(text);
        let (index, complete) = pass.sink.finish();
        let mut tables = pass.tables;

        if read.is_err() || !complete || text.len() != self.length {
            tables = Tables::EMPTY;
            tables.fill(&[None; Operation::COUNT]);
        }
        Compiled {
            unknown: Outcome::global_default(tables.global_default.unwrap_or(Action::Deny)),
            rows: tables.rows,
            index,
            version: tables.version,
            name_offset: tables.name_offset,
            name_length: tables.name_length,
        }
    }
}

/// A policy in the form in which it decides.
///
/// `S` holds the words of the rules that name a digest; all else is here.
pub struct Compiled<S> {
    rows: [Row; Operation::COUNT],
    unknown: Outcome,
    index: Index<S>,
    version: Version,
    name_offset: u32,
    name_length: u32,
}

impl<S: Deref<Target = [u32]>> Compiled<S> {
    /// Returns the policy's name as the text has it, which is the text that was compiled.
    pub fn name<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let start = self.name_offset as usize;
        text.get(start..start + self.name_length as usize)
            .unwrap_or(&[])
    }

    /// Returns the policy's version.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Returns the decisions of an operation.
    #[inline]
    pub(crate) const fn row(&self, operation: Operation) -> &Row {
        &self.rows[operation as usize]
    }

    /// Returns the decision about operations that the language does not know.
    #[inline]
    pub(crate) const fn unknown(&self) -> Outcome {
        self.unknown
    }

    /// Returns the rules that name a digest.
    #[inline]
    pub(crate) const fn index(&self) -> &Index<S> {
        &self.index
    }
}
