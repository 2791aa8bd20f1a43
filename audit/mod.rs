// SPDX-License-Identifier: GPL-2.0-only

//! The audit records: which fields they have, in which order, and the names in them. The trace of
//! decisions, which uses the same names.
//!
//! How a record reaches the audit subsystem is in [`crate::abstractions::audit`]. When one is
//! written is for the callers to decide.
//!
//! The fields are those of the C implementation in its order. New ones come at the end. A name that
//! a user or an author chose is written so that it cannot pass for another field. That includes the
//! name of a policy, which C prints as it is. For common names, the record is the same to the byte.

mod access;
mod change;
mod hook;
mod kind;
#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod line;
mod trace;

pub(crate) use access::{
    access,
    Access,
    Asker,
    Object,
    Program, //
};
pub(crate) use change::{
    activation,
    enforcement,
    load,
    refusal,
    sealed, //
};
pub(crate) use hook::Hook;
pub(crate) use trace::trace;
