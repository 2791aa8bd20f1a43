// SPDX-License-Identifier: GPL-2.0-only

//! Which of several objects it was, without a reference to it.

use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};
use pin_init::Zeroable;

/// The address of an object, or of none.
///
/// The address is never followed. It tells an object from others as long as that object is in use.
/// Later, another object may be at the same address.
#[repr(transparent)]
pub(crate) struct Identity(Atomic<usize>);

// SAFETY: All bits zero stand for no object.
unsafe impl Zeroable for Identity {}

impl Identity {
    /// Creates a note of no object.
    #[allow(dead_code, reason = "some configurations have no use for it")]
    pub(crate) const fn none() -> Self {
        Self(Atomic::new(0))
    }

    /// Notes the object.
    ///
    /// # Context
    ///
    /// Any.
    #[allow(dead_code, reason = "some configurations have no use for it")]
    pub(crate) fn set<T>(&self, object: &T) {
        self.0.store(core::ptr::from_ref(object).addr(), Relaxed);
    }

    /// Notes the object of another note.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn copy(&self, other: &Self) {
        self.0.store(other.0.load(Relaxed), Relaxed);
    }

    /// Notes no object.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn clear(&self) {
        self.0.store(0, Relaxed);
    }

    /// Returns whether this is the object.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn is<T>(&self, object: &T) -> bool {
        self.0.load(Relaxed) == core::ptr::from_ref(object).addr()
    }
}
