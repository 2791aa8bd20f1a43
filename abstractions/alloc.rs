// SPDX-License-Identifier: GPL-2.0-only

//! Memory that wastes less than a page.
//!
//! C header: [`include/linux/slab.h`](srctree/include/linux/slab.h)

use super::bindings;
use core::alloc::Layout;
use core::ptr::NonNull;
use kernel::alloc::allocator::{
    KVmalloc,
    Vmalloc, //
};
use kernel::alloc::{
    AllocError,
    Allocator,
    Flags,
    NumaNode, //
};
use kernel::page::PAGE_SIZE;

/// An allocator for objects whose length userspace chooses, and which stay.
///
/// `KVmalloc` rounds up to the next power of two up to 4 MiB, and above that to 2 MiB where it can.
/// This one rounds a new object that is longer than a page up to whole pages. An object that grows
/// is rounded as `KVmalloc` does.
pub(crate) struct PageExact;

/// A vector in such memory.
pub(crate) type PageExactVec<T> = kernel::alloc::Vec<T, PageExact>;

// SAFETY: Both backends give memory that is valid until it is freed, and keep the guarantees of
// `realloc`. `KVmalloc` reallocates and frees that of `Vmalloc` as well as its own: C's `kvrealloc`
// tells them apart by the address.
unsafe impl Allocator for PageExact {
    const MIN_ALIGN: usize = KVmalloc::MIN_ALIGN;

    #[inline]
    unsafe fn realloc(
        ptr: Option<NonNull<u8>>,
        layout: Layout,
        old_layout: Layout,
        flags: Flags,
        nid: NumaNode,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let is_new = ptr.is_none() || old_layout.size() == 0;
        if is_new && layout.size() > PAGE_SIZE {
            return Vmalloc::alloc(layout, flags, nid);
        }
        // SAFETY: The caller's promises are those that `KVmalloc` asks for, and `ptr` came from it
        // or from `Vmalloc`, which it takes as well.
        unsafe { KVmalloc::realloc(ptr, layout, old_layout, flags, nid) }
    }

    // Shorter than reallocation to no size, in all places where a vector is dropped.
    #[inline]
    unsafe fn free(ptr: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            // SAFETY: The caller gives up memory that came from `realloc`.
            unsafe { bindings::kvfree(ptr.as_ptr().cast()) };
        }
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
