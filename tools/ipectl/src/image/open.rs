// SPDX-License-Identifier: GPL-2.0-only

//! Opens a root file system of any kind.

use super::{directory::Directory, ext4::Ext4, extract, root::Root};
use crate::failure::{Class, Failure, Result};
use std::{fs::File, io::Read, path::Path};

/// The number of bytes that identify an image.
const HEAD: u64 = 2048;

/// Opens a directory or an image.
///
/// # Errors
///
/// It cannot be read, is neither, or the program that takes it apart is missing or fails.
pub(super) fn open(path: &Path) -> Result<Box<dyn Root>> {
    if path.is_dir() {
        return Ok(Box::new(Directory::new(path.to_owned())));
    }
    let wrong = |error| Failure::file(path, &error);
    let file = File::open(path).map_err(wrong)?;
    let mut head = Vec::new();
    (&file).take(HEAD).read_to_end(&mut head).map_err(wrong)?;
    if head.starts_with(b"hsqs") {
        Ok(Box::new(Directory::extracted(extract::squashfs(path)?)))
    } else if head.get(1024..1028) == Some(&[0xe2, 0xe1, 0xf5, 0xe0]) {
        Ok(Box::new(Directory::extracted(extract::erofs(path)?)))
    } else if head.get(1080..1082) == Some(&[0x53, 0xef]) {
        Ok(Box::new(Ext4::load(path, file)?))
    } else {
        let message = format!("{}: neither a directory nor an image", path.display());
        Err(Failure::new(Class::Invalid, message).hint("an image is squashfs, erofs or ext4"))
    }
}
