// SPDX-License-Identifier: GPL-2.0-only

//! The question of most hooks: does the active policy allow this operation on this file?

use super::image::Image;
use super::object::{
    Digests,
    Object,
    Place, //
};
use super::observed::{
    self,
    Judged, //
};
use super::program::Asker;
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
    match file {
        Some(file) => check_active(operation, hook, file),
        None => check_memory(operation, hook, None),
    }
}

/// Decides for most hooks. For common files this needs no further call, unless a digest matters, or
/// somebody observes decisions. The rest goes to [`check_special`].
#[inline(never)]
fn check_active(operation: Option<Operation>, hook: Hook, file: &File) -> Result {
    match Place::at_hand(file) {
        Some(place) if !observed::is_on() => check_place(operation, hook, file, place),
        _ => check_special(operation, hook, file),
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

/// Returns the place of data of which the policy is to be asked: a union file system is about to map
/// the file of a layer for a file of its own. The latter was judged already, by the inode that had
/// the data then.
///
/// The two inodes differ where the file was copied to the upper layer after it had been opened: the
/// first decision was about the copy, and the kernel maps the file that was there before.
///
/// # Context
///
/// May sleep.
// Else it would return its result through memory of the caller.
#[inline(always)]
pub(super) fn place_of_backing<'a>(
    mapping: &Mapping,
    backing: &'a File,
    user: &'a File,
) -> Option<Place<'a>> {
    if ACTIVE.is_none() || !mapping.is_executable() {
        return None;
    }
    let inode = backing.real_inode();
    let is_other = !core::ptr::eq(inode, user.real_inode());
    is_other.then(|| Place::new(user.user_path(), inode))
}

/// Decides all but the common questions, in one copy of the code. Without a place, the file stands
/// for memory.
#[inline(never)]
pub(super) fn judge(
    operation: Option<Operation>,
    hook: Hook,
    file: &File,
    place: Option<Place<'_>>,
) -> Result {
    match place {
        Some(place) if place.may_be_on_image() => check_image(operation, hook, file, place),
        Some(place) => check_plain(operation, hook, file, place),
        None => check_memory(operation, hook, Some(file)),
    }
}

/// Asks the active policy about data at this place, observed or not. The record names the file.
#[inline(never)]
fn check_plain(operation: Option<Operation>, hook: Hook, file: &File, place: Place<'_>) -> Result {
    if observed::is_on() {
        return check_observed(operation, hook, file, place);
    }
    check_place(operation, hook, file, place)
}

/// Asks the active policy about data at this place, which may be on an image.
#[inline(never)]
fn check_image(operation: Option<Operation>, hook: Hook, file: &File, place: Place<'_>) -> Result {
    if observed::is_on() {
        return check_observed(operation, hook, file, place);
    }
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return Ok(());
    };
    let Some(image) = Image::at(&place, &guard) else {
        return check_plain(operation, hook, file, place);
    };
    let outcome = eval::outcome(policy.compiled(), operation, Class::File, &image);
    conclude(outcome, || {
        record(&policy, operation, hook, Some(file), outcome)
    })
}

/// Asks the active policy about data at this place, and observes the decision.
#[cold]
#[inline(never)]
fn check_observed(
    operation: Option<Operation>,
    hook: Hook,
    file: &File,
    place: Place<'_>,
) -> Result {
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return Ok(());
    };
    observed::check(&policy, operation, hook, Some(file), Judged::File(place))
}

/// Asks the active policy about data at this place, unobserved. The record names the file.
#[inline(always)]
fn check_place(operation: Option<Operation>, hook: Hook, file: &File, place: Place<'_>) -> Result {
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return Ok(());
    };
    match eval::decide(
        policy.compiled(),
        operation,
        Class::File,
        &Object::new(place),
    ) {
        Progress::Decided(outcome) => conclude(outcome, || {
            record(&policy, operation, hook, Some(file), outcome)
        }),
        Progress::Pending(pending) => check_digests(&policy, hook, file, place.inode(), pending),
    }
}

/// Decides where a digest matters.
#[inline(never)]
fn check_digests(
    policy: &Policy,
    hook: Hook,
    file: &File,
    inode: &Inode,
    pending: Pending,
) -> Result {
    // The caller's would have to be in memory, where most decisions need none.
    let guard = &rcu::read_lock();
    let operation = Some(pending.operation());
    let outcome = pending.look_up(policy.compiled(), Class::File, &Digests::new(inode, guard));
    conclude(outcome, || {
        record(policy, operation, hook, Some(file), outcome)
    })
}

/// Asks the active policy about memory, for the program that the calling task runs. A file that is
/// given stands for the memory in the record.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// Any with a task. Does not sleep.
#[inline(never)]
fn check_memory(operation: Option<Operation>, hook: Hook, file: Option<&File>) -> Result {
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return Ok(());
    };
    if observed::is_on() {
        return Asker::with_current(|asker| {
            observed::check_memory(&policy, operation, hook, file, asker)
        });
    }
    judge_memory(&policy, operation, hook, file)
}

/// Decides about memory that the calling task asks for, unobserved.
#[inline(always)]
fn judge_memory(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
) -> Result {
    match eval::decide_for_all(policy.compiled(), operation) {
        Some(outcome) => conclude(outcome, || {
            record_asker(policy, operation, hook, file, None, outcome)
        }),
        None => Asker::with_current(|asker| judge_asker(policy, operation, hook, file, asker)),
    }
}

