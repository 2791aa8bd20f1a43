// SPDX-License-Identifier: GPL-2.0-only

//! Mappings of files whose contents need not be those of the file.
//!
//! A private mapping has pages of its own once something was written to it: code that is mapped
//! writable, changed, and then made executable. So has one that is writable and executable at once,
//! sooner or later. A policy that names `modified` tells them from the file. Any other judges the
//! file.

use super::access;
use super::decide;
use super::object::Place;
use super::observed::{
    self,
    Judged, //
};
use super::PROT_WRITE;
use crate::abstractions::fs::{
    File,
    Mapping, //
};
use crate::audit::{
    self,
    Hook, //
};
use crate::loaded::ACTIVE;
use crate::policy::{
    Class,
    Operation, //
};
use kernel::ffi::c_ulong;
use kernel::prelude::*;
use kernel::sync::rcu;

const EXECUTE: Option<Operation> = Some(Operation::Execute);

/// Judges a private mapping that is writable and executable from the start, of a file or of
/// anonymous memory.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// May sleep, on a union file system or where fs-verity was just enabled.
#[cold]
#[inline(never)]
pub(super) fn check_writable(file: Option<&File>) -> Result {
    match file {
        Some(file) => check(Hook::Mmap, file, false),
        None => access::check(EXECUTE, Hook::Mmap, None),
    }
}

/// Judges an executable protection of a mapping that would be writable as well, or may have pages
/// of its own.
///
/// Where the mapping is executable already, it was judged before. It is judged again if it becomes
/// writable, but only by a policy that names `modified`: for others, that changes nothing.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// May sleep, on a union file system. The mmap lock is held.
#[cold]
#[inline(never)]
pub(super) fn check_protection(mapping: &Mapping, prot: c_ulong) -> Result {
    let was_executable = mapping.is_executable();
    let becomes_writable = prot & PROT_WRITE != 0 && !mapping.is_writable();
    if was_executable && !becomes_writable {
        return Ok(());
    }
    match mapping.file() {
        Some(file) if !mapping.writes_to_file() => check(Hook::Mprotect, file, was_executable),
        _ if was_executable => Ok(()),
        file => access::check(EXECUTE, Hook::Mprotect, file),
    }
}

/// Judges a mapping that was modified, or can be. `only_if_told` is whether that alone is new.
fn check(hook: Hook, file: &File, only_if_told: bool) -> Result {
    if ACTIVE.is_none() {
        return Ok(());
    }
    // Before the guard, as this may sleep.
    match Place::of(file) {
        Some(place) => judge(hook, file, place, only_if_told),
        None if only_if_told => Ok(()),
        None => access::judge(EXECUTE, hook, file, None),
    }
}

/// Asks the active policy about a modified mapping of a file whose data is at this place.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// Any with a task. Does not sleep.
#[inline(never)]
pub(super) fn judge(hook: Hook, file: &File, place: Place<'_>, only_if_told: bool) -> Result {
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return Ok(());
    };
    if observed::is_on() {
        let judged = Judged::Modified {
            place,
            only_if_told,
        };
        return observed::check(&policy, EXECUTE, hook, Some(file), judged);
    }
    let modified = policy.compiled().tells_modified();
    if only_if_told && !modified {
        return Ok(());
    }
    let outcome = decide::file(&policy, EXECUTE, Class::Modified, place, &guard);
    access::conclude(outcome, || {
        let object = audit::Object {
            file: Some(file),
            modified: modified.then_some(true),
        };
        access::record_object(&policy, EXECUTE, hook, object, outcome)
    })
}
