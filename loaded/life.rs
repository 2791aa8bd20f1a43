// SPDX-License-Identifier: GPL-2.0-only

//! The rules of a policy's life: when it may be activated, replaced and deleted.
//!
//! Versions only go forward: once a policy is active, none with a lower version can be activated
//! until the next boot.
//!
//! Each rule only answers. A caller holds the lock of writers until it has acted on the answer.

use super::policy::Policy;
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

/// Returns whether an update with this text, which has no signature, changes nothing.
pub(crate) fn is_loaded_text(policy: &Policy, text: &[u8]) -> bool {
    policy.message().is_none() && policy.loaded() == Some(text)
}

/// Returns whether `policy` may be on trial beside `active`. `on_trial` is on trial already; if that
/// is `policy` itself, its trial begins anew.
///
/// # Errors
///
/// `EINVAL` where no policy is active, or `policy` itself; `EBUSY` where another one is on trial;
/// those of [`check_activation`], as a trial prepares for it.
#[cfg(CONFIG_IPE_TRIAL)]
pub(super) fn check_trial(
    active: Option<&Policy>,
    on_trial: Option<&Policy>,
    policy: &Policy,
) -> Result {
    let is_policy = |other: &Policy| core::ptr::eq(other, policy);
    if active.is_none_or(is_policy) {
        return Err(EINVAL);
    }
    if on_trial.is_some_and(|other| !is_policy(other)) {
        return Err(EBUSY);
    }
    check_activation(active, policy)
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
