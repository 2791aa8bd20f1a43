// SPDX-License-Identifier: GPL-2.0-only

//! The operation `PTRACE`: a program gets at the memory of a process, past its protection.
//!
//! The object is a process, of which a policy says nothing. The program that asks counts.

use super::access;
use super::program::Asker;
use crate::audit::Hook;
use kernel::prelude::*;

/// Asks the policy, if it names the operation, about the program that the calling task runs.
///
/// # Errors
///
/// `EACCES` where the policy denies, in enforcing mode.
///
/// # Context
///
/// Any with a task. Does not sleep.
#[cold]
pub(super) fn check(hook: Hook) -> Result {
    access::check_process(hook, None)
}

/// Asks the policy about another program.
///
/// # Errors
///
/// As for [`check`].
///
/// # Context
///
/// As for [`check`].
pub(super) fn check_asker(hook: Hook, asker: Asker<'_>) -> Result {
    access::check_process(hook, Some(asker))
}
