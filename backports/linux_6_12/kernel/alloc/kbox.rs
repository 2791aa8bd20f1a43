// SPDX-License-Identifier: GPL-2.0-only

//! An object in memory of its own. Unlike the tree's `Box`, it can own a trait object.

use super::{AllocError, Flags};
use ::kernel::alloc::KBox as Memory;
use ::kernel::init::{InPlaceInit, Init, PinInit};
use core::marker::{PhantomData, Unsize};
use core::mem::{size_of_val, ManuallyDrop};
use core::ops::{CoerceUnsized, Deref, DerefMut};
use core::pin::Pin;
use core::ptr::NonNull;

/// An object in memory of the contiguous allocator.
///
/// # Invariants
///
/// The pointer came from the tree's `KBox` of an object of a sized type, which this one owns. It is
/// aligned, and dangles if the object has no size.
#[repr(transparent)]
pub struct KBox<T: ?Sized>(NonNull<T>, PhantomData<T>);

impl<T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<KBox<U>> for KBox<T> {}

// SAFETY: It owns the object.
unsafe impl<T: ?Sized + Send> Send for KBox<T> {}

// SAFETY: It gives no more than references to the object.
unsafe impl<T: ?Sized + Sync> Sync for KBox<T> {}

impl<T> KBox<T> {
    /// Moves the value to new memory.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is none.
    pub fn new(value: T, flags: Flags) -> Result<Self, AllocError> {
        Ok(Self::from(Memory::new(value, flags)?))
    }
}

impl<T> From<Memory<T>> for KBox<T> {
    fn from(memory: Memory<T>) -> Self {
        // SAFETY: The object lives, so the pointer is not null. INVARIANT: It is the tree's.
        unsafe { Self::from_raw(Memory::into_raw(memory)) }
    }
}

impl<T: ?Sized> KBox<T> {
    /// Takes the ownership of an object.
    ///
    /// # Safety
    ///
    /// The pointer must come from [`Self::into_raw`], or that of the tree's `KBox`. Nobody else may
    /// own the object.
    pub unsafe fn from_raw(pointer: *mut T) -> Self {
        // SAFETY: By the contract it is not null. INVARIANT: By the contract.
        Self(unsafe { NonNull::new_unchecked(pointer) }, PhantomData)
    }

    /// Gives the ownership away.
    pub fn into_raw(this: Self) -> *mut T {
        ManuallyDrop::new(this).0.as_ptr()
    }
}

impl<T: ?Sized> Deref for KBox<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: By the type invariant it lives, and is borrowed no longer than `self`.
        unsafe { self.0.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for KBox<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: By the type invariant it lives, and nobody else has it.
        unsafe { self.0.as_mut() }
    }
}

impl<T: ?Sized> Drop for KBox<T> {
    fn drop(&mut self) {
        let size = size_of_val::<T>(self);
        // SAFETY: By the type invariant it lives and is owned. It is dropped this once.
        unsafe { self.0.drop_in_place() };
        // An object without a size has no memory.
        if size > 0 {
            // SAFETY: By the type invariant the memory came from the allocator of the tree's
            // `KBox`, for which `kfree` is the end.
            unsafe { crate::bindings::kfree(self.0.as_ptr().cast_const().cast()) };
        }
    }
}

impl<T> From<KBox<T>> for Pin<KBox<T>> {
    fn from(this: KBox<T>) -> Self {
        // SAFETY: The object does not move with its owner.
        unsafe { Pin::new_unchecked(this) }
    }
}

impl<T> InPlaceInit<T> for KBox<T> {
    type PinnedSelf = Pin<Self>;

    fn try_pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Pin<Self>, E>
    where
        E: From<AllocError>,
    {
        let pinned = Memory::try_pin_init(init, flags)?;
        // SAFETY: The new owner, pinned below, does not move the object either.
        Ok(Self::from(unsafe { Pin::into_inner_unchecked(pinned) }).into())
    }

    fn try_init<E>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E>
    where
        E: From<AllocError>,
    {
        Ok(Self::from(Memory::try_init(init, flags)?))
    }
}
