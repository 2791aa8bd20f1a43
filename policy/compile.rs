// SPDX-License-Identifier: GPL-2.0-only

//! Text to compiled policy, in two passes: one measures, one emits.
//!
//! Both passes read the whole text in the same way ([`Pass::run`]). They differ in their sink for
//! rules that name a digest: the first counts the words that they need, the second writes them into
//! memory that the caller has allocated in between. Everything else has a fixed size.

use super::{
    class::Class,
    compiled::{
        Compiled,
        Defaults,
        Tables, //
    },
    conditions::{
        Conditions,
        Wanted, //
    },
    error::{
        Error,
        ErrorKind,
        Fault,
        Reporter,
        Warning, //
    },
    flags::COMBINATIONS,
    grammar::{
        self,
        Statement,
        Visitor, //
    },
    index::{
        Builder,
        Entry,
        Index,
        Key,
        Links,
        Sink,
        Size,
        Sizes, //
    },
    lexer::{
        Lexer,
        Token, //
    },
    outcome::Outcome,
    property::Property,
    providers::Providers,
    vocabulary::Operation, //
};
use core::ops::{
    ControlFlow,
    DerefMut, //
};

/// One pass over the text.
struct Pass<'r> {
    providers: Providers<'r>,
    strict: bool,
    /// Whether to make the decisions about modified mappings.
    modified: bool,
    reporter: &'r mut dyn Reporter,
    sink: &'r mut dyn Sink,
    tables: &'r mut Tables,
    defaults: Defaults,
    /// For each operation and class: the combinations of flags that a rule without a digest
    /// decides.
    decided: [[u32; Class::COUNT]; Operation::COUNT],
    /// The conditions of the current rule.
    conditions: Conditions,
    first_error: Option<Error>,
}

impl Pass<'_> {
    fn read(&mut self, text: &[u8]) -> ControlFlow<()> {
        let lexer = &mut Lexer::new(text);
        if text.len() > Outcome::MAX_TEXT_LEN {
            return self.fail(lexer, lexer.nothing(ErrorKind::TooLong));
        }

        let mut in_header = true;
        loop {
            let read = match lexer.next_line() {
                Ok(false) => break,
                Ok(true) if in_header => {
                    in_header = false;
                    self.header(lexer)
                }
                Ok(true) => self.statement(lexer),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = read {
                self.fail(lexer, fault)?;
                // Without a header, this may be a rule with more errors.
                if matches!(fault.kind, ErrorKind::HeaderMissing) {
                    lexer.rewind();
                }
            }
        }

        let missing = if in_header {
            Some(ErrorKind::Empty)
        } else {
            let missing = self.defaults.missing(self.tables.named);
            missing.map(ErrorKind::DefaultMissing)
        };
        match missing {
            Some(kind) => self.fail(lexer, lexer.nothing(kind)),
            None => ControlFlow::Continue(()),
        }
    }

    #[cold]
    #[inline(never)]
    fn fail(&mut self, lexer: &Lexer<'_>, fault: Fault) -> ControlFlow<()> {
        let error = lexer.error(fault);
        self.first_error.get_or_insert(error);
        self.reporter.error(&error)
    }

    fn header(&mut self, lexer: &mut Lexer<'_>) -> Result<(), Fault> {
        let header = grammar::header(lexer)?;
        self.tables.version = header.version;
        self.tables.name_offset = lexer.position(header.name_start).offset;
        self.tables.name_length = u32::try_from(header.name_length).unwrap_or(0);
        Ok(())
    }

    /// Reads a rule or a default.
    fn statement(&mut self, lexer: &mut Lexer<'_>) -> Result<(), Fault> {
        self.conditions = Conditions::new();
        match grammar::statement(lexer, self)? {
            Statement::Default(operation, action, range) => {
                let default = match operation {
                    None => &mut self.defaults.global,
                    Some(operation) => &mut self.defaults.operations[operation as usize],
                };
                if default.replace(action).is_some() {
                    let kind = ErrorKind::DefaultRepeated;
                    return Err(Fault::new(kind, range.start, range.len()));
                }
            }
            Statement::Rule(operation, action) => {
                self.conditions.check(operation)?;
                let outcome = Outcome::rule(lexer.line_offset(), action);
                for class in Class::ALL {
                    self.rule(operation, class, outcome);
                }
            }
        }
        Ok(())
    }

    /// Adds a well-formed rule to the decisions about a class of objects.
    fn rule(&mut self, operation: Operation, class: Class, outcome: Outcome) {
        let Some(wanting) = self.conditions.of(class) else {
            return;
        };
        if class == Class::Modified && (operation != Operation::Execute || !self.modified) {
            return;
        }
        let row = self.tables.row_mut(operation, class);
        // An earlier rule decides about objects that both match.
        let decided = &mut self.decided[operation as usize][class as usize];
        let combinations = wanting.combinations & !*decided;
        if combinations == 0 {
            return;
        }
        if !wanting.has_digest() {
            *decided |= combinations;
            let mut rest = combinations;
            while rest != 0 {
                row.slots[rest.trailing_zeros() as usize % COMBINATIONS] = outcome;
                rest &= rest - 1;
            }
            return;
        }
        let sink = &mut *self.sink;
        if let Some(image) = &wanting.image {
            let first = &mut self.tables.images[operation as usize][class as usize];
            *first = outcome.min(*first);
            return sink.entry(&Entry {
                key: Key::of_image(operation, class, image.algorithm),
                outcome,
                combinations,
                fsverity: image.words(),
                dmverity: &[],
            });
        }
        let fsverity = wanting.fsverity.as_ref();
        let algorithm = |wanted: &Wanted| wanted.algorithm;
        wanting.root_hashes(self.providers, &mut |dmverity| {
            let first = match (fsverity, dmverity) {
                (Some(_), Some(_)) => &mut row.both,
                (Some(_), None) => &mut row.fsverity,
                _ => &mut row.dmverity,
            };
            *first = outcome.min(*first);
            let (fsv, dmv) = (fsverity.map(algorithm), dmverity.map(algorithm));
            sink.entry(&Entry {
                key: Key::new(operation, class, fsv, dmv),
                outcome,
                combinations,
                fsverity: fsverity.map_or(&[], Wanted::words),
                dmverity: dmverity.map_or(&[], Wanted::words),
            });
        });
        row.any_fsverity = row.fsverity.min(row.both);
    }
}

