// SPDX-License-Identifier: GPL-2.0-only

//! Images of ext4, which are read in place.
//!
//! `debugfs`, which could take them apart, creates files by whatever names an image has: `../x`, or
//! one that an earlier link of the same name leads elsewhere. Here a name is nothing but text.

use super::root::{Entry, Root};
use crate::{
    disk::Part,
    failure::{Class, Failure, Result},
};
use ext4_view::{Ext4Error, Ext4Read, PathBuf as Ext4Path};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// Where the superblock begins, and fields in it: `struct ext4_super_block` of the kernel.
const SUPERBLOCK: u64 = 1024;
const BLOCKS_LOW: u64 = 0x4;
const BLOCK_EXPONENT: u64 = 0x18;
const BLOCKS_HIGH: u64 = 0x150;

/// The length of the shortest directory entry: inode, lengths, type, and a name of one byte.
const MIN_ENTRY: u64 = 12;

/// No sensible tree is deeper, but a tree with a loop is.
const MAX_DEPTH: usize = 128;

/// The error for such a tree.
const TANGLED: &str = "its directories form a loop";

/// The error of what the reader of the file system reads from.
type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// A file system of ext2, ext3 or ext4.
pub(super) struct Ext4 {
    /// How messages name it.
    image: PathBuf,
    system: ext4_view::Ext4,
    /// How many entries its directories can have, if none of them is in two.
    max_entries: u64,
}

impl Ext4 {
    /// Reads what describes the file system.
    ///
    /// # Errors
    ///
    /// It is damaged, or has features that are not known here.
    pub(super) fn load(image: &Path, part: Part) -> Result<Self> {
        let length = part.length().unwrap_or(u64::MAX);
        // Room for its groups of blocks is made before they are read.
        if claimed(&part).map_err(|error| Failure::file(image, &error))? > u128::from(length) {
            let message = format!("{}: shorter than its file system", image.display());
            return Err(Failure::new(Class::Invalid, message).hint("is the image complete?"));
        }
        Ok(Self {
            image: image.to_owned(),
            system: ext4_view::Ext4::load(Box::new(part)).map_err(|error| failed(image, error))?,
            max_entries: length / MIN_ENTRY,
        })
    }

    fn corrupt(&self, directory: &Ext4Path, what: &str) -> Failure {
        let message = format!(
            "{}: {}: {what}",
            self.image.display(),
            host(directory).display()
        );
        Failure::new(Class::Invalid, message)
    }
}

impl Ext4Read for Part {
    fn read(&mut self, start: u64, to: &mut [u8]) -> std::result::Result<(), BoxedError> {
        Ok(self.read_exact_at(to, start)?)
    }
}

impl Root for Ext4 {
    fn files(&self) -> Result<Vec<Entry>> {
        let failed = |error| failed(&self.image, error);
        let mut files = Vec::new();
        let mut entries = 0;
        let mut directories = vec![(Ext4Path::new("/"), 0)];
        while let Some((directory, depth)) = directories.pop() {
            if depth > MAX_DEPTH {
                return Err(self.corrupt(&directory, TANGLED));
            }
            let mut names = BTreeSet::new();
            for entry in self.system.read_dir(&directory).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                entries += 1;
                if entries > self.max_entries {
                    return Err(self.corrupt(&directory, TANGLED));
                }
                let name = entry.file_name();
                if name == "." || name == ".." {
                    continue;
                }
                // The kernel finds one of them, and this program might judge the other.
                if !names.insert(name.as_ref().to_vec()) {
                    return Err(self.corrupt(&entry.path(), "two files have the same name"));
                }
                let metadata = entry.metadata().map_err(failed)?;
                if metadata.is_dir() {
                    directories.push((entry.path(), depth + 1));
                } else if metadata.file_type().is_regular_file() {
                    files.push(Entry {
                        path: host(&entry.path()),
                        mode: metadata.mode().into(),
                        size: metadata.len(),
                    });
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    fn open(&self, file: &Entry) -> Result<Box<dyn Read>> {
        let path = Ext4Path::new(file.path.as_os_str().as_bytes());
        let opened = self.system.open(&path);
        Ok(Box::new(opened.map_err(|error| {
            failed(&self.image, error).about(file.path.display())
        })?))
    }
}

/// How long the file system is, in bytes, as its superblock says.
fn claimed(part: &Part) -> io::Result<u128> {
    let number = |offset| {
        let mut bytes = [0; 4];
        part.read_exact_at(&mut bytes, SUPERBLOCK + offset)?;
        io::Result::Ok(u32::from_le_bytes(bytes))
    };
    let high = u128::from(number(BLOCKS_HIGH)?);
    let blocks = (high << 32) + u128::from(number(BLOCKS_LOW)?);
    // The reader of the file system refuses larger blocks.
    let exponent = number(BLOCK_EXPONENT)?.min(6);
    Ok(blocks << (10 + exponent))
}

/// Returns a path of the standard library.
fn host(path: &Ext4Path) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(path.as_ref()))
}

fn failed(image: &Path, error: Ext4Error) -> Failure {
    let class = match error {
        Ext4Error::Io(_) => Class::Input,
        _ => Class::Invalid,
    };
    let failure = Failure::new(class, format!("{}: {error}", image.display()));
    match error {
        Ext4Error::Incompatible(_) | Ext4Error::Encrypted => {
            failure.hint("mount the image and pass the directory")
        }
        _ => failure,
    }
}
