// SPDX-License-Identifier: GPL-2.0-only

//! A built-in crate as a module, as the `module!` macro defines it for a loadable one.
//!
//! A security module is always built in: it has a name, and no `struct module`.

/// Defines `LocalModule`, the owner of the crate's `#[vtable]` implementations, with the crate's
/// name.
///
/// To be used once, at the crate's root, where `#[vtable]` looks for it.
///
/// # Examples
///
/// ```ignore
/// local_module!(c"example");
/// ```
macro_rules! local_module {
    ($name:literal) => {
        /// The crate as the owner of its `#[vtable]` implementations.
        #[allow(dead_code, reason = "not every kernel asks for the owner")]
        struct LocalModule;

        impl kernel::ModuleMetadata for LocalModule {
            const NAME: &'static kernel::prelude::CStr = $name;

            #[allow(unsafe_code)]
            const THIS_MODULE: kernel::ThisModule = {
                // SAFETY: Code that is built into the kernel has no `struct module`: C's
                // `THIS_MODULE` is a null pointer there, and every user of it copes with that.
                unsafe { kernel::ThisModule::from_ptr(core::ptr::null_mut()) }
            };
        }
    };
}
pub(crate) use local_module;
