// SPDX-License-Identifier: GPL-2.0-only

//! Types of general use.

use crate::alloc::KBox;
use crate::sync::{Arc, ArcBorrow};
use ::kernel::ffi::c_void;
use core::pin::Pin;

pub use ::kernel::types::{Opaque, ScopeGuard};

/// An owner whose pointer C can keep.
///
/// # Safety
///
/// [`Self::into_foreign`] returns a pointer that is not null, and that the other functions take.
pub unsafe trait ForeignOwnable: Sized {
    /// The type that a borrower gets.
    type Borrowed<'a>;

    /// Turns the owner into a pointer, which is not null.
    fn into_foreign(self) -> *mut c_void;

    /// Takes the ownership back.
    ///
    /// # Safety
    ///
    /// The pointer must come from [`Self::into_foreign`]. It is not used later, and nothing is
    /// borrowed from it.
    unsafe fn from_foreign(pointer: *mut c_void) -> Self;

    /// Takes the ownership back, unless the pointer is null.
    ///
    /// # Safety
    ///
    /// The pointer must be null or as [`Self::from_foreign`] demands.
    unsafe fn try_from_foreign(pointer: *mut c_void) -> Option<Self> {
        // SAFETY: It is not null, so it is as demanded.
        (!pointer.is_null()).then(|| unsafe { Self::from_foreign(pointer) })
    }

    /// Borrows the object.
    ///
    /// # Safety
    ///
    /// The pointer must come from [`Self::into_foreign`], and the ownership must not be taken back
    /// during `'a`.
    unsafe fn borrow<'a>(pointer: *mut c_void) -> Self::Borrowed<'a>;
}

// SAFETY: An `Arc` is a pointer to its object.
unsafe impl<T: 'static> ForeignOwnable for Arc<T> {
    type Borrowed<'a> = ArcBorrow<'a, T>;

    fn into_foreign(self) -> *mut c_void {
        Arc::into_raw(self).cast_mut().cast()
    }

    unsafe fn from_foreign(pointer: *mut c_void) -> Self {
        // SAFETY: By the contract it comes from `Arc::into_raw`, and is given back once.
        unsafe { Arc::from_raw(pointer.cast_const().cast()) }
    }

    unsafe fn borrow<'a>(pointer: *mut c_void) -> ArcBorrow<'a, T> {
        // SAFETY: By the contract it comes from `Arc::into_raw`, and its reference outlives `'a`.
        unsafe { ArcBorrow::from_raw(pointer.cast_const().cast()) }
    }
}

// SAFETY: A `KBox` is a pointer to its object.
unsafe impl<T: 'static> ForeignOwnable for KBox<T> {
    type Borrowed<'a> = &'a T;

    fn into_foreign(self) -> *mut c_void {
        KBox::into_raw(self).cast()
    }

    unsafe fn from_foreign(pointer: *mut c_void) -> Self {
        // SAFETY: By the contract it comes from `KBox::into_raw`, and is given back once.
        unsafe { KBox::from_raw(pointer.cast()) }
    }

    unsafe fn borrow<'a>(pointer: *mut c_void) -> &'a T {
        // SAFETY: By the contract it comes from `KBox::into_raw`, and lives during `'a`.
        unsafe { &*pointer.cast() }
    }
}

// SAFETY: The same.
unsafe impl<T: 'static> ForeignOwnable for Pin<KBox<T>> {
    type Borrowed<'a> = Pin<&'a T>;

    fn into_foreign(self) -> *mut c_void {
        // SAFETY: Nothing moves the object until `from_foreign` pins it again.
        KBox::into_raw(unsafe { Pin::into_inner_unchecked(self) }).cast()
    }

    unsafe fn from_foreign(pointer: *mut c_void) -> Self {
        // SAFETY: By the contract it comes from `KBox::into_raw`, and is given back once. It was
        // pinned before.
        unsafe { Pin::new_unchecked(KBox::from_raw(pointer.cast())) }
    }

    unsafe fn borrow<'a>(pointer: *mut c_void) -> Pin<&'a T> {
        // SAFETY: By the contract it comes from `KBox::into_raw`, and lives during `'a`. It is
        // pinned.
        unsafe { Pin::new_unchecked(&*pointer.cast()) }
    }
}
