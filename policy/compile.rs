// SPDX-License-Identifier: GPL-2.0-only

//! Text to compiled policy, in two passes: one measures, one emits.
//!
//! Both passes read the whole text in the same way ([`Pass::run`]). They differ in their sink for
//! rules that name a digest: the first counts the words that they need, the second writes them into
//! memory that the caller has allocated in between. Everything else has a fixed size.

use super::{
    compiled::{
        Compiled,
        Defaults,
        Tables, //
    },
    conditions::Conditions,
    error::{
        Error,
        ErrorKind,
        Fault,
        Reporter,
        Warning, //
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
        Links,
        Sink,
        Size, //
    },
    lexer::Lexer,
    outcome::Outcome,
    vocabulary::{
        Operation,
        Providers, //
    },
};
use core::ops::{
    ControlFlow,
    DerefMut, //
};

/// One pass over the text.
struct Pass<'r> {
    providers: Providers,
    strict: bool,
    reporter: &'r mut dyn Reporter,
    sink: &'r mut dyn Sink,
    tables: Tables,
    defaults: Defaults,
    /// For each operation: the combinations of flags that a rule without a digest decides.
    decided: [u32; Operation::COUNT],
    /// The conditions of the current rule.
    conditions: Conditions,
    first_error: Option<Error>,
}

impl<'r> Pass<'r> {
    fn new(
        providers: Providers,
        strict: bool,
        reporter: &'r mut dyn Reporter,
        sink: &'r mut dyn Sink,
    ) -> Self {
        Self {
            providers,
            strict,
            reporter,
            sink,
            tables: Tables::EMPTY,
            defaults: Defaults::default(),
            decided: [0; Operation::COUNT],
            conditions: Conditions::new(),
            first_error: None,
        }
    }

    /// Reads the whole text, and fills the tables and the sink.
    ///
    /// # Errors
    ///
    /// The first error. The reporter may have asked for more of them.
    #[inline(never)]
    fn run(&mut self, text: &[u8]) -> Result<(), Error> {
        // The reporter may stop early. The first error counts in either case.
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
        let lexer = &mut Lexer::new(text);
        if text.len() > Outcome::MAX_TEXT_LEN {
            return self.fail(lexer, lexer.nothing(ErrorKind::TooLong));
        }

        let mut in_header = true;
        loop {
            match lexer.next_line() {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => {
                    self.fail(lexer, fault)?;
                    continue;
                }
            }
            if in_header {
                in_header = false;
                let Err(fault) = self.header(lexer) else {
                    continue;
                };
                self.fail(lexer, fault)?;
                // Without a header, this may be a rule with more errors.
                if fault.kind != ErrorKind::HeaderMissing {
                    continue;
                }
                lexer.rewind();
            }
            if let Err(fault) = self.statement(lexer) {
                self.fail(lexer, fault)?;
            }
        }

        let missing = if in_header {
            Some(ErrorKind::Empty)
        } else {
            self.defaults.missing().map(ErrorKind::DefaultMissing)
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
    #[inline]
    fn statement(&mut self, lexer: &mut Lexer<'_>) -> Result<(), Fault> {
        let conditions = &mut self.conditions;
        conditions.clear();
        let providers = self.providers;
        let strict = self.strict;
        let reporter = &mut *self.reporter;

        let statement = grammar::statement(lexer, &mut |lexer, token, property| {
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
                position: lexer.position(finding.start),
                length: u32::try_from(finding.length).unwrap_or(u32::MAX),
            });
            Ok(())
        })?;

        match statement {
            Statement::Default(operation, action, [first, last]) => {
                let default = match operation {
                    None => &mut self.defaults.global,
                    Some(operation) => &mut self.defaults.operations[operation as usize],
                };
                if default.replace(action).is_some() {
                    let length = last.start + last.text.len() - first.start;
                    return Err(Fault::new(ErrorKind::DefaultRepeated, first.start, length));
                }
            }
            Statement::Rule(operation, action) => {
                self.rule(operation, Outcome::rule(lexer.line_offset(), action));
            }
        }
        Ok(())
    }

    /// Adds a well-formed rule.
    #[inline]
    fn rule(&mut self, operation: Operation, outcome: Outcome) {
        let conditions = &self.conditions;
        let row = &mut self.tables.rows[operation as usize];
        // An earlier rule decides about objects that both match.
        let decided = &mut self.decided[operation as usize];
        let combinations = conditions.combinations & !*decided;
        if combinations == 0 {
            return;
        }
        if !conditions.has_digest() {
            *decided |= combinations;
            for (combination, slot) in row.slots.iter_mut().enumerate() {
                if combinations & (1 << combination) != 0 {
                    *slot = outcome;
                }
            }
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
        row.any_fsverity = row.fsverity.min(row.both);
        self.sink.entry(&Entry {
            key: Key::new(operation, fsverity, dmverity),
            outcome,
            combinations,
            fsverity: conditions.fsverity.words(),
            dmverity: conditions.dmverity.words(),
        });
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
pub struct Plan {
    providers: Providers,
    length: usize,
    size: Size,
}

/// Parses a policy, and measures its compiled form.
///
/// `providers` are the properties that the kernel can tell. A rule that can never match is an error
/// if `strict` is set. Otherwise it is a warning, and the rule is left out.
///
/// # Errors
///
/// The first error of the text. The reporter gets each error as it is found, and decides whether to
/// go on.
// The two passes must not share a stack frame.
#[inline(never)]
pub fn measure(
    text: &[u8],
    providers: Providers,
    strict: bool,
    reporter: &mut dyn Reporter,
) -> Result<Plan, Error> {
    let mut size = Size::default();
    Pass::new(providers, strict, reporter, &mut size).run(text)?;
    Ok(Plan {
        providers,
        length: text.len(),
        size,
    })
}

impl Plan {
    /// Returns the number of words that [`emit`](Self::emit) needs.
    pub const fn words(&self) -> usize {
        self.size.words()
    }

    /// Compiles the measured text into `words`.
    ///
    /// If the text is another one, or the words are too few, the result denies everything.
    pub fn emit<S: DerefMut<Target = [u32]>>(self, text: &[u8], mut words: S) -> Compiled<S> {
        let (tables, links) = self.fill(text, &mut words);
        Compiled {
            tables,
            index: Index::new(words, links),
        }
    }

    #[inline(never)]
    fn fill(&self, text: &[u8], words: &mut [u32]) -> (Tables, Links) {
        let mut builder = Builder::new(self.size, words);
        let mut silent = Silent;
        let mut pass = Pass::new(self.providers, false, &mut silent, &mut builder);
        let read = pass.run(text);
        let mut tables = pass.tables;
        let (index, complete) = builder.finish();

        if read.is_err() || !complete || text.len() != self.length {
            tables = Tables::EMPTY;
            tables.fill(&Defaults::default());
        }
        (tables, index.links())
    }
}
