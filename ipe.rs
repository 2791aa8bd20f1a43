// SPDX-License-Identifier: GPL-2.0-only

//! Integrity Policy Enforcement: a security module by which an owner-signed policy says what code
//! may run.
//!
//! A decision flows in one direction: a hook names the operation and the object, [`eval`] finds the
//! verdict of the active [`policy`], [`audit`] records it, and an errno goes back to the kernel.
//! Policies come in through [`securityfs`], and [`loaded`] keeps them.

#![deny(unsafe_code)]

#[allow(unsafe_code)]
mod abstractions;
mod audit;
pub mod eval;
mod hooks;
mod loaded;
pub mod policy;
mod securityfs;

#[cfg(not(linux_7_2))]
use abstractions::module::LocalModule;
use abstractions::param::{
    parameter,
    Switch, //
};

/// What precedes this module's lines in the kernel log.
const __LOG_PREFIX: &[u8] = b"ipe\0";

/// Whether a denial denies; otherwise it is only recorded.
static ENFORCE: Switch = Switch::new(true);
parameter!(
    "ipe",
    "enforce",
    ENFORCE,
    "Start IPE in enforce or permissive mode"
);

/// Whether what is allowed is recorded, too.
static SUCCESS_AUDIT: Switch = Switch::new(false);
parameter!(
    "ipe",
    "success_audit",
    SUCCESS_AUDIT,
    "Start IPE with success auditing enabled"
);

abstractions::lsm::security_module!(crate::hooks::Ipe);
