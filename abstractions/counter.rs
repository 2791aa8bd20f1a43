// SPDX-License-Identifier: GPL-2.0-only

//! A counter of rare events.

use kernel::sync::atomic::{
    Atomic,
    Full, //
};
use pin_init::Zeroable;

/// A number that code counts up. All of its operations are full memory barriers.
#[repr(transparent)]
pub(crate) struct Counter(Atomic<u64>);

// SAFETY: All bits zero is the number zero.
unsafe impl Zeroable for Counter {}

impl Counter {
    /// Creates a counter that stands at zero.
    pub(crate) const fn new() -> Self {
        Self(Atomic::new(0))
    }

    /// Counts an event, if it is one.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn add(&self, number: u64) -> u64 {
        self.0.fetch_add(number, Full)
    }
}
