// SPDX-License-Identifier: GPL-2.0-only

//! Processors.

use crate::bindings;

/// Returns one more than the highest number that a processor of this machine can have.
///
/// # Context
///
/// Any.
#[inline]
pub fn nr_cpu_ids() -> u32 {
    // SAFETY: Written early in the boot, before any Rust code runs, and never later.
    unsafe { bindings::nr_cpu_ids }
}
