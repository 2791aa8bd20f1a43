// SPDX-License-Identifier: GPL-2.0-only

//! The `pin_init` crate of the newest kernel, for Linux 6.12: the `init` module of that tree's
//! `kernel` crate, and constants that are all zero.

use core::marker::{PhantomData, PhantomPinned};
use core::mem::MaybeUninit;
use kernel::bindings;
use kernel::types::Opaque;

pub use backport_macros::{MaybeZeroable, Zeroable};
pub use kernel::init::{InPlaceInit, InPlaceWrite, Init, PinInit};
pub use kernel::macros::{pin_data, pinned_drop};
pub use kernel::{init, pin_init, try_init, try_pin_init};

/// A type of which all bits zero are a valid value.
///
/// # Safety
///
/// They must be.
pub unsafe trait Zeroable: Sized {}

/// Returns the value that is all zero.
#[inline]
pub const fn zeroed<T: Zeroable>() -> T {
    // SAFETY: The trait promises that it is valid.
    unsafe { core::mem::zeroed() }
}

macro_rules! zeroable {
    ($([$($generics:tt)*] $type:ty;)*) => {
        $(
            // SAFETY: A number that is zero, a pointer that is null, `false`, no function, nothing
            // at all, or a structure of C that has no more than these.
            unsafe impl<$($generics)*> Zeroable for $type {}
        )*
    };
}

zeroable! {
    [] ();
    [] bool;
    [] u8;
    [] u16;
    [] u32;
    [] u64;
    [] usize;
    [] i8;
    [] i16;
    [] i32;
    [] i64;
    [] isize;
    [T] *const T;
    [T] *mut T;
    [T: ?Sized] PhantomData<T>;
    [] PhantomPinned;
    [T] MaybeUninit<T>;
    [T] Opaque<T>;
    [T: Zeroable, const N: usize] [T; N];
    [] bindings::file_operations;
    [] bindings::kunit_case;
    [] bindings::kunit_suite;
}
