// SPDX-License-Identifier: GPL-2.0-only

//! Root file systems, whatever they lie in.

use super::{ext4::Ext4, extract};
use crate::{
    digest,
    failure::{Class, Failure, Result},
};
use std::{
    fs::{self, File},
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// How much of an image tells its kind.
const HEAD: u64 = 2048;

/// A regular file of a root file system.
pub(super) struct Entry {
    /// Its path there, from `/`. Whoever made an image chose it.
    pub(super) path: PathBuf,
    /// Its permissions.
    pub(super) mode: u32,
    /// Its length in bytes.
    pub(super) size: u64,
}

/// A root file system that can be read.
pub(super) trait Root {
    /// Its regular files, in order; links are not followed.
    ///
    /// # Errors
    ///
    /// A directory cannot be read.
    fn files(&self) -> Result<Vec<Entry>>;

    /// Opens one of them.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn open(&self, file: &Entry) -> Result<Box<dyn Read>>;
}

/// Opens a folder or an image.
///
/// # Errors
///
/// It cannot be read, is neither, or the program that takes it apart is missing or fails.
pub(super) fn open(path: &Path) -> Result<Box<dyn Root>> {
    if path.is_dir() {
        return Ok(Box::new(Folder::new(path.to_owned())));
    }
    let wrong = |error| Failure::file(path, &error);
    let file = File::open(path).map_err(wrong)?;
    let mut head = Vec::new();
    (&file).take(HEAD).read_to_end(&mut head).map_err(wrong)?;
    if head.starts_with(b"hsqs") {
        Ok(Box::new(Folder::extracted(extract::squashfs(path)?)))
    } else if head.get(1024..1028) == Some(&[0xe2, 0xe1, 0xf5, 0xe0]) {
        Ok(Box::new(Folder::extracted(extract::erofs(path)?)))
    } else if head.get(1080..1082) == Some(&[0x53, 0xef]) {
        Ok(Box::new(Ext4::load(path, file)?))
    } else {
        let message = format!("{}: not a folder, nor an image", path.display());
        Err(Failure::new(Class::Invalid, message).hint("images are squashfs, erofs or ext4"))
    }
}

/// A folder of this machine.
struct Folder {
    path: PathBuf,
    /// What goes with it, where it was made for this.
    _temporary: Option<TempDir>,
}

impl Folder {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            _temporary: None,
        }
    }

    fn extracted((temporary, path): (TempDir, PathBuf)) -> Self {
        Self {
            path,
            _temporary: Some(temporary),
        }
    }
}

impl Root for Folder {
    fn files(&self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for file in digest::files(&self.path)? {
            let metadata =
                fs::symlink_metadata(&file).map_err(|error| Failure::file(&file, &error))?;
            let below = file.strip_prefix(&self.path).unwrap_or(&file);
            entries.push(Entry {
                path: Path::new("/").join(below),
                mode: metadata.permissions().mode(),
                size: metadata.len(),
            });
        }
        Ok(entries)
    }

    fn open(&self, file: &Entry) -> Result<Box<dyn Read>> {
        let below = file.path.strip_prefix("/").unwrap_or(&file.path);
        let opened = File::open(self.path.join(below));
        Ok(Box::new(
            opened.map_err(|error| Failure::file(&file.path, &error))?,
        ))
    }
}
