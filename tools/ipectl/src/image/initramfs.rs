// SPDX-License-Identifier: GPL-2.0-only

//! An initramfs: archives of cpio in a row, each of them compressed or not, as the kernel takes them
//! apart (`init/initramfs.c`).

use super::{
    root::{Entry, Root},
    unpack,
};
use crate::failure::{Class, Failure, Result};
use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsStr,
    io::{Cursor, Read},
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

/// The archives with and without checksums that the kernel takes.
const MAGICS: [&[u8]; 2] = [b"070701", b"070702"];

/// The archives of older formats, which it refuses.
const OLD_MAGICS: [&[u8]; 2] = [b"070707", b"\xc7\x71"];

/// The length of a header.
const HEADER: usize = 110;

/// The name of the last entry of an archive.
const TRAILER: &[u8] = b"TRAILER!!!";

/// The types of files.
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// The regular files of an initramfs.
#[derive(Default)]
pub(super) struct Initramfs {
    files: BTreeMap<PathBuf, File>,
    contents: Vec<Vec<u8>>,
}

struct File {
    mode: u32,
    /// Which of the contents it has: links to a file share one.
    content: usize,
}

/// Whether an initramfs begins so: with an archive or something compressed.
pub(super) fn is_archive(head: &[u8]) -> bool {
    let begins = |magic: &&[u8]| head.starts_with(magic);
    MAGICS.iter().chain(&OLD_MAGICS).any(begins) || unpack::is_compressed(head)
}

impl Initramfs {
    /// Reads the archives.
    ///
    /// # Errors
    ///
    /// They are damaged, or the program that unpacks them is missing or fails.
    pub(super) fn read(image: &Path, bytes: &[u8]) -> Result<Self> {
        let mut initramfs = Self::default();
        let about = |failure: Failure| failure.about(image.display());
        let mut rest = bytes;
        loop {
            // Archives are padded with zeros.
            let padding = rest.iter().take_while(|byte| **byte == 0).count();
            rest = &rest[padding..];
            if rest.is_empty() {
                break;
            }
            rest = if unpack::is_compressed(rest) {
                let (unpacked, after) = unpack::unpack(rest).map_err(about)?;
                initramfs.add_all(&unpacked).map_err(about)?;
                after
            } else {
                initramfs.add(rest).map_err(about)?
            };
        }
        Ok(initramfs)
    }

    /// Adds archives that are not compressed, one after another.
    fn add_all(&mut self, mut rest: &[u8]) -> Result<()> {
        loop {
            let padding = rest.iter().take_while(|byte| **byte == 0).count();
            rest = &rest[padding..];
            if rest.is_empty() {
                return Ok(());
            }
            rest = self.add(rest)?;
        }
    }

    /// Adds the archive at the beginning of these bytes, and returns what follows it.
    fn add<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8]> {
        let damaged = || Failure::new(Class::Invalid, "the initramfs is damaged or cut off");
        let mut links: HashMap<[u32; 3], usize> = HashMap::new();
        let mut rest = bytes;
        loop {
            if OLD_MAGICS.iter().any(|magic| rest.starts_with(magic)) {
                let message = "the archive has an old format, which the kernel refuses";
                return Err(Failure::new(Class::Invalid, message)
                    .hint("make it with 'cpio --create --format=newc'"));
            }
            if !MAGICS.iter().any(|magic| rest.starts_with(magic)) {
                return Err(damaged());
            }
            let header = rest.get(..HEADER).ok_or_else(damaged)?;
            let field = |number: usize| {
                let digits = &header[6 + 8 * number..][..8];
                let digits = std::str::from_utf8(digits).map_err(|_| damaged())?;
                u32::from_str_radix(digits, 16).map_err(|_| damaged())
            };
            let (mode, length) = (field(1)?, field(6)? as usize);
            let name_length = field(11)? as usize;
            let name = rest
                .get(HEADER..)
                .and_then(|after| after.get(..name_length));
            let name = name.ok_or_else(damaged)?;
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let start = aligned(HEADER + name_length);
            let content = rest.get(start..).and_then(|after| after.get(..length));
            let content = content.ok_or_else(damaged)?;
            rest = rest.get(aligned(start + length)..).unwrap_or_default();
            if name == TRAILER {
                return Ok(rest);
            }
            let path = place(name);
            if mode & TYPE != REGULAR {
                // It takes the place of a file of that name.
                self.files.remove(&path);
                continue;
            }
            let new = self.contents.len();
            let number = if field(4)? > 1 {
                *links
                    .entry([field(0)?, field(7)?, field(8)?])
                    .or_insert(new)
            } else {
                new
            };
            if number == new {
                self.contents.push(Vec::new());
            }
            // One of the links has the content, often the last one.
            if !content.is_empty() {
                self.contents[number] = content.to_vec();
            }
            self.files.insert(
                path,
                File {
                    mode,
                    content: number,
                },
            );
            if rest.is_empty() {
                return Err(damaged());
            }
        }
    }

    fn content(&self, path: &Path) -> &[u8] {
        let file = self.files.get(path);
        file.map_or(&[], |file| &self.contents[file.content])
    }
}

impl Root for Initramfs {
    fn files(&self) -> Result<Vec<Entry>> {
        let entry = |(path, file): (&PathBuf, &File)| Entry {
            path: path.clone(),
            mode: file.mode,
            size: self.contents[file.content].len() as u64,
        };
        Ok(self.files.iter().map(entry).collect())
    }

    fn open(&self, file: &Entry) -> Result<Box<dyn Read>> {
        Ok(Box::new(Cursor::new(self.content(&file.path).to_vec())))
    }
}

/// Names and contents begin at multiples of 4.
const fn aligned(offset: usize) -> usize {
    offset.saturating_add(3) & !3
}

/// Where the kernel puts a file of this name.
fn place(name: &[u8]) -> PathBuf {
    let mut place = PathBuf::from("/");
    for component in Path::new(OsStr::from_bytes(name)).components() {
        match component {
            Component::Normal(name) => place.push(name),
            Component::ParentDir => {
                place.pop();
            }
            _ => {}
        }
    }
    place
}

#[cfg(test)]
mod tests;
