// SPDX-License-Identifier: GPL-2.0-only

//! The callbacks for C: one function for each hook, with its name, that hands the arguments to a
//! module.

use super::interface::{
    errno,
    Declared,
    DeviceIntegrity,
    SecurityModule, //
};
use crate::abstractions::bindings;
use crate::abstractions::cred::{
    self,
    Task, //
};
use crate::abstractions::fs::{
    BlockDevice,
    File,
    Inode,
    Mapping,
    Program,
    Superblock, //
};
use kernel::ffi::{
    c_char,
    c_int,
    c_uint,
    c_ulong,
    c_void, //
};
use kernel::prelude::*;

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn bprm_check_security<T: SecurityModule>(
    bprm: *mut bindings::linux_binprm,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract.
    errno(T::bprm_check_security(unsafe { Program::from_raw(bprm) }))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn bprm_creds_for_exec<T: SecurityModule>(
    bprm: *mut bindings::linux_binprm,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract.
    errno(T::bprm_creds_for_exec(unsafe { Program::from_raw(bprm) }))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn bprm_creds_from_file<T: SecurityModule>(
    bprm: *mut bindings::linux_binprm,
    _file: *const bindings::file,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract.
    errno(T::bprm_creds_from_file(unsafe { Program::from_raw(bprm) }))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn ptrace_access_check<T: SecurityModule>(
    _child: *mut bindings::task_struct,
    mode: c_uint,
) -> c_int {
    errno(T::ptrace_access_check(mode))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn ptrace_traceme<T: SecurityModule>(
    parent: *mut bindings::task_struct,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract.
    errno(T::ptrace_traceme(unsafe { Task::from_raw(parent) }))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn inode_init_security_anon<T: SecurityModule>(
    _inode: *mut bindings::inode,
    name: *const bindings::qstr,
    _context_inode: *const bindings::inode,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract. It ends with a NUL.
    let name = unsafe { CStr::from_char_ptr((*name).name.cast()) };
    errno(T::inode_init_security_anon(name.to_bytes()))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn cred_prepare<T: Declared>(
    new: *mut bindings::cred,
    old: *const bindings::cred,
    _flags: bindings::gfp_t,
) -> c_int {
    // SAFETY: The framework has just allocated the new credentials' blobs, and the task that
    // prepares them holds the old ones.
    unsafe { cred::inherit::<T>(new, old) };
    0
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn cred_transfer<T: Declared>(
    new: *mut bindings::cred,
    old: *const bindings::cred,
) {
    // SAFETY: As for `cred_prepare`. The new ones were blank until now.
    unsafe { cred::inherit::<T>(new, old) };
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn cred_free<T: Declared>(cred: *mut bindings::cred) {
    // SAFETY: The last user is gone, and the framework frees the blobs after this.
    unsafe { cred::release::<T>(cred) };
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn file_open<T: SecurityModule>(file: *mut bindings::file) -> c_int {
    // SAFETY: Valid for the call by the framework's contract, with path and inode.
    let Some(file) = (unsafe { File::from_raw(file) }) else {
        return EINVAL.to_errno();
    };
    errno(T::file_open(file))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn file_post_open<T: SecurityModule>(
    file: *mut bindings::file,
    mask: c_int,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract.
    let Some(file) = (unsafe { File::from_raw(file) }) else {
        return EINVAL.to_errno();
    };
    errno(T::file_post_open(file, mask))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn file_ioctl<T: SecurityModule>(
    file: *mut bindings::file,
    command: c_uint,
    _argument: c_ulong,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract.
    let Some(file) = (unsafe { File::from_raw(file) }) else {
        return EINVAL.to_errno();
    };
    errno(T::file_ioctl(file, command))
}

pub(super) use file_ioctl as file_ioctl_compat;

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn mmap_file<T: SecurityModule>(
    file: *mut bindings::file,
    requested: c_ulong,
    prot: c_ulong,
    flags: c_ulong,
) -> c_int {
    // SAFETY: Null or valid for the call by the framework's contract.
    let file = unsafe { File::from_raw(file) };
    errno(T::mmap_file(file, requested, prot, flags))
}

/// # Safety
///
/// For the framework, which passes what the hook takes.
pub(super) unsafe extern "C" fn mmap_addr<T: SecurityModule>(address: c_ulong) -> c_int {
    errno(T::mmap_addr(address))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn file_mprotect<T: SecurityModule>(
    vma: *mut bindings::vm_area_struct,
    _reqprot: c_ulong,
    prot: c_ulong,
) -> c_int {
    // SAFETY: Valid for the call, with the mmap lock held, by the framework's contract.
    errno(T::file_mprotect(unsafe { Mapping::from_raw(vma) }, prot))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn kernel_read_file<T: SecurityModule>(
    file: *mut bindings::file,
    id: bindings::kernel_read_file_id,
    _contents: bool,
) -> c_int {
    // SAFETY: Null or valid for the call by the framework's contract.
    let file = unsafe { File::from_raw(file) };
    errno(T::kernel_read_file(file, id.0.into()))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn mmap_backing_file<T: SecurityModule>(
    vma: *mut bindings::vm_area_struct,
    backing_file: *mut bindings::file,
    user_file: *mut bindings::file,
) -> c_int {
    // SAFETY: Both are null or valid for the call by the framework's contract.
    let files = unsafe { (File::from_raw(backing_file), File::from_raw(user_file)) };
    let (Some(backing), Some(user)) = files else {
        return EINVAL.to_errno();
    };
    // SAFETY: Valid for the call, with the mmap lock held, by the framework's contract.
    let mapping = unsafe { Mapping::from_raw(vma) };
    errno(T::mmap_backing_file(mapping, backing, user))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn kernel_post_read_file<T: SecurityModule>(
    file: *mut bindings::file,
    _buf: *mut c_char,
    _size: bindings::loff_t,
    id: bindings::kernel_read_file_id,
) -> c_int {
    // SAFETY: Null or valid for the call by the framework's contract.
    let Some(file) = (unsafe { File::from_raw(file) }) else {
        return EINVAL.to_errno();
    };
    errno(T::kernel_post_read_file(file, id.0.into()))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn kernel_load_data<T: SecurityModule>(
    id: bindings::kernel_load_data_id,
    _contents: bool,
) -> c_int {
    errno(T::kernel_load_data(id.0.into()))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn kernel_post_load_data<T: SecurityModule>(
    _buf: *mut c_char,
    _size: bindings::loff_t,
    id: bindings::kernel_load_data_id,
    _description: *mut c_char,
) -> c_int {
    errno(T::kernel_post_load_data(id.0.into()))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn sb_alloc_security<T: SecurityModule>(
    superblock: *mut bindings::super_block,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract, with its blobs.
    T::sb_alloc_security(unsafe { Superblock::from_raw(superblock) });
    0
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn sb_kern_mount<T: SecurityModule>(
    superblock: *const bindings::super_block,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract.
    T::sb_kern_mount(unsafe { Superblock::from_raw(superblock) });
    0
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn initramfs_populated<T: SecurityModule>() {
    // SAFETY: The calling thread has a root, whose mount and superblock it holds.
    let root = unsafe { Superblock::from_raw(bindings::rust_lsm_current_root_superblock()) };
    T::initramfs_populated(root);
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn bdev_setintegrity<T: SecurityModule>(
    bdev: *mut bindings::block_device,
    kind: bindings::lsm_integrity_type,
    value: *const c_void,
    size: usize,
) -> c_int {
    // SAFETY: Valid for the call by the framework's contract.
    let device = unsafe { BlockDevice::from_raw(bdev) };
    let integrity = match kind.0 {
        bindings::lsm_integrity_type_LSM_INT_DMVERITY_SIG_VALID => {
            DeviceIntegrity::RoothashSignature(size > 0 && !value.is_null())
        }
        bindings::lsm_integrity_type_LSM_INT_DMVERITY_ROOTHASH if value.is_null() => {
            DeviceIntegrity::RoothashGone
        }
        bindings::lsm_integrity_type_LSM_INT_DMVERITY_ROOTHASH => {
            // SAFETY: With this type, a value is a `struct dm_verity_digest`.
            let value = unsafe { &*value.cast::<bindings::dm_verity_digest>() };
            // SAFETY: Its algorithm is a string, valid as long as the structure.
            let algorithm = unsafe { CStr::from_char_ptr(value.alg) };
            // SAFETY: Its digest is of the length that it names, and valid as long.
            let digest = unsafe { core::slice::from_raw_parts(value.digest, value.digest_len) };
            DeviceIntegrity::Roothash { algorithm, digest }
        }
        _ => return EINVAL.to_errno(),
    };
    // SAFETY: These are dm-verity's types, and this is when it tells of its table.
    let checks = unsafe { device.verity_checks() };
    errno(T::bdev_setintegrity(device, integrity, checks))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn inode_setintegrity<T: SecurityModule>(
    inode: *const bindings::inode,
    kind: bindings::lsm_integrity_type,
    value: *const c_void,
    size: usize,
) -> c_int {
    if kind.0 != bindings::lsm_integrity_type_LSM_INT_FSVERITY_BUILTINSIG_VALID {
        return EINVAL.to_errno();
    }
    // SAFETY: Valid for the call by the framework's contract.
    let inode = unsafe { Inode::from_raw(inode) };
    errno(T::inode_setintegrity(inode, size > 0 && !value.is_null()))
}

/// # Safety
///
/// For the framework, which passes what the hook takes, valid for the duration of the call.
pub(super) unsafe extern "C" fn bdev_free_security<T: Declared>(bdev: *mut bindings::block_device) {
    // SAFETY: The device is being freed, one grace period after the last user: nobody else can
    // reach its blob, which lies where the framework has put it and is dropped this once.
    unsafe {
        let blob = (*bdev)
            .bd_security
            .byte_add((*T::blobs()).lbs_bdev as usize)
            .cast::<T::BlockDevice>();
        core::ptr::drop_in_place(blob);
    }
}
