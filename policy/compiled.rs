// SPDX-License-Identifier: GPL-2.0-only

//! The compiled form, which decides.

use super::{
    flags::COMBINATIONS,
    index::Index,
    outcome::Outcome,
    version::Version,
    vocabulary::{
        Action,
        Operation, //
    },
};
use core::ops::Deref;

/// The decisions of one operation.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// For each combination of flags: the first rule without a digest, or the default.
    pub(crate) slots: [Outcome; COMBINATIONS],
    /// The first rule that names an fs-verity digest alone.
    pub(crate) fsverity: Outcome,
    /// The first rule that names a dm-verity root hash alone.
    pub(crate) dmverity: Outcome,
    /// The first rule that names both.
    pub(crate) both: Outcome,
    /// The first rule that names an fs-verity digest, alone or not.
    pub(crate) any_fsverity: Outcome,
}

/// All of a policy except the rules that name a digest.
pub(super) struct Tables {
    pub(super) rows: [Row; Operation::COUNT],
    /// The decision about operations that the language does not know.
    unknown: Outcome,
    pub(super) version: Version,
    pub(super) name_offset: u32,
    pub(super) name_length: u32,
}

impl Tables {
    /// No rule, no default, no name.
    pub(super) const EMPTY: Self = Self {
        rows: [Row {
            slots: [Outcome::NONE; COMBINATIONS],
            fsverity: Outcome::NONE,
            dmverity: Outcome::NONE,
            both: Outcome::NONE,
            any_fsverity: Outcome::NONE,
        }; Operation::COUNT],
        unknown: Outcome::global_default(Action::Deny),
        version: Version {
            major: 0,
            minor: 0,
            revision: 0,
        },
        name_offset: 0,
        name_length: 0,
    };

    /// Fills the gaps with the defaults. Without a default, an operation is denied.
    pub(super) fn fill(&mut self, defaults: &Defaults) {
        self.unknown = Outcome::global_default(defaults.global.unwrap_or(Action::Deny));
        for (row, default) in self.rows.iter_mut().zip(defaults.operations) {
            let outcome = default.map_or(self.unknown, Outcome::operation_default);
            for slot in &mut row.slots {
                *slot = outcome.min(*slot);
            }
        }
    }
}

/// The defaults of a policy.
#[derive(Default)]
pub(super) struct Defaults {
    pub(super) global: Option<Action>,
    pub(super) operations: [Option<Action>; Operation::COUNT],
}

impl Defaults {
    /// Returns the first operation that no default decides.
    pub(super) fn missing(&self) -> Option<Operation> {
        let mut operations = Operation::ALL.into_iter().zip(self.operations);
        operations
            .find(|(_, default)| default.is_none() && self.global.is_none())
            .map(|(operation, _)| operation)
    }
}

/// A policy in the form that decides.
///
/// `S` holds the words of the rules that name a digest. Everything else is here.
pub struct Compiled<S> {
    pub(super) tables: Tables,
    pub(super) index: Index<S>,
}

impl<S: Deref<Target = [u32]>> Compiled<S> {
    /// Returns the policy's name. `text` must be the text that was compiled.
    pub fn name<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let start = self.tables.name_offset as usize;
        text.get(start..start + self.tables.name_length as usize)
            .unwrap_or(&[])
    }

    /// Returns the policy's version.
    pub const fn version(&self) -> Version {
        self.tables.version
    }

    /// Returns the decisions of an operation.
    #[inline]
    pub(crate) const fn row(&self, operation: Operation) -> &Row {
        &self.tables.rows[operation as usize]
    }

    /// Returns the decision about operations that the language does not know.
    #[inline]
    pub(crate) const fn unknown(&self) -> Outcome {
        self.tables.unknown
    }

    /// Returns the rules that name a digest.
    #[inline]
    pub(crate) const fn index(&self) -> &Index<S> {
        &self.index
    }
}
