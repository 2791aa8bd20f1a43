// SPDX-License-Identifier: GPL-2.0-only

//! The problems of a policy, and what a kernel's configuration leaves open.

mod at_boot;
mod cause;
mod command_line;
mod diagnostic;
mod hint;
mod kconfig;
pub mod lint;
mod modified;
mod modules;
mod opening;
mod options;
mod origin;
mod portable;
mod program;
mod proof;
mod relies;
mod shadow;
pub(crate) mod similar;

pub use self::{
    diagnostic::{Diagnostic, Severity, Span},
    kconfig::Kconfig,
    options::{Options, Stage},
    proof::denies_everything,
};

pub(crate) use self::relies::parameters;

use crate::{
    failure::{Class, Failure},
    policy::Policy,
    source::Source,
};
use ipe_policy::policy::{self, Errno, ErrorKind, Position, Providers, Reporter};
use std::{collections::BTreeSet, ops::ControlFlow};

/// The findings about a policy or a kernel configuration.
pub struct Report {
    /// All of it, in the order of a policy's text.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it is about a policy.
    is_of_policy: bool,
}

impl Report {
    /// How many there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        let all = self.diagnostics.iter();
        all.filter(|diagnostic| diagnostic.severity == severity)
            .count()
    }

    /// Whether it is about a policy.
    pub fn is_of_policy(&self) -> bool {
        self.is_of_policy
    }

    /// The first error.
    pub fn first_error(&self) -> Option<&Diagnostic> {
        let mut all = self.diagnostics.iter();
        all.find(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The first error as the failure of a command that is not about errors.
    pub fn failure(&self, source: &Source) -> Option<Failure> {
        let error = self.first_error()?;
        let hint = format!("'ipectl check {}' shows every problem", source.name);
        Some(Failure::new(Class::Invalid, error.to_string()).hint(hint))
    }
}

/// The limit of errors in one file. A file with more is hardly a policy.
const MAX_ERRORS: usize = 100;

struct Collector<'s> {
    source: &'s Source,
    found: Vec<Diagnostic>,
    errors: usize,
    useless: BTreeSet<u32>,
}

impl Collector<'_> {
    fn place(&self, position: Position, length: u32) -> (&[u8], Span) {
        let start = (position.offset as usize).min(self.source.text.len());
        let end = self.source.text.len().min(start + length as usize);
        let span = Span {
            line: position.line,
            column: position.column,
            offset: position.offset,
            length,
        };
        (&self.source.text[start..end], span)
    }

    /// Whether an error is only the consequence of one that is known already.
    fn follows(&self, error: &policy::Error) -> bool {
        let text = &self.source.text;
        match error.kind {
            // A DEFAULT with an error in it is not taken for one.
            ErrorKind::DefaultMissing(_) => self.found.iter().any(|found| {
                let mut lines = text.split(|byte| *byte == b'\n');
                let line = lines.nth(found.line.saturating_sub(1) as usize);
                let line = line.unwrap_or_default().trim_ascii_start();
                found.severity == Severity::Error
                    && line
                        .get(..DEFAULT.len())
                        .is_some_and(|word| word.eq_ignore_ascii_case(DEFAULT))
            }),
            ErrorKind::OperationMissing => cause::is_marked(text) && error.position.offset < 3,
            _ => false,
        }
    }
}

/// The word with which a default begins.
const DEFAULT: &[u8] = b"DEFAULT";

impl Reporter for Collector<'_> {
    fn error(&mut self, error: &policy::Error) -> ControlFlow<()> {
        if self.follows(error) {
            return ControlFlow::Continue(());
        }
        let (place, span) = self.place(error.position, error.length);
        let mut diagnostic = Diagnostic::at(
            &self.source.name,
            &self.source.text,
            span,
            Severity::Error,
            hint::error_code(&error.kind),
            error.kind.to_string(),
        );
        let (name, text) = (&self.source.name, &self.source.text);
        let cause = cause::of_error(&error.kind, name, text, span.offset as usize);
        diagnostic.hint = cause.or_else(|| hint::for_error(&error.kind, place));
        diagnostic.errno = Some(errno_name(error.errno()));
        self.found.push(diagnostic);
        self.errors += 1;
        if self.errors < MAX_ERRORS {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn warning(&mut self, warning: &policy::Warning) {
        let (place, span) = self.place(warning.position, warning.length);
        let mut diagnostic = Diagnostic::at(
            &self.source.name,
            &self.source.text,
            span,
            Severity::Warning,
            hint::warning_code(&warning.kind),
            warning.kind.to_string(),
        );
        diagnostic.hint = hint::for_warning(&warning.kind, place);
        self.found.push(diagnostic);
        self.useless.insert(warning.position.line);
    }
}

const fn errno_name(errno: Errno) -> &'static str {
    match errno {
        Errno::BadMessage => "EBADMSG",
        Errno::Invalid => "EINVAL",
        Errno::Range => "ERANGE",
    }
}

/// Checks a policy.
pub fn check(source: &Source, options: &Options) -> Report {
    let mut collector = Collector {
        source,
        found: Vec::new(),
        errors: 0,
        useless: BTreeSet::new(),
    };
    let providers = options
        .kernel
        .as_ref()
        .map_or(Providers::ALL, |kernel| kernel.providers);
    let strict = options.kernel.as_ref().is_some_and(|kernel| kernel.strict);
    // The collector has the errors.
    let _ = policy::measure(&source.text, providers, strict, &mut collector);
    let Collector {
        mut found, useless, ..
    } = collector;

    if let Ok(policy) = Policy::compile(&source.text, providers) {
        found.extend(lint::run(source, &policy, options, &useless));
        let kernel = options.kernel.as_ref();
        found.extend(proof::of_policy(source, &policy, options.stage));
        found.extend(program::of_policy(source, &policy));
        found.extend(modified::of_policy(source, &policy));
        found.extend(modules::of_policy(source, &policy, options));
        found.extend(opening::of_policy(source, &policy, kernel));
        found.extend(at_boot::of_policy(source, &policy, kernel));
        found.extend(origin::of_policy(source, &policy, kernel));
    }
    if options.portable {
        found.extend(portable::of_source(source));
    }
    found.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    Report {
        diagnostics: found,
        is_of_policy: true,
    }
}

/// Checks a kernel's configuration for ways around every policy.
pub fn check_kernel(kernel: &Kconfig) -> Report {
    let mut found = command_line::of_kernel(kernel);
    found.extend(opening::of_kernel(kernel));
    Report {
        diagnostics: found,
        is_of_policy: false,
    }
}
