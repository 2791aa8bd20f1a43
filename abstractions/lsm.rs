// SPDX-License-Identifier: GPL-2.0-only

//! Linux Security Modules in Rust.
//!
//! A security module implements [`SecurityModule`] and is declared with [`security_module!`]. The
//! table of its hooks is built at compile time, from those that it implements.
//!
//! C header: [`include/linux/lsm_hooks.h`](srctree/include/linux/lsm_hooks.h)

mod callbacks;

use super::bindings;
use super::fs::{
    BlockDevice,
    File,
    Inode,
    Mapping,
    Program,
    Superblock,
    VerityChecks, //
};
use super::param::Switch;
use super::task::Area;
use core::mem::needs_drop;
use core::ptr::NonNull;
use kernel::build_error;
use kernel::error::VTABLE_DEFAULT_ERROR;
use kernel::ffi::{
    c_int,
    c_ulong,
    c_void, //
};
use kernel::prelude::*;
use pin_init::Zeroable;

/// State that a security module keeps beside a kernel object.
///
/// The framework allocates it, all bits zero, with the object. It is shared by all CPUs.
pub(crate) trait Blob: Zeroable + Send + Sync + 'static {}

/// No state.
impl Blob for () {}

/// Why the kernel reads a file for itself: C's `enum kernel_read_file_id`, of which
/// `enum kernel_load_data_id` is a copy by its definition.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadPurpose {
    /// A device's firmware.
    Firmware,
    /// A kernel module, compressed or not.
    Module,
    /// The kernel that kexec is to start.
    KexecImage,
    /// The initramfs for the kernel that kexec is to start.
    KexecInitramfs,
    /// A security policy.
    Policy,
    /// An X.509 certificate.
    X509Certificate,
    /// Any other, with C's number.
    Other(u32),
}

impl From<u32> for ReadPurpose {
    #[inline]
    fn from(id: u32) -> Self {
        match id {
            bindings::kernel_read_file_id_READING_FIRMWARE => Self::Firmware,
            bindings::kernel_read_file_id_READING_MODULE
            | bindings::kernel_read_file_id_READING_MODULE_COMPRESSED => Self::Module,
            bindings::kernel_read_file_id_READING_KEXEC_IMAGE => Self::KexecImage,
            bindings::kernel_read_file_id_READING_KEXEC_INITRAMFS => Self::KexecInitramfs,
            bindings::kernel_read_file_id_READING_POLICY => Self::Policy,
            bindings::kernel_read_file_id_READING_X509_CERTIFICATE => Self::X509Certificate,
            other => Self::Other(other),
        }
    }
}

/// What an integrity provider says of a block device: C's `enum lsm_integrity_type` with its value.
#[allow(
    dead_code,
    reason = "not every configuration has dm-verity for a provider"
)]
pub(crate) enum DeviceIntegrity<'a> {
    /// dm-verity: whether the root hash of the table that becomes active came with a signature that
    /// was found valid.
    RoothashSignature(bool),
    /// dm-verity: the root hash of the table that becomes active.
    Roothash {
        /// The name that the crypto API has for the algorithm.
        algorithm: &'a CStr,
        /// The hash itself.
        digest: &'a [u8],
    },
    /// dm-verity: there is no root hash any more.
    RoothashGone,
}

