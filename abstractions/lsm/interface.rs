// SPDX-License-Identifier: GPL-2.0-only

//! The interface between a security module and the framework.

use super::super::bindings;
use super::super::cred::Task;
use super::super::fs::{
    BlockDevice,
    File,
    Inode,
    Mapping,
    Program,
    Superblock,
    VerityChecks, //
};
use super::super::param::Switch;
use kernel::build_error;
use kernel::error::VTABLE_DEFAULT_ERROR;
use kernel::ffi::{
    c_int,
    c_uint,
    c_ulong, //
};
use kernel::prelude::*;
use pin_init::Zeroable;

/// Data that a security module keeps beside a kernel object.
///
/// The framework allocates it with the object, all bits zero. All CPUs share it.
pub(crate) trait Blob: Zeroable + Send + Sync + 'static {}

/// A module that keeps no data.
impl Blob for () {}

/// The reason why the kernel reads a file for itself: C's `enum kernel_read_file_id`, of which
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

/// A report of an integrity provider about a block device: C's `enum lsm_integrity_type` with its
/// value.
#[allow(
    dead_code,
    reason = "not every configuration has dm-verity for a provider"
)]
pub(crate) enum DeviceIntegrity<'a> {
    /// dm-verity: whether the root hash of the table that becomes active came with a valid
    /// signature.
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

