// SPDX-License-Identifier: GPL-2.0-only

//! A value that is set once.

use super::atomic::{Acquire, Atomic, Relaxed, Release};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

const EMPTY: u32 = 0;
const IN_WORK: u32 = 1;
const SET: u32 = 2;

/// A value that is set once, or never.
///
/// # Invariants
///
/// - In state `SET`, the value is there, and does not change any more.
/// - The task that has changed the state from `EMPTY` to `IN_WORK` has the value for itself.
pub struct SetOnce<T> {
    state: Atomic<u32>,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: It owns the value.
unsafe impl<T: Send> Send for SetOnce<T> {}

// SAFETY: All get shared references to the value, hence `Sync`, and any task may set it for others,
// hence `Send`.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}

impl<T> SetOnce<T> {
    /// Creates one without a value.
    #[allow(clippy::new_without_default, reason = "for statics")]
    pub const fn new() -> Self {
        // INVARIANT: Nobody has begun to set it.
        Self {
            state: Atomic::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Returns the value, if it is set.
    #[inline]
    pub fn as_ref(&self) -> Option<&T> {
        // SAFETY: By the type invariant the value is there, and stays.
        (self.state.load(Acquire) == SET).then(|| unsafe { (*self.value.get()).assume_init_ref() })
    }

    /// Sets the value, and returns whether it was the first.
    pub fn populate(&self, value: T) -> bool {
        if self.state.cmpxchg(EMPTY, IN_WORK, Relaxed).is_err() {
            return false;
        }
        // SAFETY: By the type invariant, nobody else uses the value.
        unsafe { (*self.value.get()).write(value) };
        // INVARIANT: The value is there.
        self.state.store(SET, Release);
        true
    }

    /// Returns a copy of the value, if it is set.
    pub fn copy(&self) -> Option<T>
    where
        T: Copy,
    {
        self.as_ref().copied()
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        if *self.state.get_mut() == SET {
            // SAFETY: By the type invariant the value is there. It is dropped this once.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}
