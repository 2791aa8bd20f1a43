// SPDX-License-Identifier: GPL-2.0-only

//! The rules of a policy's life: when it may be activated, replaced and deleted.
//!
//! Versions only go forward: once a policy is active, none with a lower version can be activated
//! until the next boot.
//!
//! Each rule only answers. A caller holds the lock of writers until it has acted on the answer.

use super::policy::Policy;
use crate::abstractions::compat::ESTALE;
use kernel::prelude::*;

/// Returns whether `policy` may be activated in the place of `active`. The versions of policies
/// with different names are compared, too.
///
/// # Errors
///
/// `ESTALE` where the active policy has a higher version.
pub(super) fn check_activation(active: Option<&Policy>, policy: &Policy) -> Result {
    match active {
        Some(active) if active.version() > policy.version() => Err(ESTALE),
        _ => Ok(()),
    }
}

/// Returns whether `new` may replace `old`, which is loaded.
///
/// # Errors
///
/// `EINVAL` for another name, `ESTALE` for a version that is not higher. The name counts first.
pub(crate) fn check_update(old: &Policy, new: &Policy) -> Result {
    if old.name() != new.name() {
        return Err(EINVAL);
    }
    if old.version() >= new.version() {
        return Err(ESTALE);
    }
    Ok(())
}

/// Returns whether an update with this message changes nothing, as it is the one that is loaded.
pub(crate) fn is_loaded(policy: &Policy, message: &[u8]) -> bool {
    policy.message() == Some(message)
}

/// Returns whether a policy may be deleted.
///
/// # Errors
///
/// `EPERM` where it is active.
pub(crate) fn check_deletion(is_active: bool) -> Result {
    if is_active {
        return Err(EPERM);
    }
    Ok(())
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