/// A security module. A hook that it does not implement costs nothing.
///
/// A hook denies with the errno that it returns.
///
/// # Context
///
/// Hooks may sleep unless they say otherwise.
///
/// # Examples
///
/// ```ignore
/// struct Example;
///
/// #[vtable]
/// impl SecurityModule for Example {
///     const NAME: &'static CStr = c"example";
///     const ID: u64 = 1000;
///
///     type Superblock = ();
///     type Inode = ();
///     type BlockDevice = ();
///     type Task = ();
///     type Credential = ();
///
///     fn init() -> Result {
///         Ok(())
///     }
///
///     fn init_securityfs() -> Result {
///         Ok(())
///     }
///
///     fn all_initialised() {}
///
///     fn not_initialised() {}
///
///     fn kernel_read_file(file: Option<&File>, purpose: ReadPurpose) -> Result {
///         match (file, purpose) {
///             (None, ReadPurpose::Module) => Err(EACCES),
///             _ => Ok(()),
///         }
///     }
/// }
///
/// security_module!(crate::Example);
/// ```
#[vtable]
pub(crate) trait SecurityModule: 'static {
    /// Its name, as in `lsm=` and `CONFIG_LSM`.
    const NAME: &'static CStr;
    /// Its `LSM_ID_*`.
    const ID: u64;

    /// The data beside a superblock.
    type Superblock: Blob;
    /// The data beside an inode.
    type Inode: Blob;
    /// The data beside a block device. Dropped with the device, after a grace period of RCU.
    type BlockDevice: Blob;
    /// The data beside a task, which alone uses it:
    /// [`with_current`](super::super::task::with_current).
    type Task: Blob;
    /// The data that credentials refer to: that of the program which a task has executed, see
    /// [`Program::set_credential`]. Credentials that are derived from others refer to the same, and
    /// the last that is freed drops it, in a callback of RCU, which does not sleep.
    type Credential: Send + Sync;

    /// Called once, early in the boot, after the framework has registered the hooks.
    ///
    /// # Context
    ///
    /// May sleep. There is one thread and no userspace.
    fn init() -> Result;

    /// Called once as file systems are initialised: the time to make files in securityfs.
    ///
    /// # Context
    ///
    /// May sleep. Userspace has not started.
    fn init_securityfs() -> Result;

    /// Called once, after all other security modules have been initialised, the integrity providers
    /// and IMA among them.
    ///
    /// # Context
    ///
    /// May sleep. PID 1 has not started; programs that the kernel starts by itself may run.
    fn all_initialised();

    /// Called once, early among the initcalls, where the framework has *not* initialised the
    /// module, as neither `CONFIG_LSM` nor `lsm=` on the command line names it. No hook will be
    /// called.
    ///
    /// # Context
    ///
    /// May sleep. Userspace has not started.
    fn not_initialised();

    /// A program is about to be executed.
    fn bprm_check_security(_program: &Program) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel prepares the credentials of a program, or a caller only asks for them
    /// (`AT_EXECVE_CHECK`).
    fn bprm_creds_for_exec(_program: &Program) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel has read the program's headers, and the program is about to replace the running
    /// one. Called only for the last of a chain of interpreters.
    fn bprm_creds_from_file(_program: &Program) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The calling task asks for an access of this mode (`PTRACE_MODE_*`) to another process.
    ///
    /// # Context
    ///
    /// Does not sleep: locks of the process are held.
    fn ptrace_access_check(_mode: c_uint) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The calling task asks to be traced by its parent.
    ///
    /// # Context
    ///
    /// Does not sleep: the lock of all tasks is held.
    fn ptrace_traceme(_parent: &Task) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel makes a file without a path that security modules may refuse: `[userfaultfd]`,
    /// for example.
    fn inode_init_security_anon(_name: &[u8]) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A file is being opened, and its file system has not been told yet.
    ///
    /// The file has its path and inode. Also called for files that the kernel opens for itself.
    fn file_open(_file: &File) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A file that was found by its path has been opened, for the accesses in `mask` (`MAY_*`).
    fn file_post_open(_file: &File, _mask: c_int) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A program, which may be a 32-bit one, calls `ioctl(2)`.
    fn file_ioctl(_file: &File, _command: u32) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A file, or with `None` anonymous memory, is to be mapped with protection `prot`. The program
    /// has asked for `requested`.
    fn mmap_file(
        _file: Option<&File>,
        _requested: c_ulong,
        _prot: c_ulong,
        _flags: c_ulong,
    ) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Something is to be mapped at this address, or the heap is to grow from it (`brk(2)`).
    ///
    /// # Context
    ///
    /// A task's own address space. The mmap lock is held for writing, except for `vm86(2)`. May
    /// sleep.
    fn mmap_addr(_address: c_ulong) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The protection of a mapping is to become `prot`.
    ///
    /// # Context
    ///
    /// May sleep. The mmap lock is held.
    fn file_mprotect(_mapping: &Mapping, _prot: c_ulong) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A union file system is about to map `backing`, a file of one of its layers, where a program
    /// maps `user`. [`Self::mmap_file`] was asked about `user`.
    ///
    /// # Context
    ///
    /// May sleep. The mmap lock is held.
    fn mmap_backing_file(_mapping: &Mapping, _backing: &File, _user: &File) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel is about to read a file for itself.
    fn kernel_read_file(_file: Option<&File>, _purpose: ReadPurpose) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel has read a whole file for itself, and is about to use it.
    fn kernel_post_read_file(_file: &File, _purpose: ReadPurpose) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel is about to take data from userspace for itself.
    fn kernel_load_data(_purpose: ReadPurpose) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The kernel has taken data from userspace for itself, and is about to use it.
    /// [`Self::kernel_load_data`] was not called for firmware that userspace uploads unasked.
    fn kernel_post_load_data(_purpose: ReadPurpose) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A superblock has been allocated, with its blobs. Its file system has read nothing for it.
    ///
    /// # Context
    ///
    /// May sleep.
    fn sb_alloc_security(_superblock: &Superblock) {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A superblock that its file system has filled is about to be mounted, for the first time or
    /// once more.
    ///
    /// # Context
    ///
    /// May sleep.
    fn sb_kern_mount(_superblock: &Superblock) {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// The initramfs has been unpacked. `root` is the superblock of the calling thread's root.
    ///
    /// # Context
    ///
    /// May sleep. Userspace has not started.
    fn initramfs_populated(_root: &Superblock) {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// An integrity provider reports on a block device, and how often it checks the device's
    /// blocks.
    ///
    /// # Context
    ///
    /// May sleep. For one device, device-mapper calls it from one thread at a time.
    fn bdev_setintegrity(
        _device: &BlockDevice,
        _integrity: DeviceIntegrity<'_>,
        _checks: VerityChecks,
    ) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// fs-verity reports whether the inode's built-in signature is valid.
    fn inode_setintegrity(_inode: &Inode, _builtin_signature_valid: bool) -> Result {
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// The place of the module's blobs, which [`security_module!`](super::security_module) provides.
///
/// # Safety
///
/// `blobs` must return the structure that the module's `lsm_info` names, whose sizes come from
/// [`blob_sizes`](super::blobs::blob_sizes) of the same type.
pub(crate) unsafe trait Declared: SecurityModule {
    /// Returns the sizes of the blobs before the framework's initialisation, and their offsets
    /// after it.
    fn blobs() -> *const bindings::lsm_blob_sizes;

    /// Returns whether the framework has initialised the module.
    fn initialised() -> &'static Switch;
}

/// Returns what C expects of a hook: 0, or a negative errno.
#[inline]
#[doc(hidden)]
pub(crate) fn errno(result: Result) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}
