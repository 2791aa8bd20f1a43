// SPDX-License-Identifier: GPL-2.0-only

//! The question of most hooks: does the active policy allow this operation on this file?

use super::object::{
    Digests,
    Object,
    Place, //
};
use crate::abstractions::fs::{
    File,
    Inode,
    Mapping, //
};
use crate::abstractions::identity::Identity;
use crate::abstractions::lsm::ReadPurpose;
use crate::audit::{
    self,
    Hook, //
};
use crate::eval::{
    self,
    Pending,
    Progress, //
};
use crate::loaded::{
    Policy,
    ACTIVE, //
};
use crate::mode::{
    ENFORCE,
    SUCCESS_AUDIT, //
};
use crate::policy::{
    Action,
    Class,
    Operation,
    Outcome, //
};
use kernel::prelude::*;
use kernel::sync::rcu;

/// Returns the operation for a reason to read a file; `None` for a reason that the policy language
/// does not know.
pub(super) fn operation(purpose: ReadPurpose) -> Option<Operation> {
    match purpose {
        ReadPurpose::Firmware => Some(Operation::Firmware),
        ReadPurpose::Module => Some(Operation::KernelModule),
        ReadPurpose::KexecImage => Some(Operation::KexecImage),
        ReadPurpose::KexecInitramfs => Some(Operation::KexecInitramfs),
        ReadPurpose::Policy => Some(Operation::Policy),
        ReadPurpose::X509Certificate => Some(Operation::X509Cert),
        ReadPurpose::Other(_) => None,
    }
}

/// Asks the active policy. Without one, everything is allowed.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// May sleep, on a union file system or where fs-verity was just enabled. Takes no lock, allocates
/// nothing and writes nothing that CPUs share, unless it records.
#[inline]
pub(super) fn check(operation: Option<Operation>, hook: Hook, file: Option<&File>) -> Result {
    if ACTIVE.is_none() {
        return Ok(());
    }
    check_active(operation, hook, file)
}

/// Decides for most hooks. For common files this needs no further call, unless a digest matters.
/// The rest goes to [`check_special`].
#[inline(never)]
fn check_active(operation: Option<Operation>, hook: Hook, file: Option<&File>) -> Result {
    let Some(file) = file else {
        return check_place(operation, hook, None, None);
    };
    match Place::at_hand(file) {
        Some(place) => check_place(operation, hook, Some(file), Some(place)),
        None => check_special(operation, hook, file),
    }
}

/// Decides about a file whose place takes more to find.
#[inline(never)]
fn check_special(operation: Option<Operation>, hook: Hook, file: &File) -> Result {
    // Before the guard, as this may sleep.
    judge(operation, hook, file, Place::of(file))
}

/// Asks the active policy about a file of which something has been read. `noted` is the inode that
/// had its data, if fs-verity protected that before.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// As for [`check`].
pub(super) fn check_read(
    operation: Option<Operation>,
    hook: Hook,
    file: &File,
    noted: &Identity,
) -> Result {
    if ACTIVE.is_none() {
        return Ok(());
    }
    judge(operation, hook, file, Place::of_read(file, noted))
}

/// Asks the active policy about the file of a layer, which a union file system is about to map for
/// a file of its own. The latter was judged already, by the inode that had the data then.
///
/// The two inodes differ where the file was copied to the upper layer after it had been opened: the
/// first decision was about the copy, and the kernel maps the file that was there before.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// May sleep.
pub(super) fn check_backing(mapping: &Mapping, backing: &File, user: &File) -> Result {
    if ACTIVE.is_none() || !mapping.is_executable() {
        return Ok(());
    }
    let inode = backing.real_inode();
    if core::ptr::eq(inode, user.real_inode()) {
        return Ok(());
    }
    let place = Place::new(user.user_path(), inode);
    judge(Some(Operation::Execute), Hook::Mmap, user, Some(place))
}

/// Decides all but the common questions, in one copy of the code.
#[inline(never)]
fn judge(
    operation: Option<Operation>,
    hook: Hook,
    file: &File,
    place: Option<Place<'_>>,
) -> Result {
    check_place(operation, hook, Some(file), place)
}

/// Asks the active policy about data at this place. The record names the file.
#[inline(always)]
fn check_place(
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    place: Option<Place<'_>>,
) -> Result {
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return Ok(());
    };
    let class = place.map_or(Class::Memory, |_| Class::File);
    match eval::decide(policy.compiled(), operation, class, &Object::new(place)) {
        Progress::Decided(outcome) => conclude(&policy, operation, hook, file, outcome),
        Progress::Pending(pending) => {
            let inode = place.map(|place| place.inode());
            check_digests(&policy, operation, hook, file, inode, pending, &guard)
        }
    }
}

/// Decides where a digest matters.
#[inline(never)]
fn check_digests(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    inode: Option<&Inode>,
    pending: Pending,
    guard: &rcu::Guard,
) -> Result {
    let outcome = pending.look_up(policy.compiled(), &Digests::new(inode, guard));
    conclude(policy, operation, hook, file, outcome)
}

/// Makes the verdict a result, and records it where it is to be recorded.
#[inline(always)]
fn conclude(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    outcome: Outcome,
) -> Result {
    if outcome.action() == Action::Allow && !SUCCESS_AUDIT.is_on() {
        return Ok(());
    }
    record(policy, operation, hook, file, outcome)
}

/// Records a verdict, and makes it a result.
#[cold]
#[inline(never)]
fn record(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    outcome: Outcome,
) -> Result {
    let enforcing = ENFORCE.is_on();
    audit::access(policy, operation, hook, file, outcome.into(), enforcing);
    if outcome.action() == Action::Deny && enforcing {
        Err(EACCES)
    } else {
        Ok(())
    }
}