/// A security module. Hooks that it does not implement cost nothing.
///
/// A hook that returns an error denies what was asked, with that errno.
#[vtable]
pub(crate) trait SecurityModule: 'static {
    /// Its name, as in `lsm=` and `CONFIG_LSM`.
    const NAME: &'static CStr;
    /// Its `LSM_ID_*`.
    const ID: u64;

    /// What it keeps beside a superblock.
    type Superblock: Blob;
    /// What it keeps beside an inode.
    type Inode: Blob;
    /// What it keeps beside a block device. Dropped with the device, after a grace period of RCU.
    type BlockDevice: Blob;
    /// What it keeps beside a task, which alone uses it: [`with_current`](super::task::with_current).
    type Task: Blob;

    /// Called once, early in the boot, after the hooks are in place. May sleep; there is one
    /// thread, and no userspace.
    fn init() -> Result;

    /// Called once as file systems are initialised: the time to make files in securityfs.
    fn init_securityfs() -> Result;

    /// Called once, early among the initcalls, where the framework has *not* initialised the module,
    /// as neither `CONFIG_LSM` nor `lsm=` on the command line names it. No hook will be called.
    fn not_initialised();

    /// A program is about to be executed. May sleep.
    fn bprm_check_security(_program: &Program) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Credentials for a program are being prepared, or are only asked for (`AT_EXECVE_CHECK`).
    /// May sleep.
    fn bprm_creds_for_exec(_program: &Program) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The program's headers have been read, and it is about to replace the one that runs. Only of
    /// the last of a chain of interpreters. May sleep.
    fn bprm_creds_from_file(_program: &Program) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A file is being opened; its file system has not been told yet. May sleep.
    ///
    /// The file has its path and inode. Also called for what the kernel opens for itself.
    fn file_open(_file: &File) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A file that was found by its path has been opened, for what `mask` (`MAY_*`) says. May sleep.
    fn file_post_open(_file: &File, _mask: c_int) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// `ioctl(2)` is about to be done, by a 32-bit program, too. May sleep.
    fn file_ioctl(_file: &File, _command: u32) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A file, or with `None` anonymous memory, is to be mapped with protection `prot`, of which the
    /// program has asked for `requested`. May sleep.
    fn mmap_file(_file: Option<&File>, _requested: c_ulong, _prot: c_ulong) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The protection of a mapping is to become `prot`. May sleep; the mmap lock is held.
    fn file_mprotect(_mapping: &Mapping, _prot: c_ulong) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A union file system is about to map `backing`, a file of one of its layers, where a program
    /// maps `user`, which [`Self::mmap_file`] was asked about. May sleep; the mmap lock is held.
    fn mmap_backing_file(_mapping: &Mapping, _backing: &File, _user: &File) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel is about to read a file for itself. May sleep.
    fn kernel_read_file(_file: Option<&File>, _purpose: ReadPurpose) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel has read a whole file for itself, and is about to use it. May sleep.
    fn kernel_post_read_file(_file: &File, _purpose: ReadPurpose) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel is about to take data from userspace for itself. May sleep.
    fn kernel_load_data(_purpose: ReadPurpose) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel has taken data from userspace for itself, and is about to use it. Of firmware that
    /// userspace uploads unasked, [`Self::kernel_load_data`] was not told. May sleep.
    fn kernel_post_load_data(_purpose: ReadPurpose) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The initramfs has been unpacked. May sleep; userspace has not started.
    ///
    /// `root` is the superblock of the calling thread's root.
    fn initramfs_populated(_root: &Superblock) {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// An integrity provider has something to say of a block device, and checks its blocks so often.
    /// May sleep; device-mapper calls it for one device from one thread at a time.
    fn bdev_setintegrity(
        _device: &BlockDevice,
        _integrity: DeviceIntegrity<'_>,
        _checks: VerityChecks,
    ) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// fs-verity: whether the inode's built-in signature was found valid. May sleep.
    fn inode_setintegrity(_inode: &Inode, _builtin_signature_valid: bool) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// What [`security_module!`] provides: where the framework has put the module's blobs.
///
/// # Safety
///
/// `blobs` must return the structure that the module's `lsm_info` names, whose sizes come from
/// [`blob_sizes`] of the same type.
pub(crate) unsafe trait Declared: SecurityModule {
    /// The sizes before, the offsets after the framework's initialisation.
    fn blobs() -> *const bindings::lsm_blob_sizes;

    /// Whether the framework has initialised the module.
    fn initialised() -> &'static Switch;
}

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

/// The room that the module wants in each object.
#[doc(hidden)]
pub(crate) const fn blob_sizes<T: SecurityModule>() -> bindings::lsm_blob_sizes {
    // The framework tells nobody when it frees these two in a way that a drop could use.
    const { assert!(!needs_drop::<T::Superblock>() && !needs_drop::<T::Inode>()) };
    // The framework aligns blobs to pointers.
    const {
        assert!(
            align_of::<T::Superblock>() <= align_of::<usize>()
                && align_of::<T::Inode>() <= align_of::<usize>()
                && align_of::<T::BlockDevice>() <= align_of::<usize>()
                && align_of::<Area<T::Task>>() <= align_of::<usize>()
        )
    };
    // A task releases the file that it holds before it ends.
    const { assert!(!needs_drop::<T::Task>()) };
    bindings::lsm_blob_sizes {
        lbs_superblock: size_of::<T::Superblock>() as u32,
        lbs_inode: size_of::<T::Inode>() as u32,
        lbs_bdev: size_of::<T::BlockDevice>() as u32,
        lbs_task: if size_of::<T::Task>() == 0 {
            0
        } else {
            size_of::<Area<T::Task>>() as u32
        },
        ..pin_init::zeroed()
    }
}

/// The blob of type `B` at `offset` in an object's security area.
///
/// # Safety
///
/// Unless `B` has no size, `security` must be the area that the framework allocated for an object,
/// `offset` what it assigned for a blob of type `B` there, and the area must outlive `'a`.
#[inline]
unsafe fn blob<'a, B: Blob>(security: *mut c_void, offset: u32) -> &'a B {
    if size_of::<B>() == 0 {
        // SAFETY: A dangling, aligned pointer is valid for a type without size, which has but one
        // value.
        return unsafe { NonNull::<B>::dangling().as_ref() };
    }
    // SAFETY: By the contract there is a `B`, which came to life all bits zero, as `Zeroable`
    // allows, and is only ever accessed through shared references.
    unsafe { &*security.byte_add(offset as usize).cast::<B>() }
}

impl Superblock {
    /// What module `T` keeps beside this superblock.
    #[inline]
    pub(crate) fn blob<T: Declared>(&self) -> &T::Superblock {
        // SAFETY: The superblock lives, so that its `s_security` is the area that was allocated
        // with it and holds this module's blob at the offset that the framework has written into
        // `T::blobs` before any hook could run.
        unsafe { blob((*self.as_ptr()).s_security, (*T::blobs()).lbs_superblock) }
    }
}

impl Inode {
    /// What module `T` keeps beside this inode.
    #[allow(
        dead_code,
        reason = "not every configuration has a provider of integrity for it"
    )]
    #[inline]
    pub(crate) fn blob<T: Declared>(&self) -> &T::Inode {
        // SAFETY: As for `Superblock::blob`, with `i_security`.
        unsafe { blob((*self.as_ptr()).i_security, (*T::blobs()).lbs_inode) }
    }
}

