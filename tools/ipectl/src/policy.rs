// SPDX-License-Identifier: GPL-2.0-only

//! A valid policy, compiled by the kernel's own compiler.

use crate::{
    failure::{Class, Failure, Result},
    source::Source,
};
use ipe_policy::{
    eval::{self, Verdict},
    policy::{self, Compiled, Line, Operation, Providers, Reporter, Version},
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
    /// Compiles a text.
    ///
    /// # Errors
    ///
    /// The kernel's first error.
    pub fn compile(text: &[u8], providers: Providers) -> std::result::Result<Self, policy::Error> {
        let plan = policy::measure(text, providers, false, &mut Silent)?;
        let words = vec![0; plan.words()];
        Ok(Self {
            text: text.to_vec(),
            compiled: plan.emit(text, words),
        })
    }

    /// Compiles a source, for commands that do not report its errors.
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

    /// The name as the kernel stores it.
    pub fn name_bytes(&self) -> &[u8] {
        self.compiled.name(&self.text)
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.compiled.version()
    }

    /// Returns the kernel's verdict; `None` is an operation that the language does not know.
    pub fn evaluate(
        &self,
        operation: impl Into<Option<Operation>>,
        object: &(impl eval::Object + eval::Digests),
    ) -> Verdict {
        eval::evaluate(&self.compiled, operation.into(), object)
    }
}
