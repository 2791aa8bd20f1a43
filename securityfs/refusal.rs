// SPDX-License-Identifier: GPL-2.0-only

//! A policy is refused: the log, audit and the writer learn the reason.

use crate::audit;
use crate::loaded::Refusal;
use kernel::prelude::*;

/// Reports a refusal to the log and to audit, with the path that the policy was to come from.
/// Returns the errno for the system call.
///
/// # Context
///
/// May sleep.
pub(super) fn refuse(refusal: &Refusal, path: Option<&[u8]>) -> Error {
    refusal.log();
    audit::refusal(refusal, path);
    refusal.errno()
}
