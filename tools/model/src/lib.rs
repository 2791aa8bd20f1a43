// SPDX-License-Identifier: GPL-2.0-only

//! An executable model of policies in the kernel, and its comparison with a kernel.
//!
//! [`generate`] makes sequences of [`command`]s, [`model`] defines the result of each and the state
//! after it, `replay` executes them in a guest, and [`compare`] looks for the first difference.

pub mod command;
pub mod compare;
pub mod generate;
pub mod model;
pub mod sign;
