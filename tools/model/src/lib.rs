// SPDX-License-Identifier: GPL-2.0-only

//! What policies do in the kernel: a model that runs, and what compares it with a kernel.
//!
//! [`generate`] makes sequences of [`command`]s, [`model`] says what each of them answers and leaves
//! behind, `replay` does them in a guest, and [`compare`] looks for the first difference.

pub mod command;
pub mod compare;
pub mod generate;
pub mod model;
pub mod sign;
