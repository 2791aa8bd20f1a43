// SPDX-License-Identifier: GPL-2.0-only

//! The mode: whether denials are enforced, and whether allowed accesses are recorded.
//!
//! The command line sets both switches before the first decision, securityfs changes them later.

use crate::abstractions::param::{
    parameter,
    Switch, //
};

/// Whether a denial denies. Otherwise IPE only records it: permissive mode.
pub(crate) static ENFORCE: Switch = Switch::new(true);
parameter!(
    "ipe",
    "enforce",
    ENFORCE,
    "Start IPE in enforce or permissive mode"
);

/// Whether allowed accesses are recorded, too.
pub(crate) static SUCCESS_AUDIT: Switch = Switch::new(false);
parameter!(
    "ipe",
    "success_audit",
    SUCCESS_AUDIT,
    "Start IPE with success auditing enabled"
);
