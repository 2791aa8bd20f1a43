// SPDX-License-Identifier: GPL-2.0-only

//! The audit records, with the fields of the C implementation in their order; what is new stands at
//! the end.
//!
//! What a user or an author chose is written so that it cannot pass for another field: a policy's
//! name, too, which C prints as it is. Of usual names the record is the same to the byte.

mod access;
mod change;
#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod line;

pub(crate) use access::access;
pub(crate) use change::{
    activation,
    enforcement,
    load,
    refusal, //
};
