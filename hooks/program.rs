// SPDX-License-Identifier: GPL-2.0-only

//! The program that a task runs.
//!
//! Its properties are those that its file had when it was executed. They are in the task's
//! credentials, where nothing but another `execve(2)` replaces them. `mm->exe_file` is not to be
//! believed: a task exchanges it by `prctl(PR_SET_MM)`, and binfmt_misc can make it a file that
//! never ran.
//!
//! The program of a script is its interpreter. A program that is started as the argument of its
//! dynamic linker has the linker's properties.

#[cfg_attr(not(CONFIG_IPE_PROP_EXE), path = "program/absent.rs")]
mod properties;

pub(crate) use properties::Properties;

use crate::audit;
use crate::eval;
use crate::policy::{
    Class,
    Compiled,
    Operation,
    Outcome, //
};
use core::ops::Deref;

/// The program that asks for something. An unknown one has no properties.
#[derive(Copy, Clone)]
pub(super) struct Asker<'a>(Option<&'a Properties>);

impl<'a> Asker<'a> {
    /// Returns the program with these properties.
    pub(super) fn new(properties: Option<&'a Properties>) -> Self {
        Self(properties)
    }

    /// Calls `use_it` with the program that the calling task runs. It is unknown for a task that
    /// has executed nothing, such as a thread of the kernel.
    ///
    /// # Context
    ///
    /// Any with a task.
    #[inline]
    pub(super) fn with_current<R>(use_it: impl FnOnce(Asker<'_>) -> R) -> R {
        Properties::with_current(|properties| use_it(Asker(properties)))
    }

    /// Decides about memory, or access to a process, for this program.
    #[inline(always)]
    pub(super) fn outcome<S>(self, policy: &Compiled<S>, operation: Option<Operation>) -> Outcome
    where
        S: Deref<Target = [u32]>,
    {
        match self.0 {
            Some(properties) => eval::outcome(policy, operation, Class::Memory, properties),
            None => eval::outcome_of_none(policy, operation, Class::Memory),
        }
    }

    /// Returns what a record says of the program.
    pub(super) fn fields(self) -> audit::Asker<'a> {
        if cfg!(CONFIG_IPE_PROP_EXE) {
            self.0.map_or(audit::Asker::Unknown, |properties| {
                audit::Asker::Known(properties.fields())
            })
        } else {
            audit::Asker::Unnamed
        }
    }
}
