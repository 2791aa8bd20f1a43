// SPDX-License-Identifier: GPL-2.0-only

//! Decisions while somebody observes them: they are traced, the rules that decide are noted, and a
//! policy that is on trial decides, too.
//!
//! The active policy decides as it does when nobody observes it. The verdict of the policy on trial
//! is counted, and recorded where the two differ or where there is a record anyway. The result
//! depends on the active policy and the mode alone.
//!
//! A decision that nobody observes only calls [`is_on`].

use super::decide;
use super::object::Place;
use super::program::Asker;
use crate::abstractions::fs::File;
use crate::audit::{
    self,
    Hook, //
};
use crate::loaded::Policy;
use crate::mode::{
    ENFORCE,
    SUCCESS_AUDIT, //
};
use crate::policy::{
    Action,
    Class,
    Extension,
    Operation,
    Outcome, //
};
use kernel::prelude::*;
use kernel::sync::rcu;

#[cfg(CONFIG_IPE_TRIAL)]
use crate::loaded::{
    Comparison,
    Difference,
    ON_TRIAL, //
};

/// Returns whether decisions are observed.
///
/// # Context
///
/// Any.
pub(super) use crate::abstractions::static_key::is_requested as is_on;

/// The object of a decision.
#[derive(Copy, Clone)]
pub(super) enum Judged<'a> {
    /// The file whose data is at this place.
    File(Place<'a>),
    /// A modified mapping of that file.
    #[cfg_attr(
        not(CONFIG_IPE_PROP_MODIFIED),
        expect(dead_code, reason = "no policy tells such mappings")
    )]
    Modified {
        place: Place<'a>,
        /// Whether only a policy that tells such mappings from files is asked.
        only_if_told: bool,
    },
    /// Memory, or a process, which this program asks for.
    Memory(Asker<'a>),
    /// A heap of this program that grows and is executable. Only a policy that names memory is asked.
    #[cfg_attr(
        not(CONFIG_IPE_PROP_ANONYMOUS_MEMORY),
        expect(dead_code, reason = "no policy names memory")
    )]
    Heap(Asker<'a>),
}

/// Decides by the active policy, as the functions of [`super::access`] do, and observes that.
///
/// # Errors
///
/// `EACCES` where the active policy denies, in enforcing mode.
///
/// # Context
///
/// Any with a task. Does not sleep. Takes no lock, allocates nothing and writes nothing that CPUs
/// share where all policies allow it, unless that is recorded or a rule is noted for the first time.
#[cold]
#[inline(never)]
pub(super) fn check(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    judged: Judged<'_>,
) -> Result {
    let outcome = decide(policy, operation, judged);
    let denied = outcome.is_some_and(denies);
    if let Some(outcome) = outcome {
        note(policy, operation, hook, file, outcome);
    }
    let enforcing = ENFORCE.is_on();
    let told = policy.compiled().tells_modified();
    // Each execution asks about scripts, so that only `success_audit` records these decisions.
    let is_recorded =
        outcome.is_some() && (SUCCESS_AUDIT.is_on() || (denied && !is_about_scripts(operation)));

    #[cfg(CONFIG_IPE_TRIAL)]
    {
        let guard = rcu::read_lock();
        if let Some(trial) = ON_TRIAL.read(&guard) {
            let on_trial = decide(trial.policy(), operation, judged);
            // Nobody has asked about it.
            if outcome.is_none() && on_trial.is_none() {
                return Ok(());
            }
            let comparison = Comparison::new(denied, on_trial.is_some_and(denies));
            trial.count(comparison);
            let only_trial_denies = comparison == Comparison::OnlyTrialDenies;
            if is_recorded
                || (only_trial_denies
                    && on_trial.is_some_and(|outcome| {
                        trial.is_to_record(&difference(operation, outcome, judged))
                    }))
            {
                let told = told || trial.policy().compiled().tells_modified();
                audit::access(audit::Access {
                    policy,
                    operation,
                    hook,
                    object: object(told, hook, file, judged),
                    asker: &asker(operation, judged),
                    verdict: outcome.map(Outcome::into),
                    // The trial's denial never counts.
                    enforcing: enforcing && !only_trial_denies,
                    trial: Some((trial.policy(), on_trial.map(Outcome::into))),
                });
            }
            return result(denied && enforcing);
        }
    }

    if is_recorded {
        audit::access(audit::Access {
            policy,
            operation,
            hook,
            object: object(told, hook, file, judged),
            asker: &asker(operation, judged),
            verdict: outcome.map(Outcome::into),
            enforcing,
            #[cfg(CONFIG_IPE_TRIAL)]
            trial: None,
        });
    }
    result(denied && enforcing)
}

