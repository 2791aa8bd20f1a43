// SPDX-License-Identifier: GPL-2.0-only

//! The operation `PTRACE`: a program gets at the memory of a process, past its protection.
//!
//! The object is a process, of which a policy says nothing. The program that asks counts.

use super::access;
use super::observed;
use super::program::Asker;
use crate::audit::Hook;
use crate::loaded::ACTIVE;
use crate::policy::Operation;
use kernel::prelude::*;
use kernel::sync::rcu;

/// Asks the active policy, if it names the operation. The asker is the program that the calling task
/// runs, or a given one.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// Any with a task. Does not sleep.
#[cold]
#[inline(never)]
pub(super) fn check(hook: Hook, asker: Option<Asker<'_>>) -> Result {
    let guard = rcu::read_lock();
    let Some(policy) = ACTIVE.read(&guard) else {
        return Ok(());
    };
    let operation = Operation::Ptrace;
    if observed::is_on() {
        let check =
            |asker: Asker<'_>| observed::check_memory(&policy, Some(operation), hook, None, asker);
        return match asker {
            Some(asker) => check(asker),
            None => Asker::with_current(check),
        };
    }
    if !policy.compiled().names(operation) {
        return Ok(());
    }
    let judge = |asker: Asker<'_>| access::judge_asker(&policy, Some(operation), hook, None, asker);
    match asker {
        Some(asker) => judge(asker),
        None => Asker::with_current(judge),
    }
}