impl Visitor for Pass<'_> {
    fn operation(&mut self, operation: Operation, token: &Token<'_>) -> Result<(), Fault> {
        if let Some(extension) = operation.extension() {
            if !self.providers.supports(extension) {
                return Err(token.fault(ErrorKind::Unsupported(extension)));
            }
        }
        self.tables.named.add(operation);
        Ok(())
    }

    fn property(
        &mut self,
        lexer: &Lexer<'_>,
        token: &Token<'_>,
        property: &Property<'_>,
    ) -> Result<(), Fault> {
        self.tables.tells_modified |= matches!(property, Property::Modified(_));
        self.tables.tells_memory |= matches!(property, Property::AnonymousMemory(_));
        let Err(fault) = self.conditions.add(property, token, self.providers) else {
            return Ok(());
        };
        let ErrorKind::Strict(kind) = fault.kind else {
            return Err(fault);
        };
        if self.strict {
            return Err(fault);
        }
        self.conditions.never_match();
        let Error {
            position, length, ..
        } = lexer.error(fault);
        self.reporter.warning(&Warning {
            kind,
            position,
            length,
        });
        Ok(())
    }
}

/// Reads a whole text. Fills the tables and the sink, and returns the defaults.
///
/// # Errors
///
/// The first error. The reporter may have asked for more of them.
#[inline(never)]
fn parse(
    text: &[u8],
    providers: Providers<'_>,
    strict: bool,
    modified: bool,
    reporter: &mut dyn Reporter,
    sink: &mut dyn Sink,
    tables: &mut Tables,
) -> Result<Defaults, Error> {
    let mut pass = Pass {
        providers,
        strict,
        modified,
        reporter,
        sink,
        tables,
        defaults: Defaults::default(),
        decided: [[0; Class::COUNT]; Operation::COUNT],
        conditions: Conditions::new(),
        first_error: None,
    };
    // The reporter may stop early. The first error counts in either case.
    let _ = pass.read(text);
    match pass.first_error {
        Some(error) => Err(error),
        None => Ok(pass.defaults),
    }
}

/// A reporter that drops warnings and stops at the first error.
struct Silent;

impl Reporter for Silent {
    fn error(&mut self, _: &Error) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn warning(&mut self, _: &Warning) {}
}

/// A valid policy, and the size of its compiled form.
#[derive(Clone)]
pub struct Plan<'c> {
    providers: Providers<'c>,
    length: usize,
    size: Size,
    /// Whether the policy tells modified mappings from files.
    tells_modified: bool,
}

/// Parses a policy, and measures its compiled form.
///
/// `providers` are the properties that the kernel can tell, and what its command line says. A rule
/// that can never match is an error if `strict` is set. Otherwise it is a warning, and the rule is
/// left out.
///
/// # Errors
///
/// The first error of the text. The reporter gets each error as it is found, and decides whether to
/// go on.
// The two passes must not share a stack frame.
#[inline(never)]
pub fn measure<'c>(
    text: &[u8],
    providers: Providers<'c>,
    strict: bool,
    reporter: &mut dyn Reporter,
) -> Result<Plan<'c>, Error> {
    let mut sizes = Sizes::default();
    let mut tables = Tables::EMPTY;
    // A later rule may be the first that tells modified mappings from files.
    let modified = true;
    parse(
        text,
        providers,
        strict,
        modified,
        reporter,
        &mut sizes,
        &mut tables,
    )?;
    Ok(Plan {
        providers,
        length: text.len(),
        size: sizes.total(tables.tells_modified),
        tells_modified: tables.tells_modified,
    })
}

impl Plan<'_> {
    /// Returns the number of words that [`emit`](Self::emit) needs.
    pub const fn words(&self) -> usize {
        self.size.words()
    }

    /// Compiles the measured text into `words`.
    ///
    /// If the text is another one, or the words are too few, the result denies everything.
    pub fn emit<S: DerefMut<Target = [u32]>>(self, text: &[u8], mut words: S) -> Compiled<S> {
        let mut tables = Tables::EMPTY;
        let links = self.fill(text, &mut words, &mut tables);
        Compiled {
            tables,
            index: Index::new(words, links),
        }
    }

    #[inline(never)]
    fn fill(&self, text: &[u8], words: &mut [u32], tables: &mut Tables) -> Links {
        let mut builder = Builder::new(self.size, words);
        let silent = &mut Silent;
        let parsed = parse(
            text,
            self.providers,
            false,
            self.tells_modified,
            silent,
            &mut builder,
            tables,
        );
        let (index, complete) = builder.finish();

        match parsed {
            Ok(defaults)
                if complete
                    && text.len() == self.length
                    && tables.tells_modified == self.tells_modified =>
            {
                tables.fill(&defaults)
            }
            _ => tables.deny_all(),
        }
        index.links()
    }
}
