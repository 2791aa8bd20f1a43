// SPDX-License-Identifier: GPL-2.0-only

//! Objects of the virtual file system, as hooks of security modules see them.
//!
//! A hook borrows them from the kernel for as long as it runs.
//!
//! C headers: [`include/linux/fs.h`](srctree/include/linux/fs.h),
//! [`include/linux/binfmts.h`](srctree/include/linux/binfmts.h),
//! [`include/linux/fsverity.h`](srctree/include/linux/fsverity.h)

use super::bindings;
use core::ffi::CStr;
#[cfg(CONFIG_FS_VERITY)]
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use kernel::ffi::{
    c_int,
    c_ulong, //
};
use kernel::sync::aref::AlwaysRefCounted;
use kernel::types::Opaque;

#[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
use kernel::{
    error::to_result,
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic, //
    }, //
};

/// The bit of an access mask that stands for execution.
pub(crate) const MAY_EXEC: c_int = bindings::MAY_EXEC as c_int;

/// The command of `ioctl(2)` that asks for fs-verity.
#[allow(
    dead_code,
    reason = "not every configuration has fs-verity for a provider"
)]
pub(crate) const FS_IOC_ENABLE_VERITY: u32 =
    bindings::rust_lsm_constants_RUST_LSM_FS_IOC_ENABLE_VERITY;

