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
    // SAFETY: Always safe to call.
    unsafe { bindings::backport_nr_cpu_ids() }
}
