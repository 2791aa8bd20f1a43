// SPDX-License-Identifier: GPL-2.0-only

//! The origin of a policy without a signature: a file that the active policy allows by where it is.

use super::active::Active;
use super::policy::Policy;
use super::report::{
    OriginRefusal,
    Refusal, //
};
use crate::abstractions::alloc::PageExactVec;
use core::ffi::CStr;
use kernel::prelude::*;
use kernel::str::CString;
use kernel::sync::Arc;

/// A file that the active policy allows as a policy, and the rule that allows it.
pub(crate) struct Origin {
    /// The path, as the writer named it.
    path: CString,
    /// The policy that was active when the file was read.
    allowed_by: Arc<Policy>,
    /// The offset of its rule.
    rule: u32,
}

/// The permission of the active policy, and what was read with it.
#[allow(dead_code, reason = "not every configuration reads such files")]
pub(crate) struct Permitted {
    /// The contents of the file.
    pub(crate) text: PageExactVec<u8>,
    /// The policy that allows it.
    pub(crate) allowed_by: Arc<Policy>,
    /// The offset of its rule.
    pub(crate) rule: u32,
}

/// Reads the file at a path, if the active policy allows it as a policy.
///
/// # Errors
///
/// `EACCES` where no policy is active, or where no rule of it allows the file by what vouches for
/// it. Those of opening and reading the file.
///
/// # Context
///
/// May sleep, for as long as a file system decides. No lock may be held that others need.
pub(crate) type Reader = fn(&CStr) -> Result<Permitted, Refusal>;

impl Origin {
    /// Creates the origin of a file that was read.
    pub(crate) fn new(path: CString, allowed_by: Arc<Policy>, rule: u32) -> Self {
        Self {
            path,
            allowed_by,
            rule,
        }
    }

    /// Returns the path, as the writer named it.
    pub(crate) fn path(&self) -> &[u8] {
        self.path.to_bytes()
    }

    /// Returns the text of the policy that allowed the file, and the offset of its rule.
    pub(crate) fn rule(&self) -> (&[u8], u32) {
        (self.allowed_by.text(), self.rule)
    }

    /// Checks that the policy that allowed the file is still active. Another one might not allow
    /// it.
    ///
    /// # Errors
    ///
    /// `EACCES`.
    ///
    /// # Context
    ///
    /// Any. A caller holds the lock of writers until the policy is loaded.
    pub(crate) fn check(&self, active: &Active) -> Result<(), Refusal> {
        if active.is(&self.allowed_by) {
            Ok(())
        } else {
            Err(Refusal::Origin(OriginRefusal::Replaced))
        }
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
