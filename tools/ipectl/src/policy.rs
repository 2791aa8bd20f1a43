// SPDX-License-Identifier: GPL-2.0-only

//! A valid policy, compiled by the kernel's own compiler.

use crate::{
    command_line::CommandLine,
    failure::{Class, Failure, Result},
    object::Object,
    source::Source,
};
use ipe_policy::{
    eval::{self, Verdict},
    policy::{self, Action, Compiled, Line, Operation, Property, Providers, Reporter, Version},
};
use std::ops::ControlFlow;

/// The name in records of an operation that the kernel knows and the language does not.
pub const UNKNOWN: &str = "UNKNOWN";

/// The name of an operation.
pub fn operation_name(operation: Option<Operation>) -> &'static str {
    operation.map_or(UNKNOWN, Operation::name)
}

/// A compiled policy with its text.
pub struct Policy {
    text: Vec<u8>,
    command_line: CommandLine,
    compiled: Compiled<Vec<u32>>,
}

/// Reports nothing.
struct Silent;

impl Reporter for Silent {
    fn error(&mut self, _: &policy::Error) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn warning(&mut self, _: &policy::Warning) {}
}

impl Policy {
    /// Compiles a text, for a kernel whose command line is not known.
    ///
    /// # Errors
    ///
    /// The kernel's first error.
    pub fn compile(
        text: &[u8],
        providers: Providers<'_>,
    ) -> std::result::Result<Self, policy::Error> {
        Self::compile_for(text, providers, CommandLine::AtBoot)
    }

    /// Compiles a text, for a kernel with this command line.
    fn compile_for(
        text: &[u8],
        providers: Providers<'_>,
        command_line: CommandLine,
    ) -> std::result::Result<Self, policy::Error> {
        let providers = match providers.command_line() {
            Some(_) => providers.with_command_line(&command_line),
            None => providers,
        };
        let plan = policy::measure(text, providers, false, &mut Silent)?;
        let words = vec![0; plan.words()];
        let compiled = plan.emit(text, words);
        Ok(Self {
            text: text.to_vec(),
            command_line,
            compiled,
        })
    }

    /// Compiles a source, for commands that do not report its errors.
    ///
    /// # Errors
    ///
    /// One sentence with the first error, and the advice to run `ipectl check`.
    pub fn load(source: &Source) -> Result<Self> {
        Self::load_for(source, CommandLine::AtBoot)
    }

    /// Compiles a source likewise, for a kernel with this command line.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load).
    pub fn load_for(source: &Source, command_line: CommandLine) -> Result<Self> {
        Self::compile_for(&source.text, Providers::ALL, command_line).map_err(|error| {
            let name = &source.name;
            let policy::Position { line, column, .. } = error.position;
            let message = format!("{name}:{line}:{column}: {}", error.kind);
            Failure::new(Class::Invalid, message)
                .hint(format!("'ipectl check {name}' shows every problem"))
        })
    }

    /// Compiles the same text for a kernel with this command line.
    ///
    /// # Errors
    ///
    /// None but those of a text that did not compile before.
    pub fn for_command_line(
        &self,
        command_line: CommandLine,
    ) -> std::result::Result<Self, policy::Error> {
        Self::compile_for(&self.text, Providers::ALL, command_line)
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The command line that it was compiled for.
    pub fn command_line(&self) -> &CommandLine {
        &self.command_line
    }

    /// Returns whether a property of a rule holds for an object.
    pub fn holds(&self, property: &Property<'_>, object: &Object) -> bool {
        let named = |parameter| self.command_line.root_hashes(parameter);
        object.satisfies(property, |parameter| named(parameter).unwrap_or_default())
    }

    /// Returns the lines of the text, as the parser reads them.
    pub fn lines(&self) -> Vec<Line<'_>> {
        policy::lines(&self.text).collect()
    }

    /// The name, for people.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(self.name_bytes()).into_owned()
    }

    /// The name as the kernel stores it.
    pub fn name_bytes(&self) -> &[u8] {
        self.compiled.name(&self.text)
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.compiled.version()
    }

    /// Returns whether the kernel asks about an operation: about those of extensions only where
    /// the policy names them.
    pub fn asks(&self, operation: impl Into<Option<Operation>>) -> bool {
        operation.into().is_none_or(|operation| {
            operation.extension().is_none() || self.compiled.names(operation)
        })
    }

    /// Returns whether a decision about a modified mapping can differ from that about the file.
    pub fn tells_modified(&self) -> bool {
        self.compiled.tells_modified()
    }

    /// Returns the action for an object. Everything is allowed that the kernel does not ask about.
    pub fn action(&self, operation: Option<Operation>, object: &Object) -> Action {
        if self.asks(operation) {
            self.evaluate(operation, object).action
        } else {
            Action::Allow
        }
    }

    /// Returns the kernel's verdict; `None` is an operation that the language does not know.
    pub fn evaluate(&self, operation: impl Into<Option<Operation>>, object: &Object) -> Verdict {
        eval::evaluate(&self.compiled, operation.into(), object.class(), object)
    }
}
