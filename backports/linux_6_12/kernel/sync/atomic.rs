// SPDX-License-Identifier: GPL-2.0-only

//! Atomic variables, on those of `core`.
//!
//! [`Full`] orders everything before the operation with everything after it, as the kernel's memory
//! model demands. A processor's sequentially consistent exchange does less, hence the fences.

use core::cell::UnsafeCell;
use core::sync::atomic::{
    fence, AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};

/// No order.
pub struct Relaxed;
/// Later accesses stay after the load.
pub struct Acquire;
/// Earlier accesses stay before the store.
pub struct Release;
/// Earlier accesses stay before later ones.
pub struct Full;

/// An order that a load can have.
pub trait LoadOrder {
    #[doc(hidden)]
    const ORDER: Ordering;
}

impl LoadOrder for Relaxed {
    const ORDER: Ordering = Ordering::Relaxed;
}

impl LoadOrder for Acquire {
    const ORDER: Ordering = Ordering::Acquire;
}

/// An order that a store can have.
pub trait StoreOrder {
    #[doc(hidden)]
    const ORDER: Ordering;
}

impl StoreOrder for Relaxed {
    const ORDER: Ordering = Ordering::Relaxed;
}

impl StoreOrder for Release {
    const ORDER: Ordering = Ordering::Release;
}

/// An order that a change in one step can have.
pub trait ChangeOrder {
    #[doc(hidden)]
    const IS_FULL: bool;
}

impl ChangeOrder for Relaxed {
    const IS_FULL: bool = false;
}

impl ChangeOrder for Full {
    const IS_FULL: bool = true;
}

/// A type that a processor reads and writes in one step.
///
/// # Safety
///
/// For this module alone. `Core` has the same layout and bits as the type.
#[doc(hidden)]
pub unsafe trait AtomicType: Copy {
    /// # Safety
    ///
    /// The pointer must be that of a live [`Atomic`]. The same goes for all others.
    #[doc(hidden)]
    unsafe fn load(pointer: *mut Self, order: Ordering) -> Self;
    #[doc(hidden)]
    unsafe fn store(pointer: *mut Self, value: Self, order: Ordering);
    #[doc(hidden)]
    unsafe fn swap(pointer: *mut Self, value: Self) -> Self;
    #[doc(hidden)]
    unsafe fn compare_exchange(pointer: *mut Self, old: Self, new: Self) -> Result<Self, Self>;
}

macro_rules! atomic_type {
    ($([$($generic:ident)?] $type:ty: $core:ty;)*) => {
        $(
            // SAFETY: The types have the same layout and bits.
            unsafe impl<$($generic)?> AtomicType for $type {
                #[inline(always)]
                unsafe fn load(pointer: *mut Self, order: Ordering) -> Self {
                    // SAFETY: By the contract it is that of a live `Atomic`, all of whose uses are atomic.
                    unsafe { <$core>::from_ptr(pointer) }.load(order)
                }

                #[inline(always)]
                unsafe fn store(pointer: *mut Self, value: Self, order: Ordering) {
                    // SAFETY: As for `load`.
                    unsafe { <$core>::from_ptr(pointer) }.store(value, order);
                }

                #[inline(always)]
                unsafe fn swap(pointer: *mut Self, value: Self) -> Self {
                    // SAFETY: As for `load`.
                    unsafe { <$core>::from_ptr(pointer) }.swap(value, Ordering::Relaxed)
                }

                #[inline(always)]
                unsafe fn compare_exchange(pointer: *mut Self, old: Self, new: Self) -> Result<Self, Self> {
                    // SAFETY: As for `load`.
                    unsafe { <$core>::from_ptr(pointer) }.compare_exchange(
                        old,
                        new,
                        Ordering::Relaxed,
                        Ordering::Relaxed,
                    )
                }
            }
        )*
    };
}

