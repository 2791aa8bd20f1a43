// SPDX-License-Identifier: GPL-2.0-only

//! Which files fs-verity protected before the kernel began to read them.
//!
//! Some files are judged when the kernel has already read from them. fs-verity may have been
//! enabled in between, on other contents than the kernel has read, and another user of the file may
//! have dropped the earlier pages. So the inode alone no longer tells, and the task that reads
//! takes a note before.

use super::access;
use super::module::Ipe;
use crate::abstractions::fs::File;
use crate::abstractions::identity::Identity;
use crate::abstractions::lsm::{
    Blob,
    ReadPurpose, //
};
use crate::abstractions::param::Switch;
use crate::abstractions::task;
use crate::audit::Hook;
use kernel::prelude::*;
use pin_init::Zeroable;

/// The files that the kernel reads for the calling task. Each note is the inode that had the file's
/// data, if fs-verity protected it before the first byte was read.
///
/// A file is open as long as its note is used, so its inode cannot be confused with another.
#[derive(Zeroable)]
pub(crate) struct Reading {
    /// The program that is executed.
    pub(super) program: Identity,
    /// The interpreter that was opened last.
    pub(super) interpreter: Identity,
    /// Whether an interpreter was opened since the program was judged.
    interpreter_is_new: Switch,
    /// Whether the interpreter that was opened last may not take scripts without asking.
    #[cfg(CONFIG_IPE_OP_SCRIPT)]
    pub(super) interpreter_checks_files: Switch,
    /// Whether it may not take them from its command line.
    #[cfg(CONFIG_IPE_OP_SCRIPT)]
    pub(super) interpreter_denies_interactive: Switch,
    /// Data that the kernel reads for itself.
    data: Identity,
    /// The file that [`super::origin`] reads, and judges.
    #[cfg(CONFIG_IPE_POLICY_ORIGIN)]
    alone: Identity,
}

impl Blob for Reading {}

#[cfg(CONFIG_IPE_PROP_EXE)]
impl Reading {
    /// Returns whether the program that is executed has an ELF interpreter. Once the headers of the
    /// program have been read, an interpreter that is new is one.
    pub(super) fn has_elf_interpreter(&self) -> bool {
        self.interpreter_is_new.is_on()
    }
}

/// Calls `use_it` with the notes of the calling task.
pub(super) fn with_reading<R>(use_it: impl FnOnce(&Reading) -> R) -> R {
    task::with_current::<Ipe, R>(use_it)
}

/// Notes the inode of the file's data, if fs-verity protects all reads from now on.
///
/// # Context
///
/// May sleep.
pub(super) fn note(noted: &Identity, file: &File) {
    #[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
    {
        let inode = file.real_inode();
        if super::verity::protects(inode) {
            return noted.set(inode);
        }
    }
    let _ = file;
    noted.clear();
}

/// Notes a program that is about to be executed.
///
/// # Context
///
/// May sleep.
#[inline(never)]
pub(super) fn note_program(file: &File) {
    with_reading(|reading| {
        note(&reading.program, file);
        reading.interpreter_is_new.set(false);
    });
}

/// Notes an interpreter that was opened.
///
/// # Context
///
/// May sleep.
#[inline(never)]
pub(super) fn note_interpreter(file: &File) {
    with_reading(|reading| {
        note(&reading.interpreter, file);
        reading.interpreter_is_new.set(true);
    });
}

/// Makes the interpreter the program, if an interpreter was opened since the first bytes of the
/// last program were read. The ELF interpreter is opened later than this.
#[inline(never)]
pub(super) fn note_switch() {
    with_reading(|reading| {
        if reading.interpreter_is_new.is_on() {
            reading.program.copy(&reading.interpreter);
            reading.interpreter_is_new.set(false);
        }
    });
}

/// Notes data that the kernel is about to read for itself.
///
/// # Context
///
/// May sleep.
#[inline(never)]
fn note_data(file: &File) {
    with_reading(|reading| note(&reading.data, file));
}

/// Calls `read`, which reads the file as a policy. The caller judges the file alone.
#[cfg(CONFIG_IPE_POLICY_ORIGIN)]
pub(super) fn alone<R>(file: &File, read: impl FnOnce() -> R) -> R {
    with_reading(|reading| {
        reading.alone.set(file);
        let result = read();
        reading.alone.clear();
        result
    })
}

/// Returns whether somebody else judges what the kernel is about to read.
#[inline]
fn is_judged_elsewhere(file: Option<&File>, purpose: ReadPurpose) -> bool {
    #[cfg(CONFIG_IPE_POLICY_ORIGIN)]
    if let (Some(file), ReadPurpose::Policy) = (file, purpose) {
        return with_reading(|reading| reading.alone.is(file));
    }
    let _ = (file, purpose);
    false
}

/// Judges data that the kernel is about to read for itself.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// May sleep.
#[inline]
pub(super) fn check_data(file: Option<&File>, purpose: ReadPurpose) -> Result {
    if is_judged_elsewhere(file, purpose) {
        return Ok(());
    }
    if let Some(file) = file.filter(|file| file.is_of_union()) {
        note_data(file);
    }
    access::check(access::operation(purpose), Hook::KernelRead, file)
}

/// Judges data that the kernel has read for itself once more, where it is of a union file system:
/// reading follows a file that is copied to the upper layer meanwhile.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// May sleep.
#[inline]
pub(super) fn check_data_read(file: &File, purpose: ReadPurpose) -> Result {
    if !file.is_of_union() {
        return Ok(());
    }
    let operation = access::operation(purpose);
    with_reading(|reading| access::check_read(operation, Hook::KernelRead, file, &reading.data))
}
