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
mod mode;
pub mod policy;
mod securityfs;

/// The prefix of this module's lines in the kernel log.
const __LOG_PREFIX: &[u8] = b"ipe\0";

abstractions::module::local_module!(c"ipe");

abstractions::lsm::security_module!(crate::hooks::Ipe);
