// SPDX-License-Identifier: GPL-2.0-only

//! Shared state.

pub use ::kernel::sync::*;

pub mod aref;
pub mod atomic;
mod completion;
mod global;
pub mod rcu;
mod set_once;

pub use completion::Completion;
pub use global::{global_lock, GlobalLock};
pub use set_once::SetOnce;
