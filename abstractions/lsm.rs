// SPDX-License-Identifier: GPL-2.0-only

//! Linux Security Modules in Rust.
//!
//! A security module implements [`SecurityModule`] and is declared with [`security_module!`]. The
//! table of its hooks is built at compile time, from those that it implements.
//!
//! C header: [`include/linux/lsm_hooks.h`](srctree/include/linux/lsm_hooks.h)

mod blobs;
mod callbacks;
pub(super) mod interface;

pub(crate) use self::blobs::blob_sizes;
pub(crate) use self::interface::{
    errno,
    Blob,
    Declared,
    DeviceIntegrity,
    ReadPurpose,
    SecurityModule, //
};

use super::bindings;
use core::mem::needs_drop;
use kernel::ffi::c_int;

/// The `struct lsm_id` of a module in a static.
#[doc(hidden)]
#[repr(transparent)]
pub(crate) struct Id(pub(crate) bindings::lsm_id);

// SAFETY: It is never written, and the name that it points to is `'static`.
unsafe impl Sync for Id {}

#[doc(hidden)]
pub(crate) const fn id<T: SecurityModule>() -> Id {
    Id(bindings::lsm_id {
        name: kernel::str::as_char_ptr_in_const_context(T::NAME),
        id: T::ID,
    })
}

/// Defines the table of hooks, one line each: the callback is registered where the condition holds.
macro_rules! hooks {
    ($($hook:ident if $present:expr;)*) => {
        /// Returns the number of hooks that a module has.
        #[doc(hidden)]
        pub(crate) const fn hook_count<T: Declared>() -> usize {
            0 $(+ $present as usize)*
        }

        /// Returns the hooks of a module, for the framework.
        #[doc(hidden)]
        pub(crate) const fn hook_table<T: Declared, const N: usize>()
            -> [bindings::security_hook_list; N]
        {
            let mut table = [const { pin_init::zeroed() }; N];
            let mut next = 0;
            $(
                if $present {
                    table[next] = bindings::security_hook_list {
                        // SAFETY: The address of a static of C; nothing is read or written.
                        scalls: unsafe { &raw mut bindings::static_calls_table.$hook }.cast(),
                        hook: bindings::security_list_options { $hook: Some(callbacks::$hook::<T>) },
                        lsmid: core::ptr::null(),
                    };
                    next += 1;
                }
            )*
            assert!(next == N);
            table
        }
    };
}

hooks! {
    bprm_check_security if T::HAS_BPRM_CHECK_SECURITY;
    bprm_creds_for_exec if T::HAS_BPRM_CREDS_FOR_EXEC;
    bprm_creds_from_file if T::HAS_BPRM_CREDS_FROM_FILE;
    ptrace_access_check if T::HAS_PTRACE_ACCESS_CHECK;
    ptrace_traceme if T::HAS_PTRACE_TRACEME;
    inode_init_security_anon if T::HAS_INODE_INIT_SECURITY_ANON;
    cred_prepare if size_of::<T::Credential>() > 0;
    cred_transfer if size_of::<T::Credential>() > 0;
    cred_free if size_of::<T::Credential>() > 0;
    file_open if T::HAS_FILE_OPEN;
    file_post_open if T::HAS_FILE_POST_OPEN;
    file_ioctl if T::HAS_FILE_IOCTL;
    file_ioctl_compat if T::HAS_FILE_IOCTL;
    mmap_file if T::HAS_MMAP_FILE;
    mmap_addr if T::HAS_MMAP_ADDR;
    file_mprotect if T::HAS_FILE_MPROTECT;
    mmap_backing_file if T::HAS_MMAP_BACKING_FILE;
    kernel_read_file if T::HAS_KERNEL_READ_FILE;
    kernel_post_read_file if T::HAS_KERNEL_POST_READ_FILE;
    kernel_load_data if T::HAS_KERNEL_LOAD_DATA;
    kernel_post_load_data if T::HAS_KERNEL_POST_LOAD_DATA;
    sb_alloc_security if T::HAS_SB_ALLOC_SECURITY;
    sb_kern_mount if T::HAS_SB_KERN_MOUNT;
    initramfs_populated if T::HAS_INITRAMFS_POPULATED;
    bdev_setintegrity if T::HAS_BDEV_SETINTEGRITY;
    bdev_free_security if needs_drop::<T::BlockDevice>();
    inode_setintegrity if T::HAS_INODE_SETINTEGRITY;
}

