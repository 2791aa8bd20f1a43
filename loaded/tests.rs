// SPDX-License-Identifier: GPL-2.0-only

//! Shared by all tests of policies.

use super::origin::Origin;
use super::policy::Policy;
use super::report::Report;
use crate::abstractions::alloc::PageExactVec;
use kernel::prelude::*;
use kernel::str::CString;
use kernel::sync::Arc;

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

/// Returns a policy without a signature, as a file has it.
pub(crate) fn from_file(text: &[u8]) -> Result<Arc<Policy>> {
    let mut bytes = PageExactVec::new();
    bytes.extend_from_slice(text, GFP_KERNEL)?;
    Policy::unsigned(bytes, &mut Report::default()).map_err(|refusal| refusal.errno())
}

/// Returns an origin that this policy allowed, by a rule at this offset.
pub(crate) fn origin(allowed_by: &Arc<Policy>, rule: u32) -> Result<Origin> {
    let path = CString::try_from_fmt(format_args!("/policy"))?;
    Ok(Origin::new(path, allowed_by.clone(), rule))
}
