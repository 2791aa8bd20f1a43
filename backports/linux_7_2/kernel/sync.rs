// SPDX-License-Identifier: GPL-2.0-only

//! Shared state.

pub use ::kernel::sync::*;

/// RCU.
pub mod rcu {
    use crate::bindings;

    pub use ::kernel::sync::rcu::*;

    /// Waits until all who are on the read side now have left it.
    ///
    /// # Context
    ///
    /// May sleep.
    #[inline]
    pub fn synchronize_rcu() {
        // SAFETY: The caller may sleep.
        unsafe { bindings::synchronize_rcu() };
    }
}