/// Defines a transparent wrapper with its two conversions.
macro_rules! wrapper {
    ($(#[$meta:meta])* $name:ident($raw:ty);) => {
        $(#[$meta])*
        #[repr(transparent)]
        pub(crate) struct $name(Opaque<$raw>);

        impl $name {
            /// Wraps a pointer of C.
            ///
            /// # Safety
            ///
            /// The pointer must be valid, and the object live, for `'a`.
            #[inline]
            pub(super) unsafe fn from_raw<'a>(pointer: *const $raw) -> &'a Self {
                // SAFETY: The object lives by the contract, the layout is the same, and `Opaque`
                // makes no claim about what it holds.
                unsafe { &*pointer.cast() }
            }

            /// Returns the pointer for C.
            #[inline]
            #[allow(dead_code)]
            pub(super) fn as_ptr(&self) -> *mut $raw {
                self.0.get()
            }
        }
    };
}

pub(super) use wrapper;

wrapper! {
    /// A path that a file was opened by: C's `struct path`. The file holds what it leads to.
    Path(bindings::path);
}

wrapper! {
    /// A mounted file system: C's `struct super_block`.
    Superblock(bindings::super_block);
}

wrapper! {
    /// A file of a file system: C's `struct inode`.
    Inode(bindings::inode);
}

wrapper! {
    /// A disk, a partition or a volume: C's `struct block_device`.
    BlockDevice(bindings::block_device);
}

wrapper! {
    /// A program that is being executed: C's `struct linux_binprm`.
    Program(bindings::linux_binprm);
}

wrapper! {
    /// A range of an address space: C's `struct vm_area_struct`. The mmap lock is held.
    Mapping(bindings::vm_area_struct);
}

/// An open file: C's `struct file`.
///
/// Not `kernel::fs::File`, which demands guarantees about `fdget` that hooks need not give.
#[repr(transparent)]
pub(crate) struct File(Opaque<bindings::file>);

// SAFETY: A file has a count of references, and lives while there is one.
unsafe impl AlwaysRefCounted for File {
    fn inc_ref(&self) {
        // SAFETY: The reference shows that the file lives, hence its count is not zero.
        unsafe { bindings::get_file(self.as_ptr()) };
    }

    unsafe fn dec_ref(file: NonNull<Self>) {
        // SAFETY: The caller passes on a reference to the file.
        unsafe { bindings::fput(file.cast().as_ptr()) };
    }
}

/// Returns where an open file keeps its path. Some kernels have it in a union.
///
/// # Safety
///
/// The pointer must be valid.
#[inline]
pub(super) unsafe fn path_of(file: *const bindings::file) -> *const bindings::path {
    // SAFETY: By the contract, and C tells the member's place.
    unsafe { file.byte_add(bindings::rust_lsm_constants_RUST_LSM_FILE_PATH as usize) }.cast()
}

impl File {
    /// Wraps a pointer of C; `None` for a null pointer.
    ///
    /// # Safety
    ///
    /// The pointer must be null, or valid for `'a` with the file open.
    #[inline]
    pub(super) unsafe fn from_raw<'a>(pointer: *const bindings::file) -> Option<&'a Self> {
        // SAFETY: Null, or an open file by the contract. The layout is the same.
        unsafe { pointer.cast::<Self>().as_ref() }
    }

    /// Returns the pointer for C.
    #[inline]
    pub(super) fn as_ptr(&self) -> *mut bindings::file {
        self.0.get()
    }

    /// Returns the path that it was opened by: C's `f_path`.
    #[inline]
    pub(crate) fn path(&self) -> &Path {
        // SAFETY: An open file has a path, which never changes.
        unsafe { Path::from_raw(path_of(self.as_ptr())) }
    }

    /// Returns the path that a program opened it by. For a backing file, this is the path of the
    /// file in the union that it backs.
    pub(crate) fn user_path(&self) -> &Path {
        if self.is_backing() {
            // SAFETY: A backing file holds the path of the file that it stands for.
            unsafe { Path::from_raw(bindings::backing_file_user_path(self.as_ptr())) }
        } else {
            self.path()
        }
    }

    /// Returns the inode that it was opened as. C allows for none.
    #[inline]
    pub(crate) fn inode(&self) -> Option<&Inode> {
        // SAFETY: An open file holds its inode.
        unsafe {
            let inode = (*self.as_ptr()).f_inode;
            (!inode.is_null()).then(|| Inode::from_raw(inode))
        }
    }

    /// Returns whether it is opened for execution: as a program, or as the interpreter of one.
    #[inline]
    pub(crate) fn is_opened_to_execute(&self) -> bool {
        // SAFETY: The file lives. Its flags may change meanwhile, hence the volatile read; this one
        // does not.
        let flags = unsafe { (&raw const (*self.as_ptr()).f_flags).read_volatile() };
        flags & bindings::rust_lsm_constants_RUST_LSM_OPENED_TO_EXECUTE != 0
    }

    /// Returns whether a union file system opened it, as the file of a layer for a file of its own.
    #[inline]
    pub(crate) fn is_backing(&self) -> bool {
        self.has_mode(bindings::rust_lsm_constants_RUST_LSM_FMODE_BACKING)
    }

    /// Returns whether one of the flags is set in its mode: C's `f_mode`.
    #[inline]
    fn has_mode(&self, flags: u32) -> bool {
        // SAFETY: The file lives. Its mode may change meanwhile, hence the volatile read.
        let mode = unsafe { (&raw const (*self.as_ptr()).f_mode).read_volatile() };
        mode & flags != 0
    }

    /// Returns whether its file system has opened it. A file that could not be opened has neither
    /// path nor inode.
    pub(super) fn is_opened(&self) -> bool {
        self.has_mode(bindings::rust_lsm_constants_RUST_LSM_FMODE_OPENED)
    }

    /// Returns whether it is the memory of a process: `/proc/PID/mem`.
    #[inline]
    #[allow(dead_code, reason = "not every configuration asks")]
    pub(crate) fn is_process_memory(&self) -> bool {
        // SAFETY: An open file holds its inode, and that its superblock, whose type of file system
        // does not change.
        let magic = unsafe { (*(*(*self.as_ptr()).f_inode).i_sb).s_magic };
        if magic != bindings::PROC_SUPER_MAGIC as c_ulong {
            return false;
        }
        // SAFETY: The file is open, and of procfs.
        unsafe { bindings::rust_lsm_is_process_memory(self.as_ptr()) }
    }

    /// Returns whether it is a file of a union file system, such as overlayfs, whose data is
    /// elsewhere.
    #[inline]
    pub(crate) fn is_of_union(&self) -> bool {
        self.path().is_of_union()
    }

    /// Returns the inode that has the data: on a union file system such as overlayfs the inode of
    /// the layer below, elsewhere the file's own.
    ///
    /// # Context
    ///
    /// May sleep on a union file system.
    #[inline]
    pub(crate) fn real_inode(&self) -> &Inode {
        let dentry = self.path().dentry();
        // SAFETY: The path of an open file holds its dentry, which is positive and keeps its inode,
        // and, on a union file system, those of its layers.
        unsafe {
            let inode = if self.is_of_union() {
                bindings::rust_lsm_d_real_inode(dentry)
            } else {
                (*dentry).d_inode
            };
            Inode::from_raw(inode)
        }
    }
}

impl Path {
    /// Returns whether it leads to a file of a union file system, such as overlayfs.
    #[inline]
    pub(crate) fn is_of_union(&self) -> bool {
        // SAFETY: The path of an open file holds its dentry, whose flag for this never changes.
        let flags = unsafe { (*self.dentry()).d_flags };
        flags & bindings::rust_lsm_constants_RUST_LSM_DCACHE_OP_REAL != 0
    }

    /// Returns the superblock of its mount.
    #[inline]
    pub(crate) fn superblock(&self) -> &Superblock {
        // SAFETY: The path of an open file holds its mount, and a mount its superblock.
        unsafe { Superblock::from_raw((*(*self.as_ptr()).mnt).mnt_sb) }
    }

    /// Returns its dentry.
    #[inline]
    pub(super) fn dentry(&self) -> *mut bindings::dentry {
        // SAFETY: The path of an open file lives, and never changes.
        unsafe { (*self.as_ptr()).dentry }
    }
}

impl Superblock {
    /// Returns the block device that its data comes from, if there is one.
    ///
    /// FUSE can hold a device (`fuseblk`) and still take all data from a program. It tells so with
    /// a flag that was made for IMA.
    #[inline]
    #[allow(
        dead_code,
        reason = "not every configuration has dm-verity for a provider"
    )]
    pub(crate) fn block_device(&self) -> Option<&BlockDevice> {
        // SAFETY: A live superblock holds its block device open. Other flags may change meanwhile,
        // hence the volatile read; this one is set before the first file is opened.
        unsafe {
            let superblock = self.as_ptr();
            let flags = (&raw const (*superblock).s_iflags).read_volatile();
            let device = (*superblock).s_bdev;
            let unverifiable = flags & bindings::SB_I_IMA_UNVERIFIABLE_SIGNATURE as c_ulong != 0;
            (!device.is_null() && !unverifiable).then(|| BlockDevice::from_raw(device))
        }
    }

    /// Returns whether its files stand for memory: users cannot mount it (`SB_NOUSER`), or it is the
    /// kernel's own hugetlbfs.
    ///
    /// So it is for the files of `memfd_create(2)`, System V shared memory, and other descriptors
    /// of memory. Users can mount some file systems that the kernel mounts for itself as well
    /// (`SB_KERNMOUNT`), debugfs for example: their files are files.
    #[inline]
    pub(crate) fn is_memory(&self) -> bool {
        // SAFETY: The superblock lives. Other flags may change meanwhile, hence the volatile read;
        // these two are set before the first file is opened.
        let flags = unsafe { (&raw const (*self.as_ptr()).s_flags).read_volatile() };
        if flags & bindings::rust_lsm_constants_RUST_LSM_SB_INTERNAL as c_ulong == 0 {
            return false;
        }
        // SAFETY: The superblock lives, and the type of its file system does not change.
        let magic = unsafe { (*self.as_ptr()).s_magic };
        flags & bindings::rust_lsm_constants_RUST_LSM_SB_NOUSER as c_ulong != 0
            || magic == bindings::HUGETLBFS_MAGIC as c_ulong
    }

    /// Returns whether its files may stand for memory, or be on an image: [`Self::is_memory`] or
    /// [`Self::may_be_image`]. For common file systems this is one test.
    #[inline]
    pub(crate) fn is_special(&self) -> bool {
        if !self.has_flags(bindings::rust_lsm_constants_RUST_LSM_SB_SPECIAL) {
            return false;
        }
        // A superblock with a device is neither, and EROFS on a volume is common.
        if self.has_flags(bindings::rust_lsm_constants_RUST_LSM_SB_NOATIME) && self.has_device() {
            return false;
        }
        self.may_be_image() || self.is_memory()
    }

    /// Returns whether it is on a block device.
    #[inline]
    fn has_device(&self) -> bool {
        // SAFETY: The superblock lives, and keeps its device, or has none.
        unsafe { !(*self.as_ptr()).s_bdev.is_null() }
    }

    /// Returns whether it may be an EROFS image that is mounted from a file.
    ///
    /// EROFS sets `SB_NOATIME`, as few other file systems do. Without a device, it has a file.
    #[inline]
    pub(crate) fn may_be_image(&self) -> bool {
        if !cfg!(CONFIG_IPE_PROP_METADATA_BACKING)
            || !self.has_flags(bindings::rust_lsm_constants_RUST_LSM_SB_NOATIME)
        {
            return false;
        }
        !self.has_device()
    }

    /// Returns whether one of the flags is set.
    #[inline]
    fn has_flags(&self, wanted: u32) -> bool {
        // SAFETY: The superblock lives. Other flags may change meanwhile, hence the volatile read;
        // those that are asked for are set before the first file is opened.
        let flags = unsafe { (&raw const (*self.as_ptr()).s_flags).read_volatile() };
        flags & wanted as c_ulong != 0
    }

    /// Returns its name in messages: the name of the device, or of the file system.
    pub(crate) fn name(&self) -> &[u8] {
        // SAFETY: `s_id` is an array in the live superblock that is written before it is mounted.
        before_nul(unsafe { &(*self.as_ptr()).s_id })
    }
}

