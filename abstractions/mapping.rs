// SPDX-License-Identifier: GPL-2.0-only

//! Ranges of an address space, as hooks of security modules see them.
//!
//! C header: [`include/linux/mm_types.h`](srctree/include/linux/mm_types.h)

use super::bindings;
use super::fs::{
    File,
    Mapping, //
};
use kernel::mm::virt::flags;

impl Mapping {
    /// Returns the file that is mapped; `None` for anonymous memory.
    #[inline]
    pub(crate) fn file(&self) -> Option<&File> {
        // SAFETY: The mapping lives and holds its file open while the mmap lock is held.
        unsafe { File::from_raw((*self.as_ptr()).vm_file) }
    }

    /// Returns whether it has this flag now.
    #[inline]
    fn has(&self, flag: bindings::vm_flags_t) -> bool {
        // SAFETY: The mapping lives, and its flags do not change while the mmap lock is held.
        let flags = unsafe { (*self.as_ptr()).__bindgen_anon_2.vm_flags };
        flags & flag != 0
    }

    /// Returns whether it is executable now.
    #[inline]
    pub(crate) fn is_executable(&self) -> bool {
        self.has(flags::EXEC)
    }

    /// Returns whether it is writable now.
    #[allow(dead_code, reason = "not every configuration asks")]
    #[inline]
    pub(crate) fn is_writable(&self) -> bool {
        self.has(flags::WRITE)
    }

    /// Returns whether writing to it would write to the file: it is shared, and the file was opened
    /// for writing. Nothing can write to a shared mapping of another file.
    #[allow(dead_code, reason = "not every configuration asks")]
    #[inline]
    pub(crate) fn writes_to_file(&self) -> bool {
        self.has(flags::SHARED)
    }

    /// Returns whether it may have pages of its own, which it does not share with the file. It had
    /// one at some time, or is next to a mapping that had, or a copy of one by `fork(2)`.
    #[inline]
    #[allow(dead_code, reason = "not every configuration asks")]
    pub(crate) fn may_have_own_pages(&self) -> bool {
        // SAFETY: The mapping lives. The kernel prepares it for pages of its own with the mmap lock
        // held, which the caller holds for writing.
        !unsafe { (*self.as_ptr()).anon_vma }.is_null()
    }
}
