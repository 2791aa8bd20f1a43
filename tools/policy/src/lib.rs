// SPDX-License-Identifier: GPL-2.0-only

//! The policy language of IPE and its evaluation.
//!
//! This builds the kernel's own sources for the host: `ipectl` uses them, and here they are tested.

#![no_std]
#![forbid(unsafe_code)]

#[path = "../../../eval/mod.rs"]
pub mod eval;
#[path = "../../../policy/mod.rs"]
pub mod policy;
