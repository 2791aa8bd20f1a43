// SPDX-License-Identifier: GPL-2.0-only

//! A running `execve(2)`: the program and the interpreters that it brings along.
//!
//! The kernel reads a program's first bytes, and all headers of its ELF interpreter, before it asks
//! whether the program may be executed, or without asking at all. So interpreters are judged when
//! they are opened. fs-verity counts only for a file that it protected before the first byte was
//! read.

use super::access;
use super::module::Ipe;
use super::program::{
    Asker,
    Properties, //
};
use super::reading;
use super::reading::with_reading;
use crate::abstractions::fs::{
    File,
    Program, //
};
use crate::abstractions::task;
use crate::audit::Hook;
use crate::policy::Operation;
use kernel::prelude::*;

const EXECUTE: Option<Operation> = Some(Operation::Execute);

/// Begins the execution of a program of which nothing has been read.
///
/// # Context
///
/// May sleep.
pub(super) fn begin(program: &Program) {
    if let Some(file) = program.file() {
        reading::note_program(file);
    }
    // An earlier execution that failed may have left one in a task of the kernel, which does not
    // return to userspace in between.
    drop(task::take_held_file::<Ipe>());
}

/// Judges a program whose first bytes have been read.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// May sleep.
#[inline]
pub(super) fn check_program(program: &Program) -> Result {
    reading::note_switch();
    check_program_read(program.file())
}

fn check_program_read(file: Option<&File>) -> Result {
    match file {
        None => access::check(EXECUTE, Hook::BprmCheck, None),
        Some(file) => with_reading(|reading| {
            access::check_read(EXECUTE, Hook::BprmCheck, file, &reading.program)
        }),
    }
}

/// Judges an interpreter that the `execve(2)` of the calling task opens in another way than by its
/// path: a clone of a file that was opened before, as binfmt_misc makes it. [`interpreter_opened`]
/// judges all others, once fs-verity and a union file system know the file.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode; those of [`task::hold_file`].
///
/// # Context
///
/// May sleep.
#[cold]
#[inline(never)]
pub(super) fn open_interpreter(file: &File) -> Result {
    if !task::is_in_execve() || file.is_backing() || task::is_walking_path() {
        return Ok(());
    }
    check_interpreter(file)
}

/// Judges an interpreter that the `execve(2)` of the calling task has opened by its path.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode; those of [`task::hold_file`].
///
/// # Context
///
/// May sleep.
#[cold]
#[inline(never)]
pub(super) fn interpreter_opened(file: &File) -> Result {
    if !task::is_in_execve() {
        return Ok(());
    }
    check_interpreter(file)
}

/// Judges an interpreter of which nothing has been read.
fn check_interpreter(file: &File) -> Result {
    // The interpreter that is opened last is the ELF interpreter, if the program has one.
    drop(task::take_held_file::<Ipe>());
    reading::note_interpreter(file);
    check_interpreter_read(file)?;
    #[cfg(CONFIG_IPE_OP_SCRIPT)]
    super::script::note_interpreter(file);
    // It may be copied to the upper layer before its headers are read.
    if file.is_of_union() {
        task::hold_file::<Ipe>(file)?;
    }
    Ok(())
}

fn check_interpreter_read(file: &File) -> Result {
    with_reading(|reading| access::check_read(EXECUTE, Hook::ExecOpen, file, &reading.interpreter))
}

/// Judges program and ELF interpreter again where they are files of a union file system. Their
/// headers have been read by now, and reading follows a file that is copied to the upper layer
/// meanwhile.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// May sleep.
pub(super) fn check_headers(program: &Program) -> Result {
    let file = program.file();
    if file.is_some_and(File::is_of_union) {
        check_program_read(file)?;
    }
    let interpreter = task::take_held_file::<Ipe>();
    match interpreter.as_deref() {
        // The interpreter of a script is the program.
        Some(interpreter) if !file.is_some_and(|file| core::ptr::eq(file, interpreter)) => {
            check_interpreter_read(interpreter)
        }
        _ => Ok(()),
    }
}

/// Starts a program that may be executed: gives it its securebits, and the properties by which it
/// is known until it executes another one.
///
/// # Errors
///
/// `ENOMEM`.
///
/// # Context
///
/// May sleep.
#[inline(never)]
pub(super) fn start(program: &Program) -> Result {
    #[cfg(CONFIG_IPE_OP_SCRIPT)]
    let script_bits = super::script::restrict(program);
    #[cfg(not(CONFIG_IPE_OP_SCRIPT))]
    let script_bits = crate::abstractions::cred::ScriptBits::NONE;
    let properties = Properties::give(program, script_bits)?;
    check_personality(program, properties.as_deref());
    Ok(())
}

/// Removes `READ_IMPLIES_EXEC` from a program that would inherit it, where the policy denies it
/// anonymous memory, in enforcing mode: all that the program allocates would be executable.
/// `properties` are those of the program.
///
/// # Context
///
/// May sleep.
fn check_personality(program: &Program, properties: Option<&Properties>) {
    if !task::read_implies_exec() {
        return;
    }
    let asker = Asker::new(properties);
    if access::check_asker(EXECUTE, Hook::BprmCredsFromFile, asker).is_err() {
        program.clear_read_implies_exec();
    }
}
