// SPDX-License-Identifier: GPL-2.0-only

//! Raw bindings to C: those of the tree, and those of `helpers.h`.

#![allow(
    clippy::all,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    unreachable_pub
)]

pub use ::kernel::bindings::*;
pub use backport_get_file as get_file;

/// Not a purpose of this kernel, which reads compressed modules as it reads others.
pub const kernel_read_file_id_READING_MODULE_COMPRESSED: kernel_read_file_id =
    kernel_read_file_id::MAX;

use ::kernel::ffi;

include!(concat!(
    env!("OBJTREE"),
    "/security/ipe/backports/linux_6_12/helpers_generated.rs"
));
