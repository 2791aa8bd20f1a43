// SPDX-License-Identifier: GPL-2.0-only

//! Raw bindings to C: those of the kernel crate, and those that `Kbuild` generates beside them.

#![allow(
    clippy::all,
    clippy::cast_lossless,
    clippy::ptr_as_ptr,
    clippy::undocumented_unsafe_blocks,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    dead_code
)]

use kernel::ffi;
use pin_init::MaybeZeroable;

/// Declares the type of a C enum that is an argument of a hook.
///
/// For an indirect call of a hook, kernel control flow integrity compares the type of the callee
/// with that of the call. A plain integer, bindgen's rendering of an enum, has another type than
/// the enum. A structure of its name has the same type, and is passed in the same register.
macro_rules! enum_argument {
    ($($name:ident),*) => {
        $(
            #[derive(Copy, Clone, PartialEq, Eq)]
            #[repr(C)]
            pub struct $name(pub u32);
        )*
    };
}

enum_argument!(kernel_read_file_id, kernel_load_data_id, lsm_integrity_type);

include!(concat!(
    env!("OBJTREE"),
    "/security/ipe/abstractions/bindings_generated.rs"
));
