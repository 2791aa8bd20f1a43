// SPDX-License-Identifier: GPL-2.0-only

//! Random numbers.
//!
//! C header: [`include/linux/random.h`](srctree/include/linux/random.h)

use super::bindings;

/// Returns a random number.
///
/// # Context
///
/// Any. Early in the boot the number may not be fit for secrets.
pub(crate) fn random_u64() -> u64 {
    // SAFETY: Always safe to call.
    unsafe { bindings::get_random_u64() }
}
