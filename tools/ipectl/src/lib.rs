// SPDX-License-Identifier: GPL-2.0-only

//! Checks, explains, signs and deploys policies of Integrity Policy Enforcement (IPE).
//!
//! The language and its evaluation are the kernel's own sources, built for the host, so that a
//! verdict here is the kernel's verdict. This crate adds everything that a kernel has no room for:
//! hints, reasons, formats.

pub mod audit;
pub mod canonical;
pub mod check;
pub mod cli;
pub mod command;
pub mod command_line;
pub mod device;
pub mod diff;
pub mod digest;
pub mod disk;
mod erofs;
pub mod failure;
pub mod format;
pub mod image;
pub mod live;
pub mod log;
pub mod measured;
pub mod memory;
pub mod name;
pub mod object;
pub mod output;
pub mod policy;
pub mod progress;
pub mod replace;
pub mod report;
pub mod running;
pub mod sign;
pub mod simulate;
pub mod source;
pub mod suggest;
pub mod trace;
pub mod trial;
