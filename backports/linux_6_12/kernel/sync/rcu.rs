// SPDX-License-Identifier: GPL-2.0-only

//! RCU's read side.

use crate::bindings;
use core::marker::PhantomData;

/// Keeps the read side of RCU on this task.
///
/// # Invariants
///
/// The read side was entered when this was made, by the same task.
pub struct Guard(PhantomData<*mut ()>);

impl Guard {
    /// Enters the read side.
    ///
    /// # Context
    ///
    /// Any. The task must not sleep until the guard is dropped.
    #[inline]
    #[allow(clippy::new_without_default, reason = "entering should be seen")]
    pub fn new() -> Self {
        // SAFETY: Always safe to call.
        unsafe { bindings::backport_rcu_read_lock() };
        // INVARIANT: It was just entered.
        Self(PhantomData)
    }
}

impl Drop for Guard {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant this task has entered it, and leaves it once.
        unsafe { bindings::backport_rcu_read_unlock() };
    }
}

/// Enters the read side.
///
/// # Context
///
/// As for [`Guard::new`].
#[inline]
pub fn read_lock() -> Guard {
    Guard::new()
}

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
