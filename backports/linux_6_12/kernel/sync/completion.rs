// SPDX-License-Identifier: GPL-2.0-only

//! Waiting for something that happens once.

use crate::bindings;
use ::kernel::prelude::*;
use ::kernel::types::Opaque;

/// Something that happens once, and that tasks wait for.
#[pin_data]
pub struct Completion {
    #[pin]
    inner: Opaque<bindings::completion>,
}

// SAFETY: C's completion is made to be shared.
unsafe impl Send for Completion {}

// SAFETY: The same.
unsafe impl Sync for Completion {}

impl Completion {
    /// Creates one that has not happened.
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            inner <- Opaque::ffi_init(|slot: *mut bindings::completion| {
                // SAFETY: The memory is for a completion, which is pinned.
                unsafe { bindings::backport_init_completion(slot) }
            }),
        })
    }

    /// Lets it happen: wakes all who wait, and all who will.
    ///
    /// # Context
    ///
    /// Any.
    pub fn complete_all(&self) {
        // SAFETY: It was initialised.
        unsafe { bindings::complete_all(self.inner.get()) };
    }

    /// Waits until it has happened.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn wait_for_completion(&self) {
        // SAFETY: It was initialised.
        unsafe { bindings::wait_for_completion(self.inner.get()) };
    }
}
