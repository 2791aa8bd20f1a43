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
use crate::abstractions::fs::{
    File,
    Program, //
};
use crate::abstractions::identity::Identity;
use crate::audit::Hook;
use crate::policy::Operation;

/// Returns the bits that the policy gives to a program with this file. `noted` is the inode that had
/// its data, if fs-verity protected that before its first byte was read.
fn bits_of(file: &File, noted: &Identity) -> ScriptBits {
    let denied = |operation| access::restricts(operation, Hook::BprmCredsFromFile, file, noted);
    ScriptBits::NONE
        .with(ScriptBits::CHECK_FILES, denied(Operation::UncheckedScript))
        .with(
            ScriptBits::DENY_INTERACTIVE,
            denied(Operation::InteractiveScript),
        )
}

/// Notes the bits of an interpreter that was opened. A user can choose which one a program gets.
///
/// # Context
///
/// May sleep, on a union file system.
#[inline(never)]
pub(super) fn note_interpreter(file: &File) {
    with_reading(|reading| {
        let bits = bits_of(file, &reading.interpreter);
        let checks_files = bits.contains(ScriptBits::CHECK_FILES);
        reading.interpreter_checks_files.set(checks_files);
        let denies_interactive = bits.contains(ScriptBits::DENY_INTERACTIVE);
        reading
            .interpreter_denies_interactive
            .set(denies_interactive);
    });
}

/// Sets the securebits of a program of which the headers have been read: those that the policy gives
/// to the program or to its ELF interpreter. Those that the program before it was given count no
/// more. Returns those that were not there without the policy.
///
/// # Context
///
/// May sleep, on a union file system.
pub(super) fn restrict(program: &Program) -> ScriptBits {
    let old = Properties::with_current(|properties| {
        properties.map_or(ScriptBits::NONE, Properties::script_bits)
    });
    let new = with_reading(|reading| {
        let bits = match program.file() {
            Some(file) => bits_of(file, &reading.program),
            None => ScriptBits::NONE,
        };
        let linked = reading.has_elf_interpreter();
        bits.with(
            ScriptBits::CHECK_FILES,
            linked && reading.interpreter_checks_files.is_on(),
        )
        .with(
            ScriptBits::DENY_INTERACTIVE,
            linked && reading.interpreter_denies_interactive.is_on(),
        )
    });
    program.replace_script_bits(old, new)
}
