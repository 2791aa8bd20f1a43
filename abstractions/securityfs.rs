// SPDX-License-Identifier: GPL-2.0-only

//! Directories and files in securityfs.
//!
//! A [`Directory`] shares its data with its files. A type that implements [`FileOperations`]
//! describes one kind of file. Each open file has a state of its own. Dropping the directory
//! removes it with its files. Files that are open then keep the data alive until they are closed.
//!
//! securityfs does not report the end of an inode, so `i_private` could point to freed memory when
//! a file is opened. Therefore the pointer belongs to the directory. It is only followed with
//! `OPENING` held, and it is cleared with `OPENING` held before the directory is removed.
//!
//! Lock order: the state of an open file, the locks of its [`FileOperations`], `OPENING`. No lock
//! of securityfs is taken inside the last.
//!
//! Making and removing take the lock of the parent. A process that lists the parent holds this lock
//! until all names are in its memory, and it decides how long that takes. So a caller must not hold
//! a lock that others need. Publishing takes `OPENING` alone.
//!
//! C header: [`include/linux/security.h`](srctree/include/linux/security.h)

use super::bindings;
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
    ArcBorrow,
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

/// The operations of one kind of file.
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
/// struct Reset;
///
/// #[vtable]
/// impl FileOperations for Reset {
///     type Data = Counter;
///     type State = ();
///
///     fn write(
///         counter: ArcBorrow<'_, Counter>,
///         _state: &mut (),
///         opener: &Opener<'_>,
///         mut from: UserSliceReader,
///     ) -> Result {
///         if !opener.may_administer() {
///             return Err(EPERM);
///         }
///         counter.reset();
///         Ok(())
///     }
/// }
///
/// let directory = Directory::new(c"example")?;
/// directory.file::<Reset>(c"reset", 0o200)?;
/// directory.publish(counter);
/// ```
#[vtable]
pub(crate) trait FileOperations: 'static {
    /// The data that the files of a directory share.
    type Data: Send + Sync + 'static;
    /// The state of each open file.
    type State: Default + Send + Unpin + 'static;

    /// Reads from `offset` on, which it advances. Returns the number of bytes.
    fn read(
        _data: ArcBorrow<'_, Self::Data>,
        _state: &mut Self::State,
        _to: &mut UserSliceWriter,
        _offset: &mut file::Offset,
    ) -> Result<usize> {
        kernel::build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Takes a write: all of it, or none.
    fn write(
        _data: ArcBorrow<'_, Self::Data>,
        _state: &mut Self::State,
        _opener: &Opener<'_>,
        _from: UserSliceReader,
    ) -> Result {
        kernel::build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// A descriptor of an open file is being closed. The error becomes that of `close(2)`.
    ///
    /// There may be more descriptors, and more writes.
    fn flush(_state: &mut Self::State) -> Result {
        kernel::build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// The last descriptor has been closed.
    fn release(_data: ArcBorrow<'_, Self::Data>, _state: &mut Self::State) {
        kernel::build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }
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

// SAFETY: The methods for shared references only add to the directory, for which securityfs locks.
unsafe impl<D: Send + Sync + 'static> Sync for Directory<D> {}

impl<D: Send + Sync + 'static> Directory<D> {
    /// Makes a directory in the root of securityfs. Its files answer `ENOENT` until it is
    /// published.
    ///
    /// # Errors
    ///
    /// `EEXIST`, `ENOMEM`. `EACCES` or `ENAMETOOLONG` for a name that no directory can have.
    ///
    /// # Context
    ///
    /// May sleep, for as long as others who list the parent decide.
    pub(crate) fn new(name: &CStr) -> Result<Self> {
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
    pub(crate) fn new_in<P: Send + Sync>(name: &CStr, parent: &Directory<P>) -> Result<Self> {
        Self::create(name, parent.0.as_ptr())
    }

    fn create(name: &CStr, parent: *mut bindings::dentry) -> Result<Self> {
        // SAFETY: The name is a string, the parent null or, by its type's invariant, a directory.
        let dentry = unsafe { bindings::securityfs_create_dir(name.as_char_ptr(), parent) };
        let dentry = from_err_ptr(dentry)?;
        // INVARIANT: It was just made, for this object, and without private data.
        NonNull::new(dentry)
            .map(|dentry| Self(dentry, PhantomData))
            .ok_or(ENOMEM)
    }

    /// Makes a file in the directory. It is removed with the directory.
    ///
    /// # Errors
    ///
    /// As for [`Directory::new`].
    ///
    /// # Context
    ///
    /// As for [`Directory::new`].
    pub(crate) fn file<N: FileOperations<Data = D>>(&self, name: &CStr, mode: u16) -> Result {
        // SAFETY: The name is a string, the parent a directory by the type invariant, the
        // operations are static and made for files of such a directory.
        from_err_ptr(unsafe {
            bindings::securityfs_create_file(
                name.as_char_ptr(),
                mode,
                self.0.as_ptr(),
                core::ptr::null_mut(),
                Callbacks::<N>::TABLE,
            )
        })?;
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
        // SAFETY: The directory is this object's to remove.
        unsafe { bindings::securityfs_remove(self.0.as_ptr()) };
        drop(data);
    }
}

/// An open file. Its `private_data` points here.
#[pin_data]
struct OpenFile<N: FileOperations> {
    data: Arc<N::Data>,
    #[pin]
    state: Mutex<N::State>,
}

/// The table of C's callbacks for a kind of file.
struct Callbacks<N: FileOperations>(PhantomData<N>);

impl<N: FileOperations> Callbacks<N> {
    const TABLE: &'static bindings::file_operations = &bindings::file_operations {
        open: Some(Self::open),
        read: if N::HAS_READ { Some(Self::read) } else { None },
        write: if N::HAS_WRITE {
            Some(Self::write)
        } else {
            None
        },
        flush: if N::HAS_FLUSH {
            Some(Self::flush)
        } else {
            None
        },
        release: Some(Self::release),
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// `file` must be open, with a `private_data` that `open` has set.
    unsafe fn open_file<'a>(file: *mut bindings::file) -> Pin<&'a OpenFile<N>> {
        // SAFETY: `open` has put a `Pin<KBox<OpenFile<N>>>` there, which lives until `release`, and
        // is only borrowed shared until then.
        unsafe { <Pin<KBox<OpenFile<N>>> as ForeignOwnable>::borrow((*file).private_data) }
    }

    /// # Safety
    ///
    /// Called by the VFS for a file of a [`Directory<N::Data>`] that is being opened.
    unsafe extern "C" fn open(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        from_result(|| {
            let data = {
                let _opening = OPENING.lock();
                // SAFETY: The path of a file that is being opened holds its dentry, which holds
                // its parent: a directory of `Directory<N::Data>`. It keeps its inode while it is
                // held, removed or not. With the lock held the pointer is null or an
                // `Arc<N::Data>` that the inode owns.
                unsafe {
                    let dentry = (*file).__bindgen_anon_1.f_path.dentry;
                    let private = (*(*(*dentry).d_parent).d_inode).i_private;
                    if private.is_null() {
                        return Err(ENOENT);
                    }
                    Arc::from(<Arc<N::Data> as ForeignOwnable>::borrow(private))
                }
            };
            let open = KBox::pin_init(
                pin_init!(OpenFile::<N> {
                    data,
                    state <- new_mutex!(N::State::default(), "securityfs::OpenFile"),
                }),
                GFP_KERNEL,
            )?;
            // SAFETY: A file's private data is for the one that opens it.
            unsafe { (*file).private_data = open.into_foreign() };
            Ok(0)
        })
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
        let open = unsafe { Self::open_file(file) };
        // SAFETY: The VFS passes a position of its own.
        let offset = unsafe { &mut *offset };
        let mut to = UserSlice::new(UserPtr::from_ptr(buffer.cast()), length).writer();
        from_result(|| {
            let mut state = open.state.lock();
            Ok(N::read(open.data.as_arc_borrow(), &mut state, &mut to, offset)? as isize)
        })
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
        let open = unsafe { Self::open_file(file) };
        // The file is open for the duration of the call, which the opener does not outlive.
        let opener = Opener(file, PhantomData);
        let from = UserSlice::new(UserPtr::from_ptr(buffer.cast_mut().cast()), length).reader();
        from_result(|| {
            let mut state = open.state.lock();
            N::write(open.data.as_arc_borrow(), &mut state, &opener, from)?;
            Ok(length as isize)
        })
    }

    /// # Safety
    ///
    /// Called by the VFS for a file that `open` has opened.
    unsafe extern "C" fn flush(file: *mut bindings::file, _owner: *mut c_void) -> c_int {
        // SAFETY: `open` has opened the file.
        let open = unsafe { Self::open_file(file) };
        from_result(|| {
            N::flush(&mut open.state.lock())?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// Called by the VFS once, as the last use of a file that `open` has opened.
    unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: `open` has put it there, and this is its last use.
        let open = unsafe {
            <Pin<KBox<OpenFile<N>>> as ForeignOwnable>::from_foreign((*file).private_data)
        };
        if N::HAS_RELEASE {
            N::release(open.data.as_arc_borrow(), &mut open.state.lock());
        }
        0
    }
}
