// SPDX-License-Identifier: GPL-2.0-only

//! Directories and files in securityfs.
//!
//! A [`Directory`] shares its data with its files. A [`FileKind`] describes one of them, and makes
//! an object that implements [`OpenFile`] whenever the file is opened. Dropping the directory
//! removes it with its files. Files that are open then keep the data alive until they are closed.
//!
//! securityfs does not report the end of an inode, so `i_private` could point to freed memory when
//! a file is opened. Therefore the pointer belongs to the directory. It is only followed with
//! `OPENING` held, and it is cleared with `OPENING` held before the directory is removed.
//!
//! Lock order: that of an open file, the locks that its [`OpenFile`] takes, `OPENING`. No lock of
//! securityfs is taken inside the last.
//!
//! Making and removing take the lock of the parent. A process that lists the parent holds this lock
//! until all names are in its memory, and it decides how long that takes. So a caller must not hold
//! a lock that others need. Publishing takes `OPENING` alone.
//!
//! C header: [`include/linux/security.h`](srctree/include/linux/security.h)

use super::bindings;
use super::fs::path_of;
#[cfg(not(securityfs_removes_one))]
use bindings::securityfs_remove as remove_all;
// Older kernels have two functions: one removes what is empty.
#[cfg(securityfs_removes_one)]
use bindings::securityfs_recursive_remove as remove_all;
use core::marker::PhantomData;
use core::ptr::NonNull;
use kernel::error::{
    from_err_ptr,
    from_result, //
};
use kernel::ffi::{
    c_char,
    c_int,
    c_void, //
};
use kernel::fs::file;
use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::{
    Arc,
    Mutex, //
};
use kernel::types::ForeignOwnable;
use kernel::uaccess::{
    UserPtr,
    UserSlice,
    UserSliceReader,
    UserSliceWriter, //
};

kernel::sync::global_lock! {
    // SAFETY: Initialised by `init` before there is a directory.
    unsafe(uninit) static OPENING: Mutex<()> = ();
}

/// Makes this module ready for use. [`security_module!`](super::lsm::security_module) calls it.
///
/// # Safety
///
/// To be called once, before any other function of this module.
pub(crate) unsafe fn init() {
    // SAFETY: The contract is the same.
    unsafe { OPENING.init() };
}

/// The process that opened a file: C's `struct file`, which is open for `'a`.
pub(crate) struct Opener<'a>(*mut bindings::file, PhantomData<&'a ()>);

impl Opener<'_> {
    /// Returns whether the opener had CAP_MAC_ADMIN in the initial user namespace when it opened
    /// the file.
    ///
    /// The writer may be another process. Its rights do not count, so that an attacker gains
    /// nothing by making a privileged program write.
    pub(crate) fn may_administer(&self) -> bool {
        // SAFETY: The file is open for the lifetime of `self`, and the namespace is static.
        unsafe {
            bindings::file_ns_capable(
                self.0,
                &raw mut bindings::init_user_ns,
                bindings::CAP_MAC_ADMIN as c_int,
            )
        }
    }
}

/// A file while it is open.
///
/// Calls for one open file are serialised. Calls for different open files are not.
///
/// # Context
///
/// All may sleep.
///
/// # Examples
///
/// ```ignore
/// /// A file that takes `reset`.
/// struct Reset(Arc<Counter>);
///
/// impl OpenFile for Reset {
///     fn write(&mut self, opener: &Opener<'_>, mut from: UserSliceReader) -> Result {
///         if !opener.may_administer() {
///             return Err(EPERM);
///         }
///         self.0.reset();
///         Ok(())
///     }
/// }
///
/// static FILES: [FileKind<Counter>; 1] = [FileKind {
///     name: c"reset",
///     access: Access::RootWrites,
///     open: |counter| Ok(KBox::new(Reset(counter), GFP_KERNEL)?),
/// }];
///
/// let directory = Directory::new(b"example")?;
/// directory.add(&FILES)?;
/// directory.publish(counter);
/// ```
pub(crate) trait OpenFile: Send {
    /// Reads from `offset` on, which it advances. Returns the number of bytes.
    ///
    /// Only called for a file whose [`Access`] lets somebody read.
    fn read(&mut self, _to: &mut UserSliceWriter, _offset: &mut file::Offset) -> Result<usize> {
        Err(EINVAL)
    }

