// SPDX-License-Identifier: GPL-2.0-only

//! Root file systems, in directories and images.

use crate::failure::Result;
use std::{io::Read, path::PathBuf};

/// A regular file of a root file system.
pub(super) struct Entry {
    /// Its path there, from `/`. The author of an image chose it.
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
