// SPDX-License-Identifier: GPL-2.0-only

//! The compiled form, which decides.

use super::{
    class::Class,
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

/// The decisions of one operation about objects of one class.
///
/// The properties are those of a file, or for memory those of the program that asks.
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

impl Row {
    /// No rule.
    const EMPTY: Self = Self {
        slots: [Outcome::NONE; COMBINATIONS],
        fsverity: Outcome::NONE,
        dmverity: Outcome::NONE,
        both: Outcome::NONE,
        any_fsverity: Outcome::NONE,
    };

    /// Returns whether all properties lead to the same decision.
    fn is_constant(&self) -> bool {
        let [first, rest @ ..] = &self.slots;
        rest.iter().all(|slot| slot == first)
            && self.any_fsverity == Outcome::NONE
            && self.dmverity == Outcome::NONE
    }
}

/// A set of operations.
#[derive(Clone, Copy)]
pub(super) struct Operations(u16);

impl Operations {
    /// No operation.
    const NONE: Self = Self(0);

    /// Every operation.
    const ALL: Self = Self((1 << Operation::COUNT) - 1);

    /// Adds an operation.
    pub(super) fn add(&mut self, operation: Operation) {
        self.0 |= 1 << operation as u8;
    }

    /// Returns whether the operation is in the set.
    #[inline]
    const fn contains(self, operation: Operation) -> bool {
        self.0 & (1 << operation as u8) != 0
    }
}

/// All of a policy except the rules that name a digest.
pub(super) struct Tables {
    /// For each operation: the decisions about files, and about memory.
    rows: [[Row; 2]; Operation::COUNT],
    /// The decisions of [`Operation::Execute`] about modified mappings.
    modified: Row,
    /// Whether the policy tells modified mappings from files.
    pub(super) tells_modified: bool,
    /// For each operation and class: the first rule that names the fs-verity digest of an image.
    pub(super) images: [[Outcome; Class::COUNT]; Operation::COUNT],
    /// Whether a rule says `anonymous_memory`, as all do that ask for the program to execute memory.
    pub(super) tells_memory: bool,
    /// The decision about operations that the language does not know.
    unknown: Outcome,
    /// The operations that a rule or a default names.
    pub(super) named: Operations,
    /// The operations with a decision about memory that depends on the program.
    of_programs: Operations,
    pub(super) version: Version,
    pub(super) name_offset: u32,
    pub(super) name_length: u32,
}

impl Tables {
    /// No rule, no default, no name.
    pub(super) const EMPTY: Self = Self {
        rows: [[Row::EMPTY; 2]; Operation::COUNT],
        modified: Row::EMPTY,
        tells_modified: false,
        images: [[Outcome::NONE; Class::COUNT]; Operation::COUNT],
        tells_memory: false,
        unknown: Outcome::global_default(Action::Deny),
        named: Operations::NONE,
        of_programs: Operations::NONE,
        version: Version {
            major: 0,
            minor: 0,
            revision: 0,
        },
        name_offset: 0,
        name_length: 0,
    };

    /// Returns the decisions of an operation about objects of a class.
    pub(super) fn row_mut(&mut self, operation: Operation, class: Class) -> &mut Row {
        let [file, memory] = &mut self.rows[operation as usize];
        match class {
            Class::File => file,
            Class::Memory => memory,
            Class::Modified => &mut self.modified,
        }
    }

    /// Denies everything, also what is only asked about where a policy names it.
    pub(super) fn deny_all(&mut self) {
        *self = Self::EMPTY;
        self.named = Operations::ALL;
        self.fill(&Defaults::default());
    }

    /// Fills the gaps with the defaults. Without a default, an operation is denied.
    pub(super) fn fill(&mut self, defaults: &Defaults) {
        self.unknown = Outcome::global_default(defaults.global.unwrap_or(Action::Deny));
        for (operation, default) in Operation::ALL.into_iter().zip(defaults.operations) {
            let outcome = default.map_or(self.unknown, Outcome::operation_default);
            for class in Class::ALL {
                if class == Class::Modified && operation != Operation::Execute {
                    continue;
                }
                for slot in &mut self.row_mut(operation, class).slots {
                    *slot = outcome.min(*slot);
                }
            }
            let image = self.images[operation as usize][Class::Memory as usize];
            if !self.row_mut(operation, Class::Memory).is_constant() || image != Outcome::NONE {
                self.of_programs.add(operation);
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
    /// Returns the first operation that is asked about, and that no default decides.
    pub(super) fn missing(&self, named: Operations) -> Option<Operation> {
        let mut operations = Operation::ALL.into_iter().zip(self.operations);
        operations
            .find(|&(operation, default)| {
                let asked = operation.extension().is_none() || named.contains(operation);
                asked && default.is_none() && self.global.is_none()
            })
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

    /// Returns whether a rule or a default names the operation.
    ///
    /// An operation of an [extension](Operation::extension) is only asked about where it is named.
    #[inline]
    pub const fn names(&self, operation: Operation) -> bool {
        self.tables.named.contains(operation)
    }

    /// Returns whether a decision about memory can depend on the program that asks. If not, its
    /// properties need not be found: any will do.
    #[inline]
    pub const fn asks_for_program(&self, operation: Operation) -> bool {
        self.tables.of_programs.contains(operation)
    }

    /// Returns whether a decision about a modified mapping can differ from that about the file.
    #[inline]
    pub const fn tells_modified(&self) -> bool {
        self.tables.tells_modified
    }

    /// Returns whether the policy tells memory from files.
    #[inline]
    pub const fn tells_memory(&self) -> bool {
        self.tables.tells_memory
    }

    /// Returns the class as which objects of this class are decided about: the policy may not tell
    /// modified mappings from files.
    #[inline]
    pub(crate) const fn class(&self, operation: Operation, class: Class) -> Class {
        match class {
            Class::Modified if !self.tells_modified() => Class::File,
            Class::Modified if !matches!(operation, Operation::Execute) => Class::File,
            _ => class,
        }
    }

    /// Returns the decisions of an operation about objects of a class, which must be one of
    /// [`Self::class`].
    #[inline]
    pub(crate) const fn row(&self, operation: Operation, class: Class) -> &Row {
        let [file, memory] = &self.tables.rows[operation as usize];
        match class {
            Class::File => file,
            Class::Memory => memory,
            Class::Modified => &self.tables.modified,
        }
    }

    /// Returns the first rule that names the fs-verity digest of an image.
    #[inline]
    pub(crate) const fn first_image(&self, operation: Operation, class: Class) -> Outcome {
        self.tables.images[operation as usize][class as usize]
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
