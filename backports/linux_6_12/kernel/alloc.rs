// SPDX-License-Identifier: GPL-2.0-only

//! Memory.

use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::NonNull;

pub use ::kernel::alloc::*;

pub mod allocator;
pub mod kbox;
pub mod kvec;

pub use kbox::KBox;
pub use kvec::{KVec, Vec};

/// A node of a machine whose memory is not equally near to all processors.
#[derive(Copy, Clone)]
pub struct NumaNode(());

impl NumaNode {
    /// Any node. The tree's allocators cannot be asked for another.
    pub const NO_NODE: Self = Self(());
}

/// An allocator of memory.
///
/// # Safety
///
/// - Memory stays valid until it is freed.
/// - Each function takes the memory of all others.
/// - `realloc` keeps the contents, up to the smaller of both sizes.
pub unsafe trait Allocator {
    /// The alignment that all memory has at least, in bytes.
    const MIN_ALIGN: usize;

    /// Allocates memory.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is none.
    fn alloc(layout: Layout, flags: Flags, nid: NumaNode) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: Without old memory, there is nothing to promise.
        unsafe { Self::realloc(None, layout, Layout::new::<()>(), flags, nid) }
    }

    /// Changes the size of memory, which may move; for size 0 frees it.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is none. The old memory stays as it is.
    ///
    /// # Safety
    ///
    /// If there is a pointer, it must come from this allocator, with the old layout.
    unsafe fn realloc(
        ptr: Option<NonNull<u8>>,
        layout: Layout,
        old_layout: Layout,
        flags: Flags,
        nid: NumaNode,
    ) -> Result<NonNull<[u8]>, AllocError>;

    /// Frees memory.
    ///
    /// # Safety
    ///
    /// The pointer must come from this allocator, with this layout, and must not be used later.
    unsafe fn free(ptr: NonNull<u8>, layout: Layout);
}

/// An [`Allocator`] in the form of the tree's own trait.
pub struct Adapter<A>(PhantomData<A>);

// SAFETY: `Allocator` makes the same promises.
unsafe impl<A: Allocator> ::kernel::alloc::Allocator for Adapter<A> {
    #[inline]
    unsafe fn realloc(
        ptr: Option<NonNull<u8>>,
        layout: Layout,
        old_layout: Layout,
        flags: Flags,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: The contract is the same.
        unsafe { A::realloc(ptr, layout, old_layout, flags, NumaNode::NO_NODE) }
    }

    #[inline]
    unsafe fn free(ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: The contract is the same.
        unsafe { A::free(ptr, layout) };
    }
}
