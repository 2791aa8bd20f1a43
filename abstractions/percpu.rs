// SPDX-License-Identifier: GPL-2.0-only

//! Counters of which each CPU has its own, so that CPUs that count share no line of the cache.
//!
//! C header: [`include/linux/percpu.h`](srctree/include/linux/percpu.h)

use super::bindings;
use core::ptr::NonNull;
use kernel::ffi::c_uint;
use kernel::prelude::*;

/// `N` counters that start at 0.
///
/// # Invariants
///
/// The pointer came from `rust_lsm_counters_alloc(N)`, and is owned by this object.
pub(crate) struct Counters<const N: usize>(NonNull<bindings::rust_lsm_counters>);

// SAFETY: They belong to no thread. Whichever thread drops the object frees them.
unsafe impl<const N: usize> Send for Counters<N> {}

// SAFETY: A CPU counts in one step on a word of its own. Readers read single words.
unsafe impl<const N: usize> Sync for Counters<N> {}

impl<const N: usize> Counters<N> {
    /// Creates the counters.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: Always safe to call in a context that may sleep.
        let counters = unsafe { bindings::rust_lsm_counters_alloc(N as c_uint) };
        // INVARIANT: The pointer is not null, was just made, and nobody else has it.
        Ok(Self(NonNull::new(counters).ok_or(ENOMEM)?))
    }

    /// Adds one to a counter. An index that is too large counts nothing.
    ///
    /// # Context
    ///
    /// Any. Writes to memory of the calling CPU alone.
    #[inline]
    pub(crate) fn count(&self, index: usize) {
        if index < N {
            // SAFETY: By the type invariant there are `N` counters, and the index is smaller.
            unsafe { bindings::rust_lsm_count(self.0.as_ptr(), index as c_uint) };
        }
    }

    /// Returns all counters: each is the sum over all CPUs. CPUs may count meanwhile.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn sums(&self) -> [u64; N] {
        core::array::from_fn(|index| {
            // SAFETY: By the type invariant there are `N` counters, and the index is smaller.
            unsafe { bindings::rust_lsm_counters_sum(self.0.as_ptr(), index as c_uint) }
        })
    }
}

impl<const N: usize> Drop for Counters<N> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant they are owned here, and nobody counts any more.
        unsafe { bindings::rust_lsm_counters_free(self.0.as_ptr()) };
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