/// Returns the text in a buffer of C: the bytes before the first NUL.
#[inline(never)]
pub(super) fn before_nul(buffer: &[u8]) -> &[u8] {
    CStr::from_bytes_until_nul(buffer).map_or(buffer, CStr::to_bytes)
}

/// How often dm-verity checks a block of a volume before it returns it. This is an option of the
/// volume's table, which neither the root hash nor its signature covers.
#[allow(
    dead_code,
    reason = "not every configuration has dm-verity for a provider"
)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum VerityChecks {
    /// At each read.
    Always,
    /// At the first read (`check_at_most_once`).
    Once,
    /// Never: dm-verity counts a wrong block and returns it (`ignore_corruption`).
    Never,
}

impl BlockDevice {
    /// Returns how often blocks are checked under the table that dm-verity is about to activate.
    ///
    /// # Safety
    ///
    /// Only while dm-verity reports that table: then the device is one of device-mapper's, and the
    /// calling thread holds the lock (`suspend_lock`) that keeps its table, a single dm-verity
    /// target, in place.
    pub(super) unsafe fn verity_checks(&self) -> VerityChecks {
        // SAFETY: By the contract.
        match unsafe { bindings::rust_lsm_verity_checks(self.as_ptr()) } {
            bindings::rust_lsm_verity_checks_RUST_LSM_VERITY_CHECKS_ALWAYS => VerityChecks::Always,
            bindings::rust_lsm_verity_checks_RUST_LSM_VERITY_CHECKS_ONCE => VerityChecks::Once,
            _ => VerityChecks::Never,
        }
    }
}

