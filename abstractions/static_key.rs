// SPDX-License-Identifier: GPL-2.0-only

//! A static key that is on while somebody requests it.
//!
//! Where the architecture has jump labels, asking for it is an instruction without effect, which
//! the kernel replaces by a jump.
//!
//! C header: [`include/linux/jump_label.h`](srctree/include/linux/jump_label.h)

use super::bindings;

/// Returns whether there is a [`Requested`].
///
/// # Context
///
/// Any.
#[inline(always)]
pub(crate) fn is_requested() -> bool {
    // SAFETY: `helpers.c` defines the static key.
    unsafe {
        kernel::jump_label::static_branch_unlikely!(
            bindings::rust_lsm_requests,
            bindings::rust_lsm_static_key,
            key
        )
    }
}

/// A request, which ends when it is dropped.
///
/// # Invariants
///
/// The key was incremented for this object.
#[allow(dead_code, reason = "not every configuration requests it")]
pub(crate) struct Requested(());

#[allow(dead_code, reason = "not every configuration requests it")]
impl Requested {
    /// Begins a request.
    ///
    /// # Context
    ///
    /// May sleep, also the drop.
    pub(crate) fn begin() -> Self {
        // SAFETY: Always safe to call in a context that may sleep.
        unsafe { bindings::rust_lsm_begin_request() };
        // INVARIANT: The key was just incremented.
        Self(())
    }
}

impl Drop for Requested {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, this is the end of a request that was begun.
        unsafe { bindings::rust_lsm_end_request() };
    }
}
