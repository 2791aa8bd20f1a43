// SPDX-License-Identifier: GPL-2.0-only

//! Files that the kernel opens by their path, and reads whole.
//!
//! C header: [`include/linux/kernel_read_file.h`](srctree/include/linux/kernel_read_file.h)

use super::alloc::PageExactVec;
use super::bindings;
use super::fs::File;
use core::ffi::CStr;
use core::ptr::NonNull;
use kernel::error::from_err_ptr;
use kernel::ffi::{
    c_int,
    c_void, //
};
use kernel::fs::file::flags::{
    O_LARGEFILE,
    O_NOCTTY,
    O_NONBLOCK,
    O_RDONLY, //
};
use kernel::prelude::*;
use kernel::sync::aref::ARef;

/// Opens a file for reading, as the calling task would: with its credentials, and below its root
/// directory. Does not wait for the other end of a FIFO.
///
/// # Errors
///
/// Those of `open(2)`.
///
/// # Context
///
/// May sleep, for as long as a file system decides. No lock may be held that others need.
#[allow(dead_code, reason = "not every module reads files")]
pub(crate) fn open(path: &CStr) -> Result<ARef<File>> {
    const FLAGS: u32 = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_LARGEFILE;
    // SAFETY: The path is a string.
    let file = unsafe { bindings::filp_open(path.as_char_ptr(), FLAGS as c_int, 0) };
    let file = NonNull::new(from_err_ptr(file)?).ok_or(ENOENT)?;
    // SAFETY: The file is open, and its reference is the caller's, who passes it on.
    Ok(unsafe { ARef::from_raw(file.cast()) })
}

/// Reads all of a file, as a security policy: the security modules are asked before (C's
/// `READING_POLICY`), and after. Meanwhile nobody can open the file for writing.
///
/// # Errors
///
/// - `EINVAL` for a file that is not regular, or empty.
/// - `ETXTBSY` where somebody has opened it for writing.
/// - `EFBIG` where it is longer than `limit`.
/// - `EIO` where its length changes, `ENOMEM`.
/// - Those of the file system and of the security modules.
///
/// # Context
///
/// As for [`open`].
#[allow(dead_code, reason = "not every module reads files")]
pub(crate) fn read_policy(file: &File, limit: usize) -> Result<PageExactVec<u8>> {
    let mut buffer: *mut c_void = core::ptr::null_mut();
    // SAFETY: The file is open. The buffer is null, so that C allocates one, of no more than the
    // limit. Without a place for the length of the file, C reads all of it or fails.
    let length = unsafe {
        bindings::kernel_read_file(
            file.as_ptr(),
            0,
            &mut buffer,
            limit,
            core::ptr::null_mut(),
            bindings::kernel_read_file_id_READING_POLICY,
        )
    };
    let Ok(length) = usize::try_from(length) else {
        // An errno fits.
        return Err(Error::from_errno(length as c_int));
    };
    // SAFETY: C has allocated the buffer by `vmalloc()`, which is how `PageExact` allocates long
    // objects, and whose memory it frees. It is as long as the file, which is more than 0 and was
    // read to its end, so that so many bytes are initialised, and no longer than the limit.
    Ok(unsafe { PageExactVec::from_raw_parts(buffer.cast(), length, length) })
}
