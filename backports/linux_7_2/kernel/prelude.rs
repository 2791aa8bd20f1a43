// SPDX-License-Identifier: GPL-2.0-only

//! What nearly all code needs.

pub use ::kernel::prelude::*;

pub use crate::error::code::*;
