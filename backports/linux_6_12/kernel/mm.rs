// SPDX-License-Identifier: GPL-2.0-only

//! Address spaces.

/// Ranges of an address space.
pub mod virt {
    /// The rights of a range: `VM_*`.
    pub mod flags {
        use crate::bindings;

        /// It can be written to.
        pub const WRITE: bindings::vm_flags_t = bindings::VM_WRITE as bindings::vm_flags_t;
        /// It can be executed.
        pub const EXEC: bindings::vm_flags_t = bindings::VM_EXEC as bindings::vm_flags_t;
        /// Others share it.
        pub const SHARED: bindings::vm_flags_t = bindings::VM_SHARED as bindings::vm_flags_t;
    }
}
