// SPDX-License-Identifier: GPL-2.0-only

//! The hooks: the questions that the kernel asks, and the events that it reports.
//!
//! Each hook has a line or two in this file, which name the operation and the object. The files
//! beside it find the object's properties, and ask the active policy. The decision itself is in
//! [`crate::eval`], the text of records in [`crate::audit`], and the C side of a hook in
//! [`crate::abstractions::lsm`].

mod access;
mod decide;
#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
mod device;
#[cfg(any(CONFIG_IPE_PROP_DM_VERITY, CONFIG_IPE_PROP_EXE))]
mod digest;
mod exec;
#[cfg_attr(not(CONFIG_IPE_PROP_METADATA_BACKING), path = "image/absent.rs")]
mod image;
mod integrity;
#[cfg(CONFIG_IPE_PROP_MODIFIED)]
mod mapping;
mod module;
mod object;
mod observed;
#[cfg(CONFIG_IPE_POLICY_ORIGIN)]
mod origin;
mod program;
mod reading;
#[cfg(CONFIG_IPE_OP_SCRIPT)]
mod script;
#[cfg(CONFIG_IPE_OP_PTRACE)]
mod trace;
#[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
mod verity;

pub(crate) use module::Ipe;

use crate::abstractions::fs::{
    File,
    Mapping,
    Program,
    Superblock,
    MAY_EXEC, //
};
use crate::abstractions::lsm::{
    ReadPurpose,
    SecurityModule, //
};
use crate::abstractions::task;
use crate::audit::Hook;
use crate::loaded::{
    boot,
    Reader, //
};
use crate::policy::Operation;
use kernel::ffi::{
    c_int,
    c_ulong, //
};
use kernel::prelude::*;

#[cfg(CONFIG_IPE_PROP_DM_VERITY)]
use crate::abstractions::{
    fs::{
        BlockDevice,
        VerityChecks, //
    },
    lsm::DeviceIntegrity, //
};

#[cfg(CONFIG_IPE_OP_PTRACE)]
use crate::abstractions::cred::{
    Task,
    PTRACE_MODE_ATTACH, //
};
#[cfg(CONFIG_IPE_OP_PTRACE)]
use kernel::ffi::c_uint;
#[cfg(CONFIG_IPE_OP_PTRACE)]
use program::Asker;

#[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
use crate::abstractions::fs::Inode;

#[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
use crate::abstractions::fs::FS_IOC_ENABLE_VERITY;

/// The protection bit of a readable mapping: `include/uapi/asm-generic/mman-common.h`.
const PROT_READ: c_ulong = 1;

/// The protection bit of a writable mapping: `include/uapi/asm-generic/mman-common.h`.
#[cfg(CONFIG_IPE_PROP_MODIFIED)]
const PROT_WRITE: c_ulong = 2;

/// The bit of shared mappings, of both kinds: `include/uapi/linux/mman.h`.
#[cfg(CONFIG_IPE_PROP_MODIFIED)]
const MAP_SHARED: c_ulong = 1;

/// The protection bit of an executable mapping: `include/uapi/asm-generic/mman-common.h`.
const PROT_EXEC: c_ulong = 4;

/// Reads policies without a signature, where the kernel loads any.
#[cfg(CONFIG_IPE_POLICY_ORIGIN)]
const READER: Option<Reader> = Some(origin::read);
#[cfg(not(CONFIG_IPE_POLICY_ORIGIN))]
const READER: Option<Reader> = None;

/// The name of the files that `userfaultfd(2)` makes: `mm/userfaultfd.c`.
#[cfg(CONFIG_IPE_OP_PTRACE)]
const USERFAULTFD: &[u8] = b"[userfaultfd]";

// Each hook is inlined, or the compiler would keep a copy of it beside the callback that calls it.
#[vtable]
impl SecurityModule for Ipe {
    const NAME: &'static CStr = c"ipe";
    /// `LSM_ID_IPE` of `include/uapi/linux/lsm.h`.
    const ID: u64 = 113;

    type Superblock = integrity::SuperblockBlob;

    #[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
    type Inode = integrity::InodeBlob;
    #[cfg(not(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)))]
    type Inode = ();

    type Task = reading::Reading;

    #[cfg(CONFIG_IPE_PROP_EXE)]
    type Credential = program::Properties;
    #[cfg(not(CONFIG_IPE_PROP_EXE))]
    type Credential = ();

    #[cfg(CONFIG_IPE_PROP_DM_VERITY)]
    type BlockDevice = device::DeviceBlob;
    #[cfg(not(CONFIG_IPE_PROP_DM_VERITY))]
    type BlockDevice = ();

    fn init() -> Result {
        boot::activate();
        Ok(())
    }

    fn init_securityfs() -> Result {
        crate::securityfs::init(READER)
    }

    fn all_initialised() {
        crate::securityfs::measure_boot_policy();
    }

    fn not_initialised() {
        boot::require_module();
    }

    #[inline]
    fn bprm_check_security(program: &Program) -> Result {
        exec::check_program(program)
    }

    #[inline]
    fn bprm_creds_for_exec(program: &Program) -> Result {
        exec::begin(program);
        if !program.is_check() {
            return Ok(());
        }
        access::check(
            Some(Operation::Execute),
            Hook::BprmCredsForExec,
            program.file(),
        )
    }

    #[inline]
    fn bprm_creds_from_file(program: &Program) -> Result {
        exec::check_headers(program)?;
        exec::start(program)
    }

    #[inline]
    fn file_open(file: &File) -> Result {
        #[cfg(CONFIG_IPE_OP_PTRACE)]
        if file.is_process_memory() {
            // The kernel asks about the memory of another process, but not about one's own.
            return trace::check(Hook::ProcMem, None);
        }
        if !file.is_opened_to_execute() {
            return Ok(());
        }
        exec::open_interpreter(file)
    }