    /// Takes a write: all of it, or none.
    ///
    /// Only called for a file whose [`Access`] lets somebody write.
    fn write(&mut self, _opener: &Opener<'_>, _from: UserSliceReader) -> Result {
        Err(EINVAL)
    }

    /// Returns work that a write has left to do before the system call ends.
    ///
    /// Called after a write that succeeded. The work is done without the lock by which calls for the
    /// file are serialised, and its error becomes that of the write.
    fn work(&mut self) -> Option<KBox<dyn Work>> {
        None
    }

    /// A descriptor of the file is being closed. The error becomes that of `close(2)`.
    ///
    /// There may be more descriptors, and more writes.
    fn flush(&mut self) -> Result {
        Ok(())
    }

    /// The last descriptor has been closed.
    fn release(&mut self) {}
}

/// Work that a write has left to do, see [`OpenFile::work`].
pub(crate) trait Work: Send {
    /// Does it.
    ///
    /// # Context
    ///
    /// May sleep. No lock of this module is held.
    fn run(&self) -> Result;
}

/// The right to read and to write a file.
#[derive(Copy, Clone)]
pub(crate) enum Access {
    /// Everybody may read it.
    AllRead,
    /// Root may read it.
    #[allow(dead_code, reason = "not every configuration has such a file")]
    RootReads,
    /// Root may write it.
    RootWrites,
    /// Root may read and write it.
    RootReadsAndWrites,
}

impl Access {
    /// Returns the permissions of the file.
    fn mode(self) -> u16 {
        match self {
            Self::AllRead => 0o444,
            Self::RootReads => 0o400,
            Self::RootWrites => 0o200,
            Self::RootReadsAndWrites => 0o600,
        }
    }
}

/// A file in a directory whose files share a `D`.
pub(crate) struct FileKind<D> {
    /// Its name.
    pub(crate) name: &'static CStr,
    /// The right to read and to write it.
    pub(crate) access: Access,
    /// Opens it.
    pub(crate) open: fn(Arc<D>) -> Result<KBox<dyn OpenFile>>,
}

/// A directory in securityfs whose files share a `D`.
///
/// # Invariants
///
/// The dentry is a directory of securityfs that this object alone removes. `i_private` of its inode
/// is null, or an `Arc<D>` that the inode owns.
pub(crate) struct Directory<D: Send + Sync + 'static>(
    NonNull<bindings::dentry>,
    PhantomData<Arc<D>>,
);

// SAFETY: securityfs may be called from any thread, and the `Arc<D>` may be dropped by any.
unsafe impl<D: Send + Sync + 'static> Send for Directory<D> {}

// SAFETY: The methods for shared references only add to the directory, for which securityfs locks,
// or write `i_private` with `OPENING` held.
unsafe impl<D: Send + Sync + 'static> Sync for Directory<D> {}