/// The hash algorithm of an fs-verity digest.
#[cfg(CONFIG_FS_VERITY)]
#[allow(dead_code, reason = "not every module asks for digests")]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum VerityAlgorithm {
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl Inode {
    /// Returns the superblock of its file system.
    #[inline]
    pub(crate) fn superblock(&self) -> &Superblock {
        // SAFETY: A live inode belongs to a live superblock.
        unsafe { Superblock::from_raw((*self.as_ptr()).i_sb) }
    }

    /// Returns whether it is a device file, whose data is not of its file system.
    ///
    /// Also true for a symbolic link, which cannot be opened.
    #[inline]
    pub(crate) fn is_device(&self) -> bool {
        // This bit tells device files from regular files.
        const { assert!(bindings::S_IFREG & bindings::S_IFCHR == 0) };
        const { assert!(bindings::S_IFBLK & bindings::S_IFCHR != 0) };
        // SAFETY: The inode lives. Its permissions may change meanwhile, hence the volatile read;
        // its type does not.
        let mode = unsafe { (&raw const (*self.as_ptr()).i_mode).read_volatile() };
        u32::from(mode) & bindings::S_IFCHR != 0
    }

    /// Returns whether it is a regular file.
    #[allow(dead_code, reason = "not every module asks")]
    pub(crate) fn is_regular(&self) -> bool {
        // SAFETY: As for `is_device`.
        let mode = unsafe { (&raw const (*self.as_ptr()).i_mode).read_volatile() };
        u32::from(mode) & bindings::S_IFMT == bindings::S_IFREG
    }

    /// Returns its number.
    #[allow(clippy::unnecessary_cast, reason = "not u64 in every kernel")]
    pub(crate) fn number(&self) -> u64 {
        // SAFETY: The inode lives; its number does not change.
        let number = unsafe { (*self.as_ptr()).i_ino };
        number as u64
    }

    /// Returns whether fs-verity has been enabled: C's `IS_VERITY`. Some kernels check reads only a
    /// moment later: see [`Self::has_verity`].
    #[inline]
    #[cfg(CONFIG_FS_VERITY)]
    #[allow(dead_code, reason = "not every configuration asks")]
    pub(crate) fn is_verity(&self) -> bool {
        // SAFETY: The inode lives. `set_mask_bits()` sets this flag; other flags are set by plain
        // writes of the whole word under the inode's lock, which the kernel takes for atomic.
        let flags = unsafe { Atomic::from_ptr(&raw mut (*self.as_ptr()).i_flags) };
        flags.load(Acquire) & bindings::S_VERITY != 0
    }

    /// Returns whether fs-verity checks all reads from now on. Once it does, it never stops.
    ///
    /// Pages that were read before may still be cached: see [`Self::drop_data`]. The answer is no
    /// newer than anything that the caller reads next.
    #[inline]
    #[cfg(CONFIG_FS_VERITY)]
    pub(crate) fn has_verity(&self) -> bool {
        // Where an inode points to what fs-verity knows of it, reads are checked from the moment
        // on at which it does, which is after the flag was set.
        #[cfg(inode_has_verity_info)]
        // SAFETY: The inode lives. `cmpxchg_release()` sets this pointer, once.
        let info = unsafe { Atomic::from_ptr(&raw mut (*self.as_ptr()).i_verity_info) };
        #[cfg(inode_has_verity_info)]
        let has_verity = !info.load(Acquire).is_null();
        #[cfg(not(inode_has_verity_info))]
        let has_verity = self.is_verity();
        has_verity
    }

    /// Writes its dirty pages, if its file system has fs-verity.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    ///
    /// # Context
    ///
    /// May sleep. No lock may be held that writing takes.
    #[cfg(CONFIG_FS_VERITY)]
    pub(crate) fn write_data(&self) -> Result {
        // SAFETY: The inode lives, and so do its mapping and its superblock.
        to_result(unsafe { bindings::rust_lsm_write_data(self.as_ptr()) })
    }

    /// Drops all cached pages of its data, mapped ones, too.
    ///
    /// A page that another user still holds, for example as the target of a slow read, is no longer
    /// part of the file afterwards. Reads that began earlier have finished.
    ///
    /// # Errors
    ///
    /// `EBUSY` where a page is dirty or the file system does not release it. Some pages are dropped
    /// then.
    ///
    /// # Context
    ///
    /// May sleep. Takes the lock `invalidate_lock` of the inode's pages. An mmap lock may be held.
    #[cfg(CONFIG_FS_VERITY)]
    pub(crate) fn drop_data(&self) -> Result {
        // SAFETY: The inode lives, and so does its mapping.
        to_result(unsafe { bindings::rust_lsm_drop_data(self.as_ptr()) })
    }

    /// Copies its fs-verity digest to the buffer, and returns the algorithm and the digest. Returns
    /// `None` where fs-verity does not protect it.
    ///
    /// # Context
    ///
    /// Any. Does not sleep.
    // Else it would return its result through memory of the caller.
    #[inline(always)]
    #[cfg(CONFIG_FS_VERITY)]
    #[allow(dead_code, reason = "not every module asks for digests")]
    pub(crate) fn verity_digest<'b>(
        &self,
        buffer: &'b mut MaybeUninit<[u8; 64]>,
    ) -> Option<(VerityAlgorithm, &'b [u8])> {
        const { assert!(bindings::FS_VERITY_MAX_DIGEST_SIZE == 64) };
        // For a file that is not protected, C writes nothing, and 0 is not an algorithm.
        let mut algorithm = 0u8;
        // SAFETY: The inode lives and was opened, which is when fs-verity loads its digest. The
        // buffer holds any digest, the algorithm is a `u8`, and a null pointer asks for nothing.
        let length = unsafe {
            bindings::fsverity_get_digest(
                self.as_ptr(),
                buffer.as_mut_ptr().cast(),
                &mut algorithm,
                core::ptr::null_mut(),
            )
        };
        let algorithm = match u32::from(algorithm) {
            bindings::FS_VERITY_HASH_ALG_SHA256 => VerityAlgorithm::Sha256,
            bindings::FS_VERITY_HASH_ALG_SHA512 => VerityAlgorithm::Sha512,
            _ => return None,
        };
        // SAFETY: C has filled this much of the buffer, and returned the length, which is no greater
        // than that of the longest digest.
        let digest =
            unsafe { core::slice::from_raw_parts(buffer.as_ptr().cast(), length as usize) };
        Some((algorithm, digest))
    }
}

