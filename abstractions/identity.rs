// SPDX-License-Identifier: GPL-2.0-only

//! Which of several objects it was, without keeping it.

use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};
use pin_init::Zeroable;

/// The address of an object, or of none.
///
/// It is not followed. It tells an object from others as long as that object is in use; later another
/// one may be at the same address.
#[repr(transparent)]
pub(crate) struct Identity(Atomic<usize>);

// SAFETY: All bits zero is no object.
unsafe impl Zeroable for Identity {}

impl Identity {
    /// Notes the object. Any context.
    pub(crate) fn set<T>(&self, object: &T) {
        self.0.store(core::ptr::from_ref(object).addr(), Relaxed);
    }

    /// Notes the object of another note. Any context.
    pub(crate) fn copy(&self, other: &Self) {
        self.0.store(other.0.load(Relaxed), Relaxed);
    }

    /// Notes none. Any context.
    pub(crate) fn clear(&self) {
        self.0.store(0, Relaxed);
    }

    /// Returns whether it is this object. Any context.
    pub(crate) fn is<T>(&self, object: &T) -> bool {
        self.0.load(Relaxed) == core::ptr::from_ref(object).addr()
    }
}