    #[cfg(CONFIG_IPE_OP_PTRACE)]
    #[inline]
    fn ptrace_access_check(mode: c_uint) -> Result {
        if mode & PTRACE_MODE_ATTACH == 0 {
            return Ok(());
        }
        trace::check(Hook::PtraceAccess, None)
    }

    #[cfg(CONFIG_IPE_OP_PTRACE)]
    #[inline]
    fn ptrace_traceme(parent: &Task) -> Result {
        parent.with_credential::<Self, _>(|properties| {
            trace::check(Hook::PtraceTraceme, Some(Asker::new(properties)))
        })
    }

    #[cfg(CONFIG_IPE_OP_PTRACE)]
    #[inline]
    fn inode_init_security_anon(name: &[u8]) -> Result {
        if name != USERFAULTFD {
            return Ok(());
        }
        trace::check(Hook::Userfaultfd, None)
    }

    #[inline]
    fn file_post_open(file: &File, mask: c_int) -> Result {
        if mask & MAY_EXEC == 0 {
            return Ok(());
        }
        exec::interpreter_opened(file)
    }

    #[cfg(any(CONFIG_IPE_PROP_FS_VERITY, CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG))]
    #[inline]
    fn file_ioctl(file: &File, command: u32) -> Result {
        if command == FS_IOC_ENABLE_VERITY {
            file.inode().map(verity::enabling);
        }
        Ok(())
    }

    #[inline]
    fn mmap_file(file: Option<&File>, requested: c_ulong, prot: c_ulong, flags: c_ulong) -> Result {
        // With `noexec`, the kernel would not make this mapping executable. But the file's mount
        // may lose the option before the file is mapped.
        if prot & PROT_EXEC != 0 || (requested & PROT_READ != 0 && task::read_implies_exec()) {
            #[cfg(CONFIG_IPE_PROP_MODIFIED)]
            if prot & PROT_WRITE != 0 && flags & MAP_SHARED == 0 {
                return mapping::check_writable(file);
            }
            #[cfg(not(CONFIG_IPE_PROP_MODIFIED))]
            let _ = flags;
            access::check(Some(Operation::Execute), Hook::Mmap, file)
        } else {
            Ok(())
        }
    }

    #[cfg(CONFIG_IPE_PROP_ANONYMOUS_MEMORY)]
    #[inline]
    fn mmap_addr(address: c_ulong) -> Result {
        // A heap that grows is writable, and so executable where that follows from readable. No
        // other hook is called for it.
        if !task::read_implies_exec() || !task::is_end_of_heap(address) {
            return Ok(());
        }
        access::check_heap()
    }

    #[inline]
    fn file_mprotect(mapping: &Mapping, prot: c_ulong) -> Result {
        if prot & PROT_EXEC == 0 {
            return Ok(());
        }
        #[cfg(CONFIG_IPE_PROP_MODIFIED)]
        if prot & PROT_WRITE != 0 || mapping.may_have_own_pages() {
            return mapping::check_protection(mapping, prot);
        }
        if mapping.is_executable() {
            return Ok(());
        }
        access::check(Some(Operation::Execute), Hook::Mprotect, mapping.file())
    }

    #[inline]
    fn mmap_backing_file(mapping: &Mapping, backing: &File, user: &File) -> Result {
        let Some(place) = access::place_of_backing(mapping, backing, user) else {
            return Ok(());
        };
        #[cfg(CONFIG_IPE_PROP_MODIFIED)]
        if mapping.is_writable() && !mapping.writes_to_file() {
            return mapping::judge(Hook::Mmap, user, place, false);
        }
        access::judge(Some(Operation::Execute), Hook::Mmap, user, Some(place))
    }

    #[inline]
    fn kernel_read_file(file: Option<&File>, purpose: ReadPurpose) -> Result {
        reading::check_data(file, purpose)
    }

    #[inline]
    fn kernel_post_read_file(file: &File, purpose: ReadPurpose) -> Result {
        reading::check_data_read(file, purpose)
    }

    #[inline]
    fn kernel_load_data(purpose: ReadPurpose) -> Result {
        access::check(access::operation(purpose), Hook::KernelLoad, None)
    }

    #[inline]
    fn kernel_post_load_data(purpose: ReadPurpose) -> Result {
        // Only this hook sees an upload that userspace begins. For all other data, the kernel asked
        // before.
        match purpose {
            ReadPurpose::Firmware => Self::kernel_load_data(purpose),
            _ => Ok(()),
        }
    }

    #[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
    #[inline]
    fn sb_alloc_security(superblock: &Superblock) {
        image::allocated(superblock);
    }

    #[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
    #[inline]
    fn sb_kern_mount(superblock: &Superblock) {
        image::mounted(superblock);
    }

    #[inline]
    fn initramfs_populated(root: &Superblock) {
        integrity::initramfs_populated(root);
    }

    #[cfg(CONFIG_IPE_PROP_DM_VERITY)]
    #[inline]
    fn bdev_setintegrity(
        device: &BlockDevice,
        integrity: DeviceIntegrity<'_>,
        checks: VerityChecks,
    ) -> Result {
        device.blob::<Self>().set(integrity, checks)
    }

    #[cfg(CONFIG_IPE_PROP_FS_VERITY_BUILTIN_SIG)]
    #[inline]
    fn inode_setintegrity(inode: &Inode, builtin_signature_valid: bool) -> Result {
        integrity::set_inode(inode, builtin_signature_valid);
        Ok(())
    }
}