/// Decides as [`check`] does, about memory, or a process, which this program asks for.
///
/// # Errors
///
/// `EACCES` where the active policy denies, in enforcing mode.
///
/// # Context
///
/// As for [`check`].
#[cold]
#[inline(never)]
pub(super) fn check_memory(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    asker: Asker<'_>,
) -> Result {
    check(policy, operation, hook, file, Judged::Memory(asker))
}

/// Traces a decision of the active policy and notes its rule, for those who ask for it.
///
/// # Context
///
/// Any. Does not sleep.
pub(super) fn note(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    outcome: Outcome,
) {
    audit::trace(operation, hook, file, outcome.into());
    policy.note(outcome);
}

fn result(is_denied: bool) -> Result {
    if is_denied {
        Err(EACCES)
    } else {
        Ok(())
    }
}

fn denies(outcome: Outcome) -> bool {
    outcome.action() == Action::Deny
}

/// Returns whether the operation is one that tells a program how to take scripts.
fn is_about_scripts(operation: Option<Operation>) -> bool {
    operation.and_then(Operation::extension) == Some(Extension::Script)
}

/// Decides; `None` where the policy does not name an operation that only policies that name it are
/// asked about.
#[inline(never)]
fn decide(policy: &Policy, operation: Option<Operation>, judged: Judged<'_>) -> Option<Outcome> {
    let compiled = policy.compiled();
    if operation
        .is_some_and(|operation| operation.extension().is_some() && !compiled.names(operation))
    {
        return None;
    }
    Some(match judged {
        Judged::File(place) => {
            decide::file(policy, operation, Class::File, place, &rcu::read_lock())
        }
        Judged::Modified {
            place,
            only_if_told,
        } => {
            if only_if_told && !compiled.tells_modified() {
                return None;
            }
            decide::file(policy, operation, Class::Modified, place, &rcu::read_lock())
        }
        Judged::Heap(_) if !compiled.tells_memory() => return None,
        Judged::Memory(asker) | Judged::Heap(asker) => asker.outcome(compiled, operation),
    })
}

/// Returns what a record says of the object. `told` is whether a policy tells modified mappings from
/// files.
fn object<'a>(
    told: bool,
    hook: Hook,
    file: Option<&'a File>,
    judged: Judged<'_>,
) -> audit::Object<'a> {
    let modified = match judged {
        Judged::File(_) if told && matches!(hook, Hook::Mmap | Hook::Mprotect) => Some(false),
        Judged::Modified { .. } if told => Some(true),
        _ => None,
    };
    audit::Object { file, modified }
}

/// Returns what a record says of the program that asks: it has no part in a decision about other
/// operations.
// Else it would return its result through memory of the caller.
#[inline(always)]
fn asker<'a>(operation: Option<Operation>, judged: Judged<'a>) -> audit::Asker<'a> {
    match (judged, operation) {
        (
            Judged::Memory(asker) | Judged::Heap(asker),
            Some(Operation::Execute | Operation::Ptrace),
        ) => asker.fields(),
        _ => audit::Asker::Unnamed,
    }
}

/// Returns what tells this difference from others: the rule, and the file or the program that asks
/// for memory.
#[cfg(CONFIG_IPE_TRIAL)]
fn difference(operation: Option<Operation>, outcome: Outcome, judged: Judged<'_>) -> Difference {
    let (device, inode) = match judged {
        Judged::File(place) | Judged::Modified { place, .. } => {
            let inode = place.inode();
            // Not the superblock: on btrfs, the subvolumes of one repeat their numbers.
            (core::ptr::from_ref(inode).addr() as u64, inode.number())
        }
        Judged::Memory(asker) | Judged::Heap(asker) => match asker.fields() {
            audit::Asker::Known(program) => {
                let device = program.device.iter();
                let device = device.fold(0u64, |sum, &byte| sum.wrapping_mul(31) + u64::from(byte));
                (device, program.inode)
            }
            audit::Asker::Unnamed | audit::Asker::Unknown => (0, 0),
        },
    };
    Difference {
        operation,
        scope: outcome.scope(),
        device,
        inode,
    }
}
