// SPDX-License-Identifier: GPL-2.0-only

//! A policy that was found good, compiled by the kernel's own compiler.

use crate::{
    failure::{Class, Failure, Result},
    source::Source,
};
use ipe_policy::{
    eval::{self, Verdict},
    policy::{self, Compiled, Line, Operation, Providers, Reporter, Version},
};
use std::ops::ControlFlow;

/// What records call an operation that the kernel knows and the language does not.
pub const UNKNOWN: &str = "UNKNOWN";

/// The name of an operation.
pub fn operation_name(operation: Option<Operation>) -> &'static str {
    operation.map_or(UNKNOWN, Operation::name)
}

/// A compiled policy with its text.
pub struct Policy {
    text: Vec<u8>,
    compiled: Compiled<Vec<u32>>,
}

/// Says nothing.
struct Silent;

impl Reporter for Silent {
    fn error(&mut self, _: &policy::Error) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn warning(&mut self, _: &policy::Warning) {}
}

impl Policy {
    /// Compiles a text; the first error where it has one.
    ///
    /// # Errors
    ///
    /// What the kernel would say.
    pub fn compile(text: &[u8], providers: Providers) -> std::result::Result<Self, policy::Error> {
        let plan = policy::measure(text, providers, false, &mut Silent)?;
        let words = vec![0; plan.words()];
        Ok(Self {
            text: text.to_vec(),
            compiled: plan.emit(text, words),
        })
    }

    /// Compiles a source, for commands that are not about its errors.
    ///
    /// # Errors
    ///
    /// One sentence with the first error, and the advice to run `ipectl check`.
    pub fn load(source: &Source) -> Result<Self> {
        Self::compile(&source.text, Providers::ALL).map_err(|error| {
            let name = &source.name;
            let policy::Position { line, column, .. } = error.position;
            let message = format!("{name}:{line}:{column}: {}", error.kind);
            Failure::new(Class::Invalid, message)
                .hint(format!("'ipectl check {name}' shows every problem"))
        })
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns the lines of the text, as the parser reads them.
    pub fn lines(&self) -> Vec<Line<'_>> {
        policy::lines(&self.text).collect()
    }

    /// The name, for people.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(self.name_bytes()).into_owned()
    }

    /// The name as the kernel has it.
    pub fn name_bytes(&self) -> &[u8] {
        self.compiled.name(&self.text)
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.compiled.version()
    }

    /// What the kernel would decide; `None` is an operation that the language does not know.
    pub fn evaluate(
        &self,
        operation: impl Into<Option<Operation>>,
        object: &impl eval::Object,
    ) -> Verdict {
        eval::evaluate(&self.compiled, operation.into(), object)
    }
}