atomic_type! {
    [] bool: AtomicBool;
    [] u32: AtomicU32;
    [] u64: AtomicU64;
    [] usize: AtomicUsize;
    [T] *mut T: AtomicPtr<T>;
}

/// A number that can be added to in one step.
pub trait AtomicAdd: AtomicType {
    /// # Safety
    ///
    /// The pointer must be that of a live [`Atomic`].
    #[doc(hidden)]
    unsafe fn fetch_add(pointer: *mut Self, value: Self) -> Self;
}

macro_rules! atomic_add {
    ($($type:ty: $core:ty;)*) => {
        $(
            impl AtomicAdd for $type {
                #[inline(always)]
                unsafe fn fetch_add(pointer: *mut Self, value: Self) -> Self {
                    // SAFETY: As for `AtomicType::load`.
                    unsafe { <$core>::from_ptr(pointer) }.fetch_add(value, Ordering::Relaxed)
                }
            }
        )*
    };
}

atomic_add! {
    u32: AtomicU32;
    u64: AtomicU64;
    usize: AtomicUsize;
}

/// A variable that is read and written in one step.
#[repr(transparent)]
pub struct Atomic<T: AtomicType>(UnsafeCell<T>);

// SAFETY: All access to the value is atomic.
unsafe impl<T: AtomicType> Sync for Atomic<T> {}

// SAFETY: The value is a plain one, or a pointer that only unsafe code follows.
unsafe impl<T: AtomicType> Send for Atomic<T> {}

#[inline(always)]
fn change<T, O: ChangeOrder>(_: O, operation: impl FnOnce() -> T) -> T {
    if O::IS_FULL {
        fence(Ordering::SeqCst);
    }
    let result = operation();
    if O::IS_FULL {
        fence(Ordering::SeqCst);
    }
    result
}

impl<T: AtomicType> Atomic<T> {
    /// Creates a variable with this value.
    #[inline]
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Takes a variable of C.
    ///
    /// # Safety
    ///
    /// The pointer must be aligned, and valid during `'a`. Meanwhile, all access is in one step.
    #[inline]
    pub const unsafe fn from_ptr<'a>(pointer: *mut T) -> &'a Self {
        // SAFETY: By the contract. The layout is the same.
        unsafe { &*pointer.cast() }
    }

    /// Returns the pointer for C.
    #[inline]
    pub const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }

    /// Returns the value, which nobody shares.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    /// Reads the value.
    #[inline]
    pub fn load<O: LoadOrder>(&self, _: O) -> T {
        // SAFETY: The pointer is that of `self`.
        unsafe { T::load(self.as_ptr(), O::ORDER) }
    }

    /// Writes the value.
    #[inline]
    pub fn store<O: StoreOrder>(&self, value: T, _: O) {
        // SAFETY: The pointer is that of `self`.
        unsafe { T::store(self.as_ptr(), value, O::ORDER) };
    }

    /// Replaces the value, and returns the old one.
    #[inline]
    pub fn xchg<O: ChangeOrder>(&self, new: T, order: O) -> T {
        // SAFETY: The pointer is that of `self`.
        change(order, || unsafe { T::swap(self.as_ptr(), new) })
    }

    /// Replaces the value if it is `old`.
    ///
    /// # Errors
    ///
    /// The value, if it is another.
    #[inline]
    pub fn cmpxchg<O: ChangeOrder>(&self, old: T, new: T, order: O) -> Result<T, T> {
        // SAFETY: The pointer is that of `self`.
        change(order, || unsafe {
            T::compare_exchange(self.as_ptr(), old, new)
        })
    }
}

impl<T: AtomicAdd> Atomic<T> {
    /// Adds to the value, and returns the old one. It wraps around.
    #[inline]
    pub fn fetch_add<O: ChangeOrder>(&self, value: T, order: O) -> T {
        // SAFETY: The pointer is that of `self`.
        change(order, || unsafe { T::fetch_add(self.as_ptr(), value) })
    }
}
