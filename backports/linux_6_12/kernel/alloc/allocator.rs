// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's allocators.

use super::{AllocError, Allocator, Flags, NumaNode};
use crate::bindings;
use ::kernel::alloc::allocator as tree;
use core::alloc::Layout;
use core::ptr::NonNull;

macro_rules! allocators {
    ($($(#[$meta:meta])* $name:ident;)*) => {
        $(
            $(#[$meta])*
            pub struct $name;

            // SAFETY: The tree's allocator makes the same promises.
            unsafe impl Allocator for $name {
                const MIN_ALIGN: usize = bindings::ARCH_SLAB_MINALIGN;

                #[inline]
                unsafe fn realloc(
                    ptr: Option<NonNull<u8>>,
                    layout: Layout,
                    old_layout: Layout,
                    flags: Flags,
                    _nid: NumaNode,
                ) -> Result<NonNull<[u8]>, AllocError> {
                    // SAFETY: The contract is the same.
                    unsafe {
                        <tree::$name as ::kernel::alloc::Allocator>::realloc(
                            ptr, layout, old_layout, flags,
                        )
                    }
                }

                #[inline]
                unsafe fn free(ptr: NonNull<u8>, layout: Layout) {
                    // SAFETY: The contract is the same.
                    unsafe { <tree::$name as ::kernel::alloc::Allocator>::free(ptr, layout) };
                }
            }
        )*
    };
}

allocators! {
    /// Contiguous memory.
    Kmalloc;
    /// Pages that are contiguous in virtual memory alone.
    Vmalloc;
    /// Contiguous memory if it is short, else as [`Vmalloc`].
    KVmalloc;
}
