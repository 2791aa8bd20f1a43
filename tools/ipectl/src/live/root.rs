// SPDX-License-Identifier: GPL-2.0-only

//! The files of the records, below the directory that was their root directory.
//!
//! Since a record was written, its author may have replaced the file: by a link that leads elsewhere,
//! a FIFO without a writer, or a device that does something when it is opened.

use crate::failure::{Class, Failure, Result};
use rustix::fs::{openat2, Mode, OFlags, ResolveFlags};
use std::{
    fs::{self, File},
    io,
    os::{fd::AsRawFd, unix::fs::MetadataExt},
    path::Path,
};

/// A regular file that is where a record says.
pub(crate) struct Found {
    /// The file, to read.
    pub(crate) file: File,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// Its inode, if the records are about the same file system, and not about an image or a copy.
    pub(crate) inode: Option<u64>,
}

/// Opens a file as a process would whose root directory is `root`: no link leads out of it.
///
/// # Errors
///
/// It is not there, not a regular file, or cannot be read.
pub(crate) fn open(root: &Path, path: &str) -> Result<Found> {
    let shown = root.join(path.trim_start_matches('/'));
    let wrong = |error: io::Error| Failure::file(&shown, &error);
    let directory = File::open(root).map_err(|error| Failure::file(root, &error))?;
    let place = openat2(
        &directory,
        path,
        OFlags::PATH | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
    )
    .map_err(|error| wrong(error.into()))?;
    let place = File::from(place);
    let metadata = place.metadata().map_err(wrong)?;
    if !metadata.is_file() {
        let message = format!("{}: not a regular file", shown.display());
        return Err(Failure::new(Class::Input, message));
    }
    // Opening a device or a FIFO could do something, so only a regular file is opened for reading.
    let file = File::open(format!("/proc/self/fd/{}", place.as_raw_fd())).map_err(wrong)?;
    Ok(Found {
        file,
        length: metadata.len(),
        inode: is_own(&directory).then(|| metadata.ino()),
    })
}

/// Returns whether a directory is the root directory of this system.
fn is_own(directory: &File) -> bool {
    match (directory.metadata(), fs::metadata("/")) {
        (Ok(directory), Ok(root)) => (directory.dev(), directory.ino()) == (root.dev(), root.ino()),
        _ => false,
    }
}
