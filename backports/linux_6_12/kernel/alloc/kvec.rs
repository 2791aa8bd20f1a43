// SPDX-License-Identifier: GPL-2.0-only

//! Vectors, on those of the tree.

use super::allocator::Kmalloc;
use super::{Adapter, AllocError, Allocator, Flags};
use ::kernel::alloc as tree;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};

/// A vector in the memory of an [`Allocator`].
pub struct Vec<T, A: Allocator>(tree::Vec<T, Adapter<A>>);

/// A vector in contiguous memory.
pub type KVec<T> = Vec<T, Kmalloc>;

impl<T, A: Allocator> Vec<T, A> {
    /// Creates an empty vector, without memory.
    #[inline]
    pub const fn new() -> Self {
        Self(tree::Vec::new())
    }

    /// Creates an empty vector with room for `capacity` elements.
    ///
    /// # Errors
    ///
    /// [`AllocError`] without memory.
    pub fn with_capacity(capacity: usize, flags: Flags) -> Result<Self, AllocError> {
        Ok(Self(tree::Vec::with_capacity(capacity, flags)?))
    }

    /// Creates a vector of `count` copies of an element.
    ///
    /// # Errors
    ///
    /// [`AllocError`] without memory.
    pub fn from_elem(value: T, count: usize, flags: Flags) -> Result<Self, AllocError>
    where
        T: Clone,
    {
        Ok(Self(tree::Vec::from_elem(value, count, flags)?))
    }

    /// Takes the ownership of elements.
    ///
    /// # Safety
    ///
    /// The pointer must come from the allocator, with room for `capacity` elements, of which the
    /// first `length` are initialised. Nobody else owns them.
    pub unsafe fn from_raw_parts(pointer: *mut T, length: usize, capacity: usize) -> Self {
        // SAFETY: The contract is the same.
        Self(unsafe { tree::Vec::from_raw_parts(pointer, length, capacity) })
    }

    /// Returns the number of elements for which there is memory.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Makes room for `additional` more elements.
    ///
    /// # Errors
    ///
    /// [`AllocError`] without memory.
    #[inline]
    pub fn reserve(&mut self, additional: usize, flags: Flags) -> Result<(), AllocError> {
        self.0.reserve(additional, flags)
    }

    /// Appends an element.
    ///
    /// # Errors
    ///
    /// [`AllocError`] without memory.
    #[inline]
    pub fn push(&mut self, value: T, flags: Flags) -> Result<(), AllocError> {
        self.0.push(value, flags)
    }

    /// Appends copies of elements.
    ///
    /// # Errors
    ///
    /// [`AllocError`] without memory.
    #[inline]
    pub fn extend_from_slice(&mut self, others: &[T], flags: Flags) -> Result<(), AllocError>
    where
        T: Clone,
    {
        self.0.extend_from_slice(others, flags)
    }

    /// Appends `count` copies of an element.
    ///
    /// # Errors
    ///
    /// [`AllocError`] without memory.
    #[inline]
    pub fn extend_with(&mut self, count: usize, value: T, flags: Flags) -> Result<(), AllocError>
    where
        T: Clone,
    {
        self.0.extend_with(count, value, flags)
    }

    /// Returns the memory for further elements.
    #[inline]
    pub fn spare_capacity_mut(&mut self) -> &mut [MaybeUninit<T>] {
        self.0.spare_capacity_mut()
    }

    /// Adds the first `additional` elements of the spare memory to the vector.
    ///
    /// # Safety
    ///
    /// They must be initialised.
    #[inline]
    pub unsafe fn inc_len(&mut self, additional: usize) {
        // SAFETY: The contract is the same.
        unsafe { self.0.set_len(self.0.len() + additional) };
    }

    /// Drops all elements.
    #[inline]
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Drops all elements from this length on.
    pub fn truncate(&mut self, length: usize) {
        let Some(rest) = self.get_mut(length..) else {
            return;
        };
        let rest: *mut [T] = rest;
        // SAFETY: There are no fewer elements than that. The others are dropped below.
        unsafe { self.0.set_len(length) };
        // SAFETY: They are initialised, and no longer part of the vector.
        unsafe { rest.drop_in_place() };
    }
}

impl<T, A: Allocator> Default for Vec<T, A> {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl<T, A: Allocator> Deref for Vec<T, A> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, A: Allocator> DerefMut for Vec<T, A> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: PartialEq, A: Allocator> PartialEq for Vec<T, A> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T, A: Allocator> IntoIterator for Vec<T, A> {
    type Item = T;
    type IntoIter = tree::IntoIter<T, Adapter<A>>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T, A: Allocator> IntoIterator for &'a Vec<T, A> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