/// Declares a security module to the framework, as `DEFINE_LSM` does in C.
///
/// The path names the type from the crate's root, where the macro is used once.
///
/// # Examples
///
/// ```ignore
/// security_module!(crate::Example);
/// ```
macro_rules! security_module {
    ($type:ty) => {
        #[allow(unsafe_code)]
        const _: () = {
            use $crate::abstractions::lsm;

            static ID: lsm::Id = lsm::id::<$type>();

            // Written by the framework while it initialises, and never later.
            #[link_section = ".data..ro_after_init"]
            static mut BLOBS: lsm::raw::lsm_blob_sizes = lsm::blob_sizes::<$type>();

            // The same.
            #[link_section = ".data..ro_after_init"]
            static mut HOOKS: [lsm::raw::security_hook_list; lsm::hook_count::<$type>()] =
                lsm::hook_table::<$type, { lsm::hook_count::<$type>() }>();

            #[link_section = ".lsm_info.init"]
            #[used(compiler)]
            static mut INFO: lsm::raw::lsm_info = lsm::raw::lsm_info {
                #[cfg(lsm_info_has_id)]
                id: &raw const ID.0,
                #[cfg(not(lsm_info_has_id))]
                name: ID.0.name,
                blobs: &raw mut BLOBS,
                init: Some(init),
                #[cfg(lsm_info_has_initcalls)]
                initcall_fs: Some(init_securityfs),
                ..pin_init::zeroed()
            };

            // SAFETY: `INFO` names `BLOBS`.
            unsafe impl lsm::Declared for $type {
                #[inline]
                fn blobs() -> *const lsm::raw::lsm_blob_sizes {
                    &raw const BLOBS
                }

                fn initialised() -> &'static $crate::abstractions::param::Switch {
                    use $crate::abstractions::param::Switch;

                    static INITIALISED: Switch = Switch::new(false);
                    &INITIALISED
                }
            }

            /// # Safety
            ///
            /// For the framework, once. In the section of the function that registers hooks, which
            /// is code of initialisation.
            #[link_section = ".init.text"]
            unsafe extern "C" fn init() -> kernel::ffi::c_int {
                // SAFETY: The framework calls this once, while it initialises, on one CPU. The
                // table and the name are static, and the count is the table's.
                unsafe {
                    lsm::raw::security_add_hooks(
                        (&raw mut HOOKS).cast(),
                        lsm::hook_count::<$type>() as kernel::ffi::c_int,
                        &raw const ID.0,
                    )
                };
                <$type as lsm::Declared>::initialised().set(true);
                lsm::errno(<$type as lsm::SecurityModule>::init())
            }

            #[cfg(lsm_info_has_initcalls)]
            extern "C" fn init_securityfs() -> kernel::ffi::c_int {
                lsm::init_securityfs::<$type>()
            }
        };

        // As `core_initcall` in C.
        $crate::abstractions::lsm::initcall!(
            early_initcall_entry,
            ".initcall1.init",
            $crate::abstractions::lsm::early_initcall::<$type>
        );

        // As `fs_initcall`, where the framework does not call by itself.
        #[cfg(not(lsm_info_has_initcalls))]
        $crate::abstractions::lsm::initcall!(
            fs_initcall_entry,
            ".initcall5.init",
            $crate::abstractions::lsm::fs_initcall::<$type>
        );

        // As `late_initcall_sync`. The linker keeps the order of the makefiles, so that this comes
        // after the framework, which calls IMA at this level at the latest.
        $crate::abstractions::lsm::initcall!(
            last_initcall_entry,
            ".initcall7s.init",
            $crate::abstractions::lsm::last_initcall::<$type>
        );
    };
}
pub(crate) use security_module;

/// For [`security_module!`]: has a function called at a level of the initcalls, whose entries have
/// an architecture's form.
macro_rules! initcall {
    ($module:ident, $section:literal, $function:path) => {
        #[allow(unsafe_code)]
        mod $module {
            // The static also tells the compiler that the function is called by pointer.
            #[cfg_attr(
                not(CONFIG_HAVE_ARCH_PREL32_RELOCATIONS),
                link_section = $section
            )]
            #[cfg_attr(CONFIG_HAVE_ARCH_PREL32_RELOCATIONS, link_section = ".init.data")]
            #[used(compiler)]
            static FUNCTION: extern "C" fn() -> kernel::ffi::c_int = $function;

            #[cfg(CONFIG_HAVE_ARCH_PREL32_RELOCATIONS)]
            core::arch::global_asm!(
                concat!(".section ", $section, ", \"a\""),
                ".long {} - .",
                ".previous",
                sym $function,
            );
        }
    };
}
pub(crate) use initcall;

/// For [`security_module!`]: checks whether the framework has initialised the module.
#[doc(hidden)]
#[link_section = ".init.text"]
pub(crate) extern "C" fn early_initcall<T: Declared>() -> c_int {
    if !T::initialised().is_on() {
        T::not_initialised();
    }
    0
}

/// For [`security_module!`]: lets the module make its files, once, after securityfs is there.
#[doc(hidden)]
pub(crate) fn init_securityfs<T: Declared>() -> c_int {
    // SAFETY: This is called once, while the kernel initialises file systems. No Rust code uses
    // securityfs before.
    unsafe { super::securityfs::init() };
    errno(T::init_securityfs())
}

/// For [`security_module!`]: lets the module make its files, if the framework has initialised it.
#[doc(hidden)]
#[cfg(not(lsm_info_has_initcalls))]
#[link_section = ".init.text"]
pub(crate) extern "C" fn fs_initcall<T: Declared>() -> c_int {
    if T::initialised().is_on() {
        init_securityfs::<T>()
    } else {
        0
    }
}

/// For [`security_module!`]: tells the module that all others are initialised.
#[doc(hidden)]
#[link_section = ".init.text"]
pub(crate) extern "C" fn last_initcall<T: Declared>() -> c_int {
    if T::initialised().is_on() {
        T::all_initialised();
    }
    0
}

/// For [`security_module!`].
#[doc(hidden)]
pub(crate) mod raw {
    pub(crate) use super::bindings::{
        lsm_blob_sizes,
        lsm_info,
        security_add_hooks,
        security_hook_list, //
    };
}
