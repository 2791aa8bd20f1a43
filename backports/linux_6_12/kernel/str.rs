// SPDX-License-Identifier: GPL-2.0-only

//! Strings.

use crate::bindings;
use crate::error::{code::EINVAL, to_result, Error};
use ::kernel::alloc::{flags::GFP_KERNEL, AllocError, KVec};
use ::kernel::ffi::c_char;
use core::fmt;
use core::ops::Deref;

pub use ::kernel::str::BStr;
pub use core::ffi::CStr;

/// Conversions between strings of Rust and of C.
pub trait CStrExt {
    /// Wraps a string of C.
    ///
    /// # Safety
    ///
    /// It must end with a NUL, and neither change nor be freed during `'a`.
    unsafe fn from_char_ptr<'a>(pointer: *const c_char) -> &'a Self;

    /// Returns the pointer for C.
    fn as_char_ptr(&self) -> *const c_char;
}

impl CStrExt for CStr {
    #[inline]
    unsafe fn from_char_ptr<'a>(pointer: *const c_char) -> &'a Self {
        // SAFETY: The contract is the same.
        unsafe { Self::from_ptr(pointer.cast()) }
    }

    #[inline]
    fn as_char_ptr(&self) -> *const c_char {
        self.as_ptr().cast()
    }
}

/// Returns the pointer for C, in constants, too.
#[inline]
pub const fn as_char_ptr_in_const_context(string: &CStr) -> *const c_char {
    string.as_ptr().cast()
}

/// A string of C that this object owns.
///
/// # Invariants
///
/// The bytes end with a NUL, and have no other.
pub struct CString(KVec<u8>);

impl CString {
    /// Makes a string from a format and its arguments.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINVAL` for a text with a NUL.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn try_from_fmt(text: fmt::Arguments<'_>) -> Result<Self, Error> {
        let string = ::kernel::str::CString::try_from_fmt(text)?;
        let string = CStr::from_bytes_with_nul(string.as_bytes_with_nul()).map_err(|_| EINVAL)?;
        Ok(Self::try_from(string)?)
    }
}

impl TryFrom<&CStr> for CString {
    type Error = AllocError;

    fn try_from(string: &CStr) -> Result<Self, AllocError> {
        let mut bytes = KVec::new();
        bytes.extend_from_slice(string.to_bytes_with_nul(), GFP_KERNEL)?;
        // INVARIANT: They are those of a string.
        Ok(Self(bytes))
    }
}

impl Deref for CString {
    type Target = CStr;

    #[inline]
    fn deref(&self) -> &CStr {
        // SAFETY: The type invariant says the same.
        unsafe { CStr::from_bytes_with_nul_unchecked(&self.0) }
    }
}

/// Reads a boolean, in any form that C's `kstrtobool` takes.
///
/// # Errors
///
/// `EINVAL`.
pub fn kstrtobool_bytes(bytes: &[u8]) -> Result<bool, Error> {
    // C looks at two bytes at most.
    let mut text = [0u8; 3];
    for (to, from) in text.iter_mut().zip(bytes.iter().take(2)) {
        *to = *from;
    }
    let mut value = false;
    // SAFETY: The text ends with a NUL, and C writes the value.
    to_result(unsafe { bindings::kstrtobool(text.as_ptr(), &mut value) })?;
    Ok(value)
}
