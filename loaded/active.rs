// SPDX-License-Identifier: GPL-2.0-only

//! The policy in force: one pointer that hooks follow under RCU.
//!
//! Whoever changes it holds the lock of [`crate::securityfs`] that serialises writers, but for the
//! boot policy, which comes before there is anybody else.

use super::Policy;
use crate::abstractions::rcu::{
    RcuPointer,
    Retired, //
};
use crate::audit;
use kernel::prelude::*;
use kernel::sync::rcu;
use kernel::sync::Arc;

/// The policy in force; without one everything is allowed.
pub(crate) static ACTIVE: RcuPointer<Arc<Policy>> = RcuPointer::null();

/// Calls `look` with the policy in force, if there is one. `look` must not sleep.
fn with_active<R>(look: impl FnOnce(&Policy) -> R) -> Option<R> {
    let guard = rcu::read_lock();
    ACTIVE.read(&guard).map(|active| look(&active))
}

/// The policy in force, to keep.
pub(crate) fn active() -> Option<Arc<Policy>> {
    let guard = rcu::read_lock();
    ACTIVE.read(&guard).map(Arc::from)
}

/// Whether `policy` is in force at this moment.
pub(crate) fn is_active(policy: &Arc<Policy>) -> bool {
    with_active(|active| core::ptr::eq(active, &**policy)).unwrap_or(false)
}

/// Puts `policy` in force.
///
/// Context: may sleep; the writers' lock is held. What it returns is to be dropped without it.
///
/// Errors: `ESTALE` where the policy in force has a higher version.
pub(crate) fn activate(policy: &Arc<Policy>) -> Result<Option<Retired<Arc<Policy>>>> {
    if is_active(policy) {
        return Ok(None);
    }
    if with_active(|active| active.version() > policy.version()).unwrap_or(false) {
        return Err(ESTALE);
    }
    let old = ACTIVE.replace(Some(policy.clone()));
    audit::activation(old.get().as_deref(), policy);
    Ok(Some(old))
}

/// Puts `new` in force where `old` is.
///
/// Context: may sleep; the writers' lock is held. What it returns is to be dropped without it.
pub(crate) fn replace_if_active(
    old: &Arc<Policy>,
    new: &Arc<Policy>,
) -> Option<Retired<Arc<Policy>>> {
    if !is_active(old) {
        return None;
    }
    let retired = ACTIVE.replace(Some(new.clone()));
    audit::activation(Some(old), new);
    Some(retired)
}
