// SPDX-License-Identifier: GPL-2.0-only

//! The audit records, byte for byte those of the C implementation; what is new stands at the end.
//!
//! Where a field could hold what a user chose, it is written so that it cannot pass for another.

mod access;
mod change;

pub(crate) use access::access;
pub(crate) use change::{
    activation,
    enforcement,
    load,
    refusal, //
};
