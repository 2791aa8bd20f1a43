// SPDX-License-Identifier: GPL-2.0-only

//! Boolean parameters of the kernel's command line that sysfs shows read-only.
//!
//! Those of the `module!` macro never appear in sysfs.
//!
//! C header: [`include/linux/moduleparam.h`](srctree/include/linux/moduleparam.h)

use super::bindings;
use kernel::sync::atomic::{
    Acquire,
    Atomic,
    Full,
    Relaxed, //
};
use pin_init::Zeroable;

/// A switch that the command line sets before it is first read, and code may change later.
#[repr(transparent)]
pub(crate) struct Switch(Atomic<bool>);

// SAFETY: All bits zero is `false`.
unsafe impl Zeroable for Switch {}

impl Switch {
    /// Creates a switch that stands at `on` unless the command line sets it.
    pub(crate) const fn new(on: bool) -> Self {
        Self(Atomic::new(on))
    }

    /// Returns the position of the switch.
    ///
    /// # Context
    ///
    /// Any.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Relaxed)
    }

    /// Returns the position of the switch. Later reads are no older than this one.
    ///
    /// # Context
    ///
    /// Any.
    #[inline]
    #[allow(dead_code, reason = "some configurations have no use for it")]
    pub(crate) fn is_on_acquire(&self) -> bool {
        self.0.load(Acquire)
    }

    /// Sets the switch. Concurrent readers see the old or the new position.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn set(&self, on: bool) {
        self.0.store(on, Relaxed);
    }

    /// Sets the switch, and returns where it stood. A full memory barrier.
    ///
    /// # Context
    ///
    /// Any.
    #[allow(dead_code, reason = "some configurations have no use for it")]
    pub(crate) fn replace(&self, on: bool) -> bool {
        self.0.xchg(on, Full)
    }

    /// For [`parameter!`]: where `param_ops_bool` writes.
    #[doc(hidden)]
    pub(crate) const fn as_ptr(&self) -> *mut bool {
        self.0.as_ptr()
    }
}

/// A `struct kernel_param` in a static of its own.
#[doc(hidden)]
#[repr(transparent)]
pub(crate) struct Parameter(bindings::kernel_param);

// SAFETY: The kernel's parameter code serialises its own accesses with a lock, and nothing else
// reads the structure.
unsafe impl Sync for Parameter {}

impl Parameter {
    #[doc(hidden)]
    pub(crate) const fn new(name: &'static core::ffi::CStr, switch: &'static Switch) -> Self {
        Self(bindings::kernel_param {
            name: kernel::str::as_char_ptr_in_const_context(name),
            mod_: core::ptr::null_mut(),
            // `&raw` as no reference to a static of C is made.
            ops: &raw const bindings::param_ops_bool,
            perm: 0o400,
            level: -1,
            flags: 0,
            __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 {
                arg: switch.as_ptr().cast(),
            },
        })
    }
}

/// Makes a [`Switch`] a parameter.
///
/// The command line sets it by the name `module.name`. Root can read it (mode 0400) in
/// `/sys/module/<module>/parameters`. The kernel refuses a value that is not a boolean with a
/// message.
///
/// # Examples
///
/// ```ignore
/// static ENFORCE: Switch = Switch::new(true);
/// parameter!("example", "enforce", ENFORCE, "Start in enforcing mode");
/// ```
macro_rules! parameter {
    ($module:literal, $name:literal, $switch:ident, $description:literal) => {
        const _: () = {
            const NAME: &core::ffi::CStr = match core::ffi::CStr::from_bytes_with_nul(
                concat!($module, ".", $name, "\0").as_bytes(),
            ) {
                Ok(name) => name,
                Err(_) => panic!("a parameter's name has a NUL"),
            };
            const INFO: &str = concat!(
                $module,
                ".parmtype=",
                $name,
                ":bool\0",
                $module,
                ".parm=",
                $name,
                ":",
                $description,
                "\0",
            );

            // SAFETY of the section: `.modinfo` is text, of NUL-terminated lines.
            #[allow(unsafe_code)]
            #[link_section = ".modinfo"]
            #[used(compiler)]
            static MODINFO: [u8; INFO.len()] = *match INFO.as_bytes().first_chunk() {
                Some(info) => info,
                None => unreachable!(),
            };

            // SAFETY of the section: `__param` is an array of `struct kernel_param`, which
            // `Parameter` is by its representation.
            #[allow(unsafe_code)]
            #[link_section = "__param"]
            #[used(compiler)]
            static PARAMETER: $crate::abstractions::param::Parameter =
                $crate::abstractions::param::Parameter::new(NAME, &$switch);
        };
    };
}
pub(crate) use parameter;
