// SPDX-License-Identifier: GPL-2.0-only

//! The operations `UNCHECKED_SCRIPT` and `INTERACTIVE_SCRIPT`: whether a program may run scripts
//! without asking the kernel about each, and whether it may take them from its command line and
//! input.
//!
//! A program that may not starts with a securebit that tells it so, which its credentials keep
//! until it executes another program. It is up to the program to obey. The bits are set and not
//! locked: locked in the first process, they would make all that changes securebits fail.

use super::access;
use super::program::Properties;
use super::reading::with_reading;
use crate::abstractions::cred::ScriptBits;
use crate::abstractions::fs::Program;
use crate::audit::Hook;
use crate::policy::Operation;

/// Sets the securebits of a program of which the headers have been read. Those that the program
/// before it was given count no more. Returns those that were not there without the policy.
///
/// # Context
///
/// May sleep, on a union file system.
pub(super) fn restrict(program: &Program) -> ScriptBits {
    let old = Properties::with_current(|properties| {
        properties.map_or(ScriptBits::NONE, Properties::script_bits)
    });
    let denied = |operation| {
        program.file().is_some_and(|file| {
            with_reading(|reading| {
                access::restricts(operation, Hook::BprmCredsFromFile, file, &reading.program)
            })
        })
    };
    let new = ScriptBits::NONE
        .with(ScriptBits::CHECK_FILES, denied(Operation::UncheckedScript))
        .with(
            ScriptBits::DENY_INTERACTIVE,
            denied(Operation::InteractiveScript),
        );
    program.replace_script_bits(old, new)
}
