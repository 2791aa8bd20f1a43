// SPDX-License-Identifier: GPL-2.0-only

//! Userspace's memory.

use crate::alloc::{Allocator, Flags, Vec};
use crate::error::{code::EINVAL, Result};
use crate::fs::file;
use ::kernel::ffi::c_void;
use ::kernel::uaccess as tree;
use core::ops::{Deref, DerefMut};

/// An address in userspace.
#[derive(Copy, Clone)]
pub struct UserPtr(usize);

impl UserPtr {
    /// Takes C's pointer.
    #[inline]
    pub fn from_ptr(pointer: *mut c_void) -> Self {
        Self(pointer.addr())
    }

    /// Takes the address as a number.
    #[inline]
    pub fn from_addr(address: usize) -> Self {
        Self(address)
    }
}

/// A range of userspace's memory.
pub struct UserSlice(tree::UserSlice);

impl UserSlice {
    /// Names the range. Nothing is read or written yet, so any address is fine.
    #[inline]
    pub fn new(address: UserPtr, length: usize) -> Self {
        Self(tree::UserSlice::new(address.0 as _, length))
    }

    /// Reads the range.
    #[inline]
    pub fn reader(self) -> UserSliceReader {
        UserSliceReader(self.0.reader())
    }

    /// Writes to the range.
    #[inline]
    pub fn writer(self) -> UserSliceWriter {
        UserSliceWriter(self.0.writer())
    }
}

/// A reader of a range of userspace's memory.
pub struct UserSliceReader(tree::UserSliceReader);

impl UserSliceReader {
    /// Reads all that is left, behind the elements of the vector.
    ///
    /// # Errors
    ///
    /// `EFAULT`, `ENOMEM`.
    pub fn read_all<A: Allocator>(mut self, to: &mut Vec<u8, A>, flags: Flags) -> Result {
        let length = self.0.len();
        to.reserve(length, flags)?;
        self.0.read_raw(&mut to.spare_capacity_mut()[..length])?;
        // SAFETY: There was room for so many, and all of them were read.
        unsafe { to.inc_len(length) };
        Ok(())
    }
}

impl Deref for UserSliceReader {
    type Target = tree::UserSliceReader;

    fn deref(&self) -> &tree::UserSliceReader {
        &self.0
    }
}

impl DerefMut for UserSliceReader {
    fn deref_mut(&mut self) -> &mut tree::UserSliceReader {
        &mut self.0
    }
}

/// A writer to a range of userspace's memory.
pub struct UserSliceWriter(tree::UserSliceWriter);

impl UserSliceWriter {
    /// Writes the bytes of a file from the offset on, as many as fit, and advances the offset by
    /// the number that it returns.
    ///
    /// # Errors
    ///
    /// `EFAULT`, `EINVAL` for a negative offset.
    pub fn write_slice_file(&mut self, data: &[u8], offset: &mut file::Offset) -> Result<usize> {
        let start = usize::try_from(*offset).map_err(|_| EINVAL)?;
        let rest = data.get(start..).unwrap_or_default();
        let piece = &rest[..rest.len().min(self.0.len())];
        self.0.write_slice(piece)?;
        *offset += piece.len() as file::Offset;
        Ok(piece.len())
    }
}

impl Deref for UserSliceWriter {
    type Target = tree::UserSliceWriter;

    fn deref(&self) -> &tree::UserSliceWriter {
        &self.0
    }
}

impl DerefMut for UserSliceWriter {
    fn deref_mut(&mut self) -> &mut tree::UserSliceWriter {
        &mut self.0
    }
}
