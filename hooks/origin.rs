// SPDX-License-Identifier: GPL-2.0-only

//! A policy without a signature: does the active policy allow its file as one?
//!
//! The file is judged before it is read, and once more by what has been read. Only a rule allows it,
//! which must ask for something that vouches for the file. That is so in permissive mode, too: a
//! policy that is loaded stays when denials are enforced again.

use super::access;
use super::decide;
use super::object::Place;
use super::observed;
use super::reading;
use crate::abstractions::fs::File;
use crate::abstractions::identity::Identity;
use crate::abstractions::read_file;
use crate::audit::Hook;
use crate::loaded::{
    OriginRefusal,
    Permitted,
    Policy,
    Refusal,
    ACTIVE, //
};
use crate::mode::SUCCESS_AUDIT;
use crate::policy::{
    envelope,
    origin,
    Action,
    Class,
    Operation,
    Outcome,
    Scope, //
};
use core::ffi::CStr;
use kernel::prelude::*;
use kernel::sync::rcu;

const OPERATION: Option<Operation> = Some(Operation::Policy);

/// Reads the file at a path, if the active policy allows it as a policy: a
/// [`Reader`](crate::loaded::Reader).
///
/// # Errors
///
/// - `EACCES` where no policy is active, or where no rule of it allows the file by what vouches for
///   it. Files of union file systems are not allowed: the file that is read may change meanwhile.
/// - `EINVAL` for a file that is not regular.
/// - Those of [`read_file::open`] and [`read_file::read_policy`].
///
/// # Context
///
/// May sleep, for as long as a file system decides. No lock may be held that others need.
pub(super) fn read(path: &CStr) -> Result<Permitted, Refusal> {
    // This one judges, even if another one becomes active. The caller asks whether it still is.
    let policy = ACTIVE
        .get()
        .ok_or(Refusal::Origin(OriginRefusal::NoPolicy))?;
    let file = read_file::open(path)?;
    if !file.real_inode().is_regular() {
        return Err(EINVAL.into());
    }
    if file.is_of_union() {
        return Err(Refusal::Origin(OriginRefusal::Union));
    }
    let noted = Identity::none();
    reading::note(&noted, &file);
    permit(&policy, &file, Place::of_read(&file, &noted))?;
    let text = reading::alone(&file, || {
        read_file::read_policy(&file, envelope::MAX_LENGTH)
    })?;
    // A volume may have another table by now. The kernel does not tell which ones it had in between.
    let (outcome, rule) = permit(&policy, &file, Place::of_read(&file, &noted))?;
    if observed::is_on() {
        observed::note(&policy, OPERATION, Hook::KernelRead, Some(&file), outcome);
    }
    if SUCCESS_AUDIT.is_on() {
        access::record(&policy, OPERATION, Hook::KernelRead, Some(&file), outcome)?;
    }
    Ok(Permitted {
        text,
        allowed_by: policy,
        rule,
    })
}

/// Returns the outcome and the offset of the rule, if a rule of the policy allows the file by what
/// vouches for it.
///
/// # Errors
///
/// `EACCES`. A denial is recorded.
fn permit(
    policy: &Policy,
    file: &File,
    place: Option<Place<'_>>,
) -> Result<(Outcome, u32), Refusal> {
    let place = place.ok_or(Refusal::Origin(OriginRefusal::Memory))?;
    let outcome = decide::file(policy, OPERATION, Class::File, place, &rcu::read_lock());
    if outcome.action() == Action::Deny {
        if observed::is_on() {
            observed::note(policy, OPERATION, Hook::KernelRead, Some(file), outcome);
        }
        // The answer is the same in both modes.
        let _ = access::record(policy, OPERATION, Hook::KernelRead, Some(file), outcome);
        return Err(Refusal::Origin(OriginRefusal::Denied));
    }
    match outcome.scope() {
        Scope::Rule(offset) if origin::rule_vouches(policy.text(), offset) => Ok((outcome, offset)),
        _ => {
            if observed::is_on() {
                observed::note(policy, OPERATION, Hook::KernelRead, Some(file), outcome);
            }
            Err(Refusal::Origin(OriginRefusal::NotVouched))
        }
    }
}
