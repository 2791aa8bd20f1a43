// SPDX-License-Identifier: GPL-2.0-only

//! Shared by all tests of policies.

/// A policy without a signature that has this name and version, and no rule.
macro_rules! policy {
    ($name:expr, $version:literal) => {
        $crate::loaded::Policy::builtin(
            concat!(
                "policy_name=",
                $name,
                " policy_version=",
                $version,
                "\nDEFAULT action=ALLOW"
            )
            .as_bytes(),
        )
        .map_err(|refusal| refusal.errno())
    };
}
pub(crate) use policy;
