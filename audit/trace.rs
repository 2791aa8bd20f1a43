// SPDX-License-Identifier: GPL-2.0-only

//! The tracepoint `ipe:decision`: each decision, also of what is allowed.

use super::access::operation_name;
use super::hook::Hook;
use crate::abstractions::fs::File;
use crate::abstractions::trace;
use crate::eval::Verdict;
use crate::policy::{
    Action,
    Operation,
    Scope, //
};

/// The number that stands for the default of an operation. Those of rules are their offsets in the
/// policy's text.
const OPERATION_DEFAULT: i32 = -1;

/// The number that stands for the global default.
const GLOBAL_DEFAULT: i32 = -2;

/// Traces a decision, if somebody asks for that.
///
/// # Context
///
/// Does not sleep.
#[cold]
#[inline(never)]
pub(crate) fn trace(
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    verdict: Verdict,
) {
    trace::decision(
        operation_name(operation),
        hook.name(),
        verdict.action == Action::Allow,
        number(verdict.scope),
        file.and_then(File::inode),
    );
}

/// Returns the number of the rule or default that decided.
fn number(scope: Scope) -> i32 {
    match scope {
        // A text is shorter than 2 GiB.
        Scope::Rule(offset) => offset as i32,
        Scope::OperationDefault => OPERATION_DEFAULT,
        Scope::GlobalDefault => GLOBAL_DEFAULT,
    }
}