impl<D: Send + Sync + 'static> Directory<D> {
    /// Makes a directory in the root of securityfs.
    ///
    /// # Errors
    ///
    /// `EEXIST`, `ENOMEM`. `EACCES`, `EINVAL` or `ENAMETOOLONG` for a name that no directory can
    /// have.
    ///
    /// # Context
    ///
    /// May sleep, for as long as others who list the parent decide.
    pub(crate) fn new(name: &[u8]) -> Result<Self> {
        Self::create(name, core::ptr::null_mut())
    }

    /// Makes a directory in another one, like [`Directory::new`].
    ///
    /// # Errors
    ///
    /// As for [`Directory::new`].
    ///
    /// # Context
    ///
    /// As for [`Directory::new`].
    pub(crate) fn new_in<P: Send + Sync>(name: &[u8], parent: &Directory<P>) -> Result<Self> {
        Self::create(name, parent.0.as_ptr())
    }

    fn create(name: &[u8], parent: *mut bindings::dentry) -> Result<Self> {
        // SAFETY: The parent is null or, by its type's invariant, a directory.
        let dentry = unsafe { create_directory(name, parent)? };
        // INVARIANT: It was just made, for this object, and without private data.
        Ok(Self(dentry, PhantomData))
    }

    /// Makes files in the directory. They are removed with the directory, and answer `ENOENT` until
    /// it is published.
    ///
    /// # Errors
    ///
    /// As for [`Directory::new`].
    ///
    /// # Context
    ///
    /// As for [`Directory::new`].
    #[inline(never)]
    pub(crate) fn add(&self, files: &'static [FileKind<D>]) -> Result {
        for file in files {
            // SAFETY: The name is a string, the parent a directory by the type invariant. The
            // operations are static, and made for files of such a directory that have this private
            // data, which is static, too.
            from_err_ptr(unsafe {
                bindings::securityfs_create_file(
                    file.name.as_char_ptr(),
                    file.access.mode(),
                    self.0.as_ptr(),
                    core::ptr::from_ref(file).cast_mut().cast(),
                    Callbacks::<D>::table(file.access),
                )
            })?;
        }
        Ok(())
    }

    /// Gives the files their data, once. From now on they can be opened.
    ///
    /// # Context
    ///
    /// May sleep.
    pub(crate) fn publish(&self, data: Arc<D>) {
        let _opening = OPENING.lock();
        // SAFETY: The directory has an inode, whose `i_private` is followed only with the lock
        // held. INVARIANT: It becomes the owner of the `Arc`.
        unsafe { (*(*self.0.as_ptr()).d_inode).i_private = data.into_foreign() };
    }
}

impl<D: Send + Sync + 'static> Drop for Directory<D> {
    fn drop(&mut self) {
        // SAFETY: The directory has an inode as long as it is not removed.
        let inode = unsafe { (*self.0.as_ptr()).d_inode };
        let data = {
            let _opening = OPENING.lock();
            // SAFETY: With the lock held nobody else follows the pointer, which is null or an
            // `Arc<D>` by the type invariant. From here on it is null.
            unsafe {
                let data = (*inode).i_private;
                (*inode).i_private = core::ptr::null_mut();
                <Arc<D> as ForeignOwnable>::try_from_foreign(data)
            }
        };
        // SAFETY: The directory is this object's to remove, with its files.
        unsafe { remove_all(self.0.as_ptr()) };
        drop(data);
    }
}

/// # Safety
///
/// The parent must be null or a directory.
unsafe fn create_directory(
    name: &[u8],
    parent: *mut bindings::dentry,
) -> Result<NonNull<bindings::dentry>> {
    if name.contains(&0) {
        return Err(EINVAL);
    }
    // SAFETY: The name is valid for its length.
    let name =
        unsafe { bindings::kmemdup_nul(name.as_ptr().cast(), name.len(), bindings::GFP_KERNEL) };
    if name.is_null() {
        return Err(ENOMEM);
    }
    // SAFETY: The name is a string, the parent is as the caller promises.
    let dentry = unsafe { bindings::securityfs_create_dir(name, parent) };
    // SAFETY: It was allocated above, and securityfs has copied it.
    unsafe { bindings::kfree(name.cast()) };
    NonNull::new(from_err_ptr(dentry)?).ok_or(ENOMEM)
}

/// The `private_data` of an open file, in a box.
type Private = Mutex<KBox<dyn OpenFile>>;

/// The tables of C's callbacks for the files of a [`Directory<D>`].
struct Callbacks<D>(PhantomData<D>);

impl<D: Send + Sync + 'static> Callbacks<D> {
    const READ: &'static bindings::file_operations = &bindings::file_operations {
        open: Some(open::<D>),
        read: Some(read),
        release: Some(release),
        ..pin_init::zeroed()
    };

    const WRITE: &'static bindings::file_operations = &bindings::file_operations {
        open: Some(open::<D>),
        write: Some(write),
        flush: Some(flush),
        release: Some(release),
        ..pin_init::zeroed()
    };

    const READ_AND_WRITE: &'static bindings::file_operations = &bindings::file_operations {
        read: Some(read),
        ..*Self::WRITE
    };

    /// Returns the table for a file. Root can open any file: without a callback, the VFS answers
    /// `EINVAL`.
    fn table(access: Access) -> &'static bindings::file_operations {
        match access {
            Access::AllRead | Access::RootReads => Self::READ,
            Access::RootWrites => Self::WRITE,
            Access::RootReadsAndWrites => Self::READ_AND_WRITE,
        }
    }
}

