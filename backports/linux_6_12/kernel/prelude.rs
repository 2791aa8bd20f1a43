// SPDX-License-Identifier: GPL-2.0-only

//! The names that nearly all code needs.

pub use ::kernel::prelude::*;

pub use core::mem::{align_of, align_of_val, size_of, size_of_val};

pub use ::kernel::ffi::{
    c_char, c_int, c_long, c_longlong, c_schar, c_short, c_uchar, c_uint, c_ulong, c_ulonglong,
    c_ushort, c_void,
};
pub use core::ffi::CStr;

pub use crate::alloc::{KBox, KVec};
pub use crate::error::code::*;
pub use crate::str::CStrExt;
pub use backport_macros::kunit_tests;
pub use pin_init::Zeroable;
