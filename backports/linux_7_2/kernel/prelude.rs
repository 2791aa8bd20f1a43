// SPDX-License-Identifier: GPL-2.0-only

//! The names that nearly all code needs.

pub use ::kernel::prelude::*;

pub use crate::error::code::*;
