// SPDX-License-Identifier: GPL-2.0-only

//! Objects that count their references themselves.

pub use ::kernel::types::{ARef, AlwaysRefCounted};