impl BlockDevice {
    /// What module `T` keeps beside this block device.
    #[allow(
        dead_code,
        reason = "not every configuration has a provider of integrity for it"
    )]
    #[inline]
    pub(crate) fn blob<T: Declared>(&self) -> &T::BlockDevice {
        // SAFETY: As for `Superblock::blob`, with `bd_security`.
        unsafe { blob((*self.as_ptr()).bd_security, (*T::blobs()).lbs_bdev) }
    }
}

/// What C wants of a hook: 0, or a negative errno.
#[inline]
#[doc(hidden)]
pub(crate) fn errno(result: Result) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// One line a hook: the callback is registered where the condition holds.
macro_rules! hooks {
    ($($hook:ident if $present:expr;)*) => {
        /// How many hooks a module has.
        #[doc(hidden)]
        pub(crate) const fn hook_count<T: Declared>() -> usize {
            0 $(+ $present as usize)*
        }

        /// A module's hooks, for the framework.
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
    file_open if T::HAS_FILE_OPEN;
    file_post_open if T::HAS_FILE_POST_OPEN;
    file_ioctl if T::HAS_FILE_IOCTL;
    file_ioctl_compat if T::HAS_FILE_IOCTL;
    mmap_file if T::HAS_MMAP_FILE;
    file_mprotect if T::HAS_FILE_MPROTECT;
    mmap_backing_file if T::HAS_MMAP_BACKING_FILE;
    kernel_read_file if T::HAS_KERNEL_READ_FILE;
    kernel_post_read_file if T::HAS_KERNEL_POST_READ_FILE;
    kernel_load_data if T::HAS_KERNEL_LOAD_DATA;
    kernel_post_load_data if T::HAS_KERNEL_POST_LOAD_DATA;
    initramfs_populated if T::HAS_INITRAMFS_POPULATED;
    bdev_setintegrity if T::HAS_BDEV_SETINTEGRITY;
    bdev_free_security if needs_drop::<T::BlockDevice>();
    inode_setintegrity if T::HAS_INODE_SETINTEGRITY;
}

/// Declares a security module to the framework, as `DEFINE_LSM` does in C. The type is named by a path
/// from the crate's root, in which the macro is used once.
macro_rules! security_module {
    ($type:ty) => {
        #[allow(unsafe_code)]
        const _: () = {
            use $crate::abstractions::lsm;

            static ID: lsm::Id = lsm::id::<$type>();

            // Written by the framework while it initialises, and by nobody later.
            #[link_section = ".data..ro_after_init"]
            static mut BLOBS: lsm::raw::lsm_blob_sizes = lsm::blob_sizes::<$type>();

            // The same.
            #[link_section = ".data..ro_after_init"]
            static mut HOOKS: [lsm::raw::security_hook_list; lsm::hook_count::<$type>()] =
                lsm::hook_table::<$type, { lsm::hook_count::<$type>() }>();

            #[link_section = ".lsm_info.init"]
            #[used(compiler)]
            static mut INFO: lsm::raw::lsm_info = lsm::raw::lsm_info {
                id: &raw const ID.0,
                blobs: &raw mut BLOBS,
                init: Some(init),
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
            /// For the framework, once. In the section of what registers hooks, which is code of
            /// initialisation itself.
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

            // As `core_initcall` in C, whose form of an entry depends on the architecture: see below. The
            // static also tells the compiler that the function is called by pointer.
            #[cfg_attr(
                not(CONFIG_HAVE_ARCH_PREL32_RELOCATIONS),
                link_section = ".initcall1.init"
            )]
            #[cfg_attr(CONFIG_HAVE_ARCH_PREL32_RELOCATIONS, link_section = ".init.data")]
            #[used(compiler)]
            static EARLY_INITCALL: extern "C" fn() -> kernel::ffi::c_int =
                lsm::early_initcall::<$type>;

            /// # Safety
            ///
            /// For the framework, once.
            unsafe extern "C" fn init_securityfs() -> kernel::ffi::c_int {
                // SAFETY: The framework calls this once, after securityfs is there; nobody uses it
                // from Rust before.
                unsafe { $crate::abstractions::securityfs::init() };
                lsm::errno(<$type as lsm::SecurityModule>::init_securityfs())
            }
        };

        #[cfg(CONFIG_HAVE_ARCH_PREL32_RELOCATIONS)]
        #[allow(unsafe_code)]
        mod early_initcall_entry {
            core::arch::global_asm!(
                ".section .initcall1.init, \"a\"",
                ".long {} - .",
                ".previous",
                sym $crate::abstractions::lsm::early_initcall::<$type>,
            );
        }
    };
}
pub(crate) use security_module;

/// For [`security_module!`]: looks whether the framework has initialised the module.
#[doc(hidden)]
#[link_section = ".init.text"]
pub(crate) extern "C" fn early_initcall<T: Declared>() -> c_int {
    if !T::initialised().is_on() {
        T::not_initialised();
    }
    0
}

/// The number of IPE in `include/uapi/linux/lsm.h`.
pub(crate) const LSM_ID_IPE: u64 = bindings::LSM_ID_IPE as u64;

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