/// # Safety
///
/// Called by the VFS for a file of a [`Directory<D>`] that is being opened.
unsafe extern "C" fn open<D: Send + Sync + 'static>(
    inode: *mut bindings::inode,
    file: *mut bindings::file,
) -> c_int {
    from_result(|| {
        let data = {
            let _opening = OPENING.lock();
            // SAFETY: The path of a file that is being opened holds its dentry, which holds its
            // parent: a directory of `Directory<D>`. It keeps its inode while it is held, removed
            // or not. With the lock held the pointer is null or an `Arc<D>` that the inode owns.
            unsafe {
                let dentry = (*path_of(file)).dentry;
                let private = (*(*(*dentry).d_parent).d_inode).i_private;
                if private.is_null() {
                    return Err(ENOENT);
                }
                Arc::from(<Arc<D> as ForeignOwnable>::borrow(private))
            }
        };
        // SAFETY: `Directory::add` has put a static `FileKind<D>` there.
        let kind = unsafe { &*(*inode).i_private.cast::<FileKind<D>>() };
        let private = new_private((kind.open)(data)?)?;
        // SAFETY: A file's private data is for the one that opens it.
        unsafe { (*file).private_data = private.into_foreign() };
        Ok(0)
    })
}

/// # Errors
///
/// `ENOMEM`.
fn new_private(file: KBox<dyn OpenFile>) -> Result<Pin<KBox<Private>>> {
    KBox::pin_init(new_mutex!(file, "securityfs::OpenFile"), GFP_KERNEL)
}

/// # Safety
///
/// `file` must be open, with a `private_data` that `open` has set.
unsafe fn private<'a>(file: *mut bindings::file) -> Pin<&'a Private> {
    // SAFETY: `open` has put a `Pin<KBox<Private>>` there, which lives until `release`, and is only
    // borrowed shared until then.
    unsafe { <Pin<KBox<Private>> as ForeignOwnable>::borrow((*file).private_data) }
}

/// # Safety
///
/// Called by the VFS for a file that `open` has opened, with a buffer of the caller's.
unsafe extern "C" fn read(
    file: *mut bindings::file,
    buffer: *mut c_char,
    length: usize,
    offset: *mut bindings::loff_t,
) -> isize {
    // SAFETY: `open` has opened the file.
    let private = unsafe { private(file) };
    // SAFETY: The VFS passes a position of its own.
    let offset = unsafe { &mut *offset };
    let mut to = UserSlice::new(UserPtr::from_ptr(buffer.cast()), length).writer();
    from_result(|| Ok(private.lock().read(&mut to, offset)? as isize))
}

/// # Safety
///
/// As for `read`.
unsafe extern "C" fn write(
    file: *mut bindings::file,
    buffer: *const c_char,
    length: usize,
    _offset: *mut bindings::loff_t,
) -> isize {
    // SAFETY: `open` has opened the file.
    let private = unsafe { private(file) };
    // The file is open for the duration of the call, which the opener does not outlive.
    let opener = Opener(file, PhantomData);
    let from = UserSlice::new(UserPtr::from_ptr(buffer.cast_mut().cast()), length).reader();
    from_result(|| {
        let work = {
            let mut file = private.lock();
            file.write(&opener, from)?;
            file.work()
        };
        if let Some(work) = work {
            work.run()?;
        }
        Ok(length as isize)
    })
}

/// # Safety
///
/// Called by the VFS for a file that `open` has opened.
unsafe extern "C" fn flush(file: *mut bindings::file, _owner: *mut c_void) -> c_int {
    // SAFETY: `open` has opened the file.
    let private = unsafe { private(file) };
    from_result(|| {
        private.lock().flush()?;
        Ok(0)
    })
}

/// # Safety
///
/// Called by the VFS once, as the last use of a file that `open` has opened.
unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
    // SAFETY: `open` has put it there, and this is its last use.
    let private =
        unsafe { <Pin<KBox<Private>> as ForeignOwnable>::from_foreign((*file).private_data) };
    private.lock().release();
    0
}
