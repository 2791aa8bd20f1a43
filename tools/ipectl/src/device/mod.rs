// SPDX-License-Identifier: GPL-2.0-only

//! The IPE of a running kernel: what it has loaded, and how that changes.

mod change;
mod errno;
mod files;
mod state;

pub use self::{
    change::{check_activation, check_name, find, Change},
    errno::{explain, explain_origin, Request},
    files::{Files, Securityfs, SECURITYFS},
    state::{loaded, switch, version, Loaded},
};
