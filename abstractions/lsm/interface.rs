// SPDX-License-Identifier: GPL-2.0-only

//! What a security module implements, and what the framework tells it.

use super::super::bindings;
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
    c_ulong, //
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
    /// What it keeps beside a task, which alone uses it: [`with_current`](super::super::task::with_current).
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

/// What [`security_module!`](super::security_module) provides: where the framework has put the module's blobs.
///
/// # Safety
///
/// `blobs` must return the structure that the module's `lsm_info` names, whose sizes come from
/// [`blob_sizes`](super::blobs::blob_sizes) of the same type.
pub(crate) unsafe trait Declared: SecurityModule {
    /// The sizes before, the offsets after the framework's initialisation.
    fn blobs() -> *const bindings::lsm_blob_sizes;

    /// Whether the framework has initialised the module.
    fn initialised() -> &'static Switch;
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
