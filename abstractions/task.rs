// SPDX-License-Identifier: GPL-2.0-only

//! The calling task: its identity for records, its data of a security module, and a file that it
//! holds.
//!
//! C headers: [`include/linux/sched.h`](srctree/include/linux/sched.h),
//! [`include/linux/audit.h`](srctree/include/linux/audit.h),
//! [`include/linux/task_work.h`](srctree/include/linux/task_work.h)

use super::bindings;
use super::fs::{
    before_nul,
    File, //
};
use super::lsm::interface::Declared;
use core::ptr::NonNull;
use kernel::error::to_result;
use kernel::page::PAGE_SIZE;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use pin_init::Zeroable;

/// The length of a task's name with its terminating NUL: C's `TASK_COMM_LEN`.
const COMM_LENGTH: usize = 16;

/// The name of the calling task.
pub(crate) struct Comm([u8; COMM_LENGTH]);

impl Comm {
    /// Returns the bytes before the NUL. The task chooses them: they are never to be trusted.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        before_nul(&self.0)
    }
}

/// Returns the name of the calling task.
///
/// # Context
///
/// Any with a task.
pub(crate) fn comm() -> Comm {
    let mut comm = [0u8; COMM_LENGTH];
    // SAFETY: The buffer has the length that C fills.
    unsafe { bindings::rust_lsm_current_comm(comm.as_mut_ptr().cast()) };
    Comm(comm)
}

/// Returns the process ID of the calling task in the initial namespace.
///
/// # Context
///
/// Any with a task.
pub(crate) fn process_id() -> i32 {
    // SAFETY: Always safe to call from a task.
    unsafe { bindings::rust_lsm_current_tgid() }
}

/// Returns the user ID, in the initial namespace, that the session of the calling task logged in
/// with; `u32::MAX` for none.
///
/// # Context
///
/// Any with a task.
pub(crate) fn login_uid() -> u32 {
    // SAFETY: Always safe to call from a task.
    unsafe { bindings::rust_lsm_current_loginuid() }
}

/// Returns the audit session of the calling task; `u32::MAX` for none.
///
/// # Context
///
/// Any with a task.
pub(crate) fn session_id() -> u32 {
    // SAFETY: Always safe to call from a task.
    unsafe { bindings::rust_lsm_current_sessionid() }
}

/// Returns whether readable memory of the calling task becomes executable
/// (`personality(READ_IMPLIES_EXEC)`).
///
/// # Context
///
/// Any with a task.
#[inline]
pub(crate) fn read_implies_exec() -> bool {
    // SAFETY: The calling task lives. It alone changes its personality.
    let personality = unsafe { (*bindings::get_current()).personality };
    personality & bindings::READ_IMPLIES_EXEC != 0
}

/// Returns whether the heap of the calling task grows from this address (`brk(2)`).
///
/// # Context
///
/// Only in [`mmap_addr`](super::lsm::SecurityModule::mmap_addr), with the mmap lock of the task's own
/// address space held.
#[allow(dead_code, reason = "not every configuration asks")]
pub(crate) fn is_end_of_heap(address: usize) -> bool {
    // SAFETY: The calling task lives. It alone changes its address space, and maps something there.
    let mm = unsafe { (*bindings::get_current()).mm };
    if mm.is_null() {
        return false;
    }
    // SAFETY: A task holds its address space. The end of the heap does not change while the lock is
    // held.
    let end = unsafe { (*mm).__bindgen_anon_1.brk };
    end.checked_next_multiple_of(PAGE_SIZE) == Some(address)
}

/// Returns whether the calling task is in `execve(2)`, and has opened the program that it named.
///
/// # Context
///
/// Any with a task.
pub(crate) fn is_in_execve() -> bool {
    // SAFETY: Always safe to call from a task.
    unsafe { bindings::rust_lsm_current_in_execve() }
}

/// Returns whether the calling task is looking a path up, or opening the file at its end.
///
/// # Context
///
/// Any with a task.
pub(crate) fn is_walking_path() -> bool {
    // SAFETY: Always safe to call from a task.
    unsafe { bindings::rust_lsm_current_walks_path() }
}

/// The data of a module beside a task.
///
/// Only the task itself reaches it, by the functions of this file.
#[repr(C)]
pub(super) struct Area<B> {
    held: bindings::rust_lsm_held_file,
    own: B,
}

// SAFETY: All bits zero is a held file of none, whose work has no function, and a valid `B`.
unsafe impl<B: Zeroable> Zeroable for Area<B> {}

/// Returns where module `T` keeps its [`Area`] beside the calling task.
#[inline]
fn area<T: Declared>() -> *mut Area<T::Task> {
    const {
        assert!(
            size_of::<T::Task>() > 0,
            "the module keeps nothing beside a task"
        )
    };
    // SAFETY: The calling task lives, so that its `security` is the area that was allocated with
    // it, zeroed, and holds this module's `Area` at the offset that the framework has written into
    // `T::blobs` before any hook could run.
    unsafe {
        (*bindings::get_current())
            .security
            .byte_add((*T::blobs()).lbs_task as usize)
            .cast()
    }
}

/// Calls `use_it` with the data that module `T` keeps beside the calling task.
///
/// # Context
///
/// Any with a task.
#[inline]
pub(crate) fn with_current<T: Declared, R>(use_it: impl FnOnce(&T::Task) -> R) -> R {
    // SAFETY: `area` points to a valid `Area` of the calling task, which lives at least until the
    // closure has returned. `own` is only ever accessed through shared references.
    use_it(unsafe { &(*area::<T>()).own })
}

/// Makes the calling task hold a file, in the place of the one that it held before. The task holds
/// it until it returns to userspace, or until [`take_held_file`] takes it.
///
/// # Errors
///
/// `ESRCH` where the task is exiting.
///
/// # Context
///
/// Process context.
pub(crate) fn hold_file<T: Declared>(file: &File) -> Result {
    // SAFETY: `area` points to a valid `Area` of the calling task, which alone uses it, and which
    // lives until the task's works have run: they do so before the task ends. The file lives.
    to_result(unsafe { bindings::rust_lsm_hold_file(&raw mut (*area::<T>()).held, file.as_ptr()) })
}

/// Takes the file that the calling task holds. Returns `None` where it holds none, or where the
/// file system has refused to open the file since.
///
/// # Context
///
/// Process context.
#[inline(never)]
pub(crate) fn take_held_file<T: Declared>() -> Option<ARef<File>> {
    // SAFETY: `area` points to a valid `Area` of the calling task, which alone uses it.
    let file = unsafe { core::mem::replace(&mut (*area::<T>()).held.file, core::ptr::null_mut()) };
    // SAFETY: A file that is held came with a reference, which is now the caller's.
    let file: ARef<File> = NonNull::new(file.cast()).map(|file| unsafe { ARef::from_raw(file) })?;
    file.is_opened().then_some(file)
}
