// SPDX-License-Identifier: GPL-2.0-only

//! Opens a root file system of any kind.

use super::{
    directory::Directory,
    erofs,
    ext4::Ext4,
    extract,
    initramfs::{is_archive, Initramfs},
    partitions,
    root::Root,
    uki,
};
use crate::failure::{Class, Failure, Result};
use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

/// The number of bytes that identify an image.
const HEAD: u64 = 8192;

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
        if let Some(refusal) = erofs::refusal(path, &head) {
            return Err(refusal);
        }
        let extracted = extract::erofs(path);
        let extracted = extracted.map_err(|failure| {
            let too_old = erofs::too_old(path, &head, &failure.message);
            too_old.unwrap_or(failure)
        });
        Ok(Box::new(Directory::extracted(extracted?)))
    } else if head.get(1080..1082) == Some(&[0x53, 0xef]) {
        Ok(Box::new(Ext4::load(path, file)?))
    } else if is_archive(&head) {
        let bytes = fs::read(path).map_err(wrong)?;
        Ok(Box::new(Initramfs::read(path, &bytes)?))
    } else if uki::is_program(&head) {
        let bytes = fs::read(path).map_err(wrong)?;
        match uki::initramfs(&bytes).as_deref() {
            Some([initramfs]) => Ok(Box::new(Initramfs::read(path, initramfs)?)),
            found => {
                let message = match found {
                    Some([]) => "a program of UEFI without an initramfs (.initrd)",
                    Some(_) => "a kernel image with several profiles, each with an initramfs",
                    None => "the program of UEFI is damaged or cut off",
                };
                let message = format!("{}: {message}", path.display());
                Err(Failure::new(Class::Invalid, message).hint(
                    "to get the initramfs: objcopy --dump-section .initrd=NEW KERNEL /dev/null",
                ))
            }
        }
    } else if let Some(table) = partitions::table(&head) {
        let message = format!(
            "{}: the image of a whole disk, with a partition table ({table})",
            path.display()
        );
        Err(Failure::new(Class::Invalid, message).hint(format!(
            "name the partition: as root, 'losetup --find --show --read-only --partscan {}' \
             prints /dev/loopN; then pass /dev/loopNpM",
            path.display()
        )))
    } else {
        let message = format!("{}: neither a directory nor an image", path.display());
        Err(Failure::new(Class::Invalid, message).hint(
            "an image is squashfs, erofs or ext4, or an initramfs; mount any other, and pass the \
             directory",
        ))
    }
}
