// SPDX-License-Identifier: GPL-2.0-only

//! A pointer that readers follow under RCU.
//!
//! C header: [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)

use core::marker::PhantomData;
use kernel::ffi::c_void;
use kernel::sync::atomic::{
    Acquire,
    Atomic,
    Full,
    Relaxed,
    Release, //
};
use kernel::sync::rcu::{
    synchronize_rcu,
    Guard, //
};
use kernel::types::ForeignOwnable;
use pin_init::Zeroable;

/// An owning pointer, or none. Readers follow it under RCU, one writer at a time replaces it.
///
/// All bits zero is a valid value: no pointer.
///
/// # Invariants
///
/// The pointer is null or came from [`ForeignOwnable::into_foreign`] and is owned by this object.
/// An object that a reader may still follow is not freed before a grace period has passed.
///
/// # Examples
///
/// ```ignore
/// static CURRENT: RcuPointer<Arc<Config>> = RcuPointer::null();
///
/// // A reader, in any context:
/// let guard = rcu::read_lock();
/// if let Some(config) = CURRENT.read(&guard) {
///     // `config` is valid as long as the guard lives.
/// }
///
/// // The writer, with its lock held:
/// let retired = CURRENT.replace(Some(new));
/// // Without that lock, as this waits for a grace period:
/// drop(retired);
/// ```
#[repr(transparent)]
pub(crate) struct RcuPointer<P: ForeignOwnable>(Atomic<*mut c_void>, PhantomData<P>);

// SAFETY: All bits zero is a null pointer, which the type invariant allows.
unsafe impl<P: ForeignOwnable> Zeroable for RcuPointer<P> {}

// SAFETY: `P` is owned, so that it moves with this object.
unsafe impl<P: ForeignOwnable + Send> Send for RcuPointer<P> {}

// SAFETY: Readers on any CPU get shared borrows of what `P` points to, hence `P: Sync`, and a
// writer on any CPU takes the ownership of the old pointer, hence `P: Send`.
unsafe impl<P: ForeignOwnable + Send + Sync> Sync for RcuPointer<P> {}

impl<P: ForeignOwnable> RcuPointer<P> {
    /// Creates an empty pointer.
    pub(crate) const fn null() -> Self {
        // INVARIANT: The pointer is null.
        Self(Atomic::new(core::ptr::null_mut()), PhantomData)
    }

    /// Returns whether there is no pointer at this moment.
    ///
    /// # Context
    ///
    /// Any.
    #[inline]
    pub(crate) fn is_null(&self) -> bool {
        self.0.load(Relaxed).is_null()
    }

    /// Returns the object that the pointer points to, for as long as the guard lives.
    ///
    /// # Context
    ///
    /// Any.
    #[inline]
    pub(crate) fn read<'guard>(&'guard self, _guard: &'guard Guard) -> Option<P::Borrowed<'guard>> {
        let pointer = self.0.load(Acquire);
        if pointer.is_null() {
            return None;
        }
        // SAFETY: By the type invariant the pointer came from `into_foreign`. `replace` hands the
        // ownership to a `Retired`, which waits for a grace period before it drops, and a grace
        // period does not end while the guard, which outlives the borrow, holds the read side.
        // `drop` has the object for itself, which the borrow of `self` excludes.
        Some(unsafe { P::borrow(pointer) })
    }

    /// Replaces the pointer, and returns the old one.
    ///
    /// The exchange is one step, so that two writers never lose a pointer or free it twice. The
    /// order of writers is up to the callers' lock.
    ///
    /// # Context
    ///
    /// Any. Dropping the result waits, see [`Retired`].
    pub(crate) fn replace(&self, new: Option<P>) -> Retired<P> {
        let new = new.map_or(core::ptr::null_mut(), P::into_foreign);
        // INVARIANT: `new` is null or from `into_foreign`. Full ordering, hence release: a reader
        // that sees the pointer sees what was written before it was published.
        Retired(self.0.xchg(new, Full), PhantomData)
    }

    /// Sets the first value.
    ///
    /// # Context
    ///
    /// Before there can be a reader or another writer.
    pub(crate) fn initialise(&self, new: P) {
        // INVARIANT: `new` is from `into_foreign`. There was no pointer before, by contract; if
        // there was, it leaks, which is safe.
        self.0.store(new.into_foreign(), Release);
    }
}

impl<P: ForeignOwnable> Drop for RcuPointer<P> {
    fn drop(&mut self) {
        let pointer = *self.0.get_mut();
        if !pointer.is_null() {
            // SAFETY: By the type invariant the pointer is owned here. As the object is dropped,
            // no borrow of it is left, hence none that `read` gave out.
            drop(unsafe { P::from_foreign(pointer) });
        }
    }
}

/// A pointer that was taken out of an [`RcuPointer`]. Readers may still follow it.
///
/// Dropping it waits for a grace period, if there was a pointer.
///
/// # Context
///
/// The drop: process context. No lock should be held that the reader of any RCU section waits for.
#[must_use = "dropping waits for a grace period"]
pub(crate) struct Retired<P: ForeignOwnable>(*mut c_void, PhantomData<P>);

impl<P: ForeignOwnable> Retired<P> {
    /// Returns the object that the pointer points to, which stays valid while `self` lives.
    pub(crate) fn get(&self) -> Option<P::Borrowed<'_>> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: The pointer came from `into_foreign` and is owned by this object, which the
        // borrow cannot outlive. Other borrows are shared ones, too.
        Some(unsafe { P::borrow(self.0) })
    }
}

impl<P: ForeignOwnable> Drop for Retired<P> {
    fn drop(&mut self) {
        if self.0.is_null() {
            return;
        }
        synchronize_rcu();
        // SAFETY: The pointer came from `into_foreign` and is owned by this object. It is no
        // longer published, and every reader that saw it has ended with the grace period.
        drop(unsafe { P::from_foreign(self.0) });
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
