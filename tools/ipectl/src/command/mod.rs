// SPDX-License-Identifier: GPL-2.0-only

//! The commands: one file each, with its arguments, its help, what it does and how it shows that.
//!
//! Only the command line and the output belong here. The work is done by the modules beside this
//! one, which do not know the commands.

pub mod activate;
pub mod attest;
pub mod check;
pub mod completions;
pub mod consequence;
pub mod delete;
pub mod deploy;
pub mod diff;
pub mod digest;
pub mod enforce;
pub mod explain;
pub mod fmt;
pub mod image;
mod machine;
pub mod man;
pub mod new;
mod properties;
pub mod report;
pub mod rules;
pub mod seal;
pub mod sign;
pub mod simulate;
pub mod status;
pub mod suggest;
pub mod trial;
mod values;
