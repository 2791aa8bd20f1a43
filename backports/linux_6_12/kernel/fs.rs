// SPDX-License-Identifier: GPL-2.0-only

//! Files.

/// Open files.
pub mod file {
    use crate::bindings;

    /// A position in a file.
    pub type Offset = bindings::loff_t;

    /// How a file is opened: `O_*`.
    pub mod flags {
        use crate::bindings;

        /// Only for reading.
        pub const O_RDONLY: u32 = bindings::O_RDONLY;
        /// Without waiting.
        pub const O_NONBLOCK: u32 = bindings::O_NONBLOCK;
        /// A terminal does not become the task's own.
        pub const O_NOCTTY: u32 = bindings::O_NOCTTY;
        /// Also if it is too long for a 32-bit program.
        pub const O_LARGEFILE: u32 = bindings::O_LARGEFILE;
    }
}