impl Program {
    /// Returns the file that is executed: for a script with `#!` first the script, then its
    /// interpreter.
    #[inline]
    pub(crate) fn file(&self) -> Option<&File> {
        // SAFETY: The structure lives and holds its file open.
        unsafe { File::from_raw((*self.0.get()).file) }
    }

    /// Returns whether nothing is executed, and the caller only asks whether it could be
    /// (`AT_EXECVE_CHECK`).
    #[inline]
    pub(crate) fn is_check(&self) -> bool {
        #[cfg(all(CONFIG_IPE_KERNEL_HAS_EXECVE_CHECK, not(linux_binprm_has_is_check)))]
        compile_error!("the kernel has AT_EXECVE_CHECK, and its bit in linux_binprm was not found");
        #[cfg(linux_binprm_has_is_check)]
        // SAFETY: The structure lives, and its flags do not change any more.
        let is_check = unsafe { (*self.0.get()).is_check() != 0 };
        // The kernel has no such question.
        #[cfg(not(linux_binprm_has_is_check))]
        let is_check = false;
        is_check
    }

    /// Removes `READ_IMPLIES_EXEC` from the personality that the program would inherit.
    ///
    /// # Context
    ///
    /// Only in [`bprm_creds_from_file`](super::lsm::SecurityModule::bprm_creds_from_file), after
    /// which the kernel sets the personality. A program whose headers ask for it still gets it.
    #[inline(never)]
    pub(crate) fn clear_read_implies_exec(&self) {
        // SAFETY: The structure lives, and belongs to the calling thread.
        unsafe { (*self.0.get()).per_clear |= bindings::READ_IMPLIES_EXEC };
    }
}