/// Asks the active policy about a heap that grows and is executable, if the policy names memory.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// Any with a task. Does not sleep.
#[cfg(CONFIG_IPE_PROP_ANONYMOUS_MEMORY)]
#[cold]
#[inline(never)]
pub(super) fn check_heap() -> Result {
    const OPERATION: Option<Operation> = Some(Operation::Execute);
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return Ok(());
    };
    if observed::is_on() {
        return Asker::with_current(|asker| {
            observed::check(&policy, OPERATION, Hook::Brk, None, Judged::Heap(asker))
        });
    }
    if !policy.compiled().tells_memory() {
        return Ok(());
    }
    judge_memory(&policy, OPERATION, Hook::Brk, None)
}

/// Asks the active policy about memory, for a program that is not that of the calling task.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// Any. Does not sleep.
pub(super) fn check_asker(operation: Option<Operation>, hook: Hook, asker: Asker<'_>) -> Result {
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return Ok(());
    };
    judge_asker(&policy, operation, hook, None, asker)
}

/// Decides about memory, or access to a process, where the program matters.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
#[inline(never)]
pub(super) fn judge_asker(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    asker: Asker<'_>,
) -> Result {
    if observed::is_on() {
        return observed::check_memory(policy, operation, hook, file, asker);
    }
    let outcome = asker.outcome(policy.compiled(), operation);
    conclude(outcome, || {
        record_asker(policy, operation, hook, file, Some(asker), outcome)
    })
}

/// Returns whether the active policy names an operation and denies it, in enforcing mode: something
/// that a program is told about when it starts. `noted` is as for [`check_read`].
///
/// Each execution asks, so that only `success_audit` records the decisions.
///
/// # Context
///
/// May sleep, on a union file system.
#[cfg(CONFIG_IPE_OP_SCRIPT)]
#[inline(never)]
pub(super) fn restricts(operation: Operation, hook: Hook, file: &File, noted: &Identity) -> bool {
    if ACTIVE.is_none() {
        return false;
    }
    let place = Place::of_read(file, noted);
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return false;
    };
    if observed::is_on() {
        let judged = match place {
            // Rules about these operations cannot ask for the program.
            None => Judged::Memory(Asker::new(None)),
            Some(place) => Judged::File(place),
        };
        return observed::check(&policy, Some(operation), hook, Some(file), judged).is_err();
    }
    let compiled = policy.compiled();
    if !compiled.names(operation) {
        return false;
    }
    let operation = Some(operation);
    let outcome = match place {
        // Rules about these operations cannot ask for the program.
        None => match eval::decide_for_all(compiled, operation) {
            Some(outcome) => outcome,
            None => return ENFORCE.is_on(),
        },
        Some(place) => super::decide::file(&policy, operation, Class::File, place, &guard),
    };
    if SUCCESS_AUDIT.is_on() {
        return record(&policy, operation, hook, Some(file), outcome).is_err();
    }
    outcome.action() == Action::Deny && ENFORCE.is_on()
}

/// Returns, or lets `record` make the result: of a denial, and of everything where all is recorded.
#[inline(always)]
pub(super) fn conclude(outcome: Outcome, record: impl FnOnce() -> Result) -> Result {
    if outcome.action() == Action::Allow && !SUCCESS_AUDIT.is_on() {
        return Ok(());
    }
    record()
}

/// Records a verdict about memory, with the program that asked, and makes it a result. Without an
/// asker, that is the program of the calling task.
#[cold]
#[inline(never)]
fn record_asker(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    asker: Option<Asker<'_>>,
    outcome: Outcome,
) -> Result {
    // The program has no part in a decision about other operations.
    if !matches!(operation, Some(Operation::Execute | Operation::Ptrace)) {
        return record(policy, operation, hook, file, outcome);
    }
    let object = audit::Object {
        file,
        modified: None,
    };
    let record = |asker: Asker<'_>| {
        let asker = asker.fields();
        record_with(policy, operation, hook, object, asker, outcome)
    };
    match asker {
        Some(asker) => record(asker),
        None => Asker::with_current(record),
    }
}

/// Records a verdict, and makes it a result.
#[cold]
#[inline(never)]
pub(super) fn record(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    outcome: Outcome,
) -> Result {
    let of_mapping = matches!(hook, Hook::Mmap | Hook::Mprotect);
    let modified = (of_mapping && policy.compiled().tells_modified()).then_some(false);
    let object = audit::Object { file, modified };
    record_object(policy, operation, hook, object, outcome)
}

/// Records a verdict about a file or a mapping of it, and makes it a result.
pub(super) fn record_object(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    object: audit::Object<'_>,
    outcome: Outcome,
) -> Result {
    let asker = audit::Asker::Unnamed;
    record_with(policy, operation, hook, object, asker, outcome)
}

/// Records a verdict with these fields of the asker, and makes it a result.
#[cold]
#[inline(never)]
fn record_with(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    object: audit::Object<'_>,
    asker: audit::Asker<'_>,
    outcome: Outcome,
) -> Result {
    let enforcing = ENFORCE.is_on();
    audit::access(audit::Access {
        policy,
        operation,
        hook,
        object,
        asker: &asker,
        verdict: Some(outcome.into()),
        enforcing,
        #[cfg(CONFIG_IPE_TRIAL)]
        trial: None,
    });
    if outcome.action() == Action::Deny && enforcing {
        Err(EACCES)
    } else {
        Ok(())
    }
}
