// SPDX-License-Identifier: GPL-2.0-only

//! A built-in crate as a module, as the `module!` macro defines it for a loadable one.
//!
//! A security module is always built in: it has a name, and no `struct module`.

use kernel::prelude::*;
use kernel::{
    ModuleMetadata, //
    ThisModule,
};

/// The crate as the owner of its `#[vtable]` implementations.
pub(crate) struct LocalModule;

impl ModuleMetadata for LocalModule {
    const NAME: &'static CStr = c"ipe";

    const THIS_MODULE: ThisModule = {
        // SAFETY: Code that is built into the kernel has no `struct module`: C's `THIS_MODULE` is
        // a null pointer there, and every user of it copes with that.
        unsafe { ThisModule::from_ptr(core::ptr::null_mut()) }
    };
}
