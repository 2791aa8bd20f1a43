// SPDX-License-Identifier: GPL-2.0-only

//! Directories, as root file systems.

use super::root::{Entry, Root};
use crate::{
    digest,
    failure::{Failure, Result},
};
use std::{
    fs::{self, File},
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A directory of this machine.
pub(super) struct Directory {
    path: PathBuf,
    /// The temporary directory around it, if it is an unpacked image.
    _temporary: Option<TempDir>,
}

impl Directory {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            _temporary: None,
        }
    }

    pub(super) fn extracted((temporary, path): (TempDir, PathBuf)) -> Self {
        Self {
            path,
            _temporary: Some(temporary),
        }
    }
}

impl Root for Directory {
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
