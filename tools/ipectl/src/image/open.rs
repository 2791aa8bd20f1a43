// SPDX-License-Identifier: GPL-2.0-only

//! Opens a root file system of any kind.

use super::{
    directory::Directory,
    erofs,
    ext4::Ext4,
    extract,
    initramfs::{is_archive, Initramfs},
    root::Root,
    uki,
};
use crate::{
    disk::{self, Part},
    erofs::is_image as is_erofs,
    failure::{Class, Failure, Result},
};
use std::{io::Read, path::Path};

/// The number of bytes that identify an image.
const HEAD: u64 = 8192;

/// Opens a directory, an image, or a partition of the image of a disk.
///
/// # Errors
///
/// It cannot be read, is neither, or the program that takes it apart is missing or fails.
pub(super) fn open(path: &Path, partition: Option<&str>) -> Result<Box<dyn Root>> {
    if path.is_dir() && partition.is_none() {
        return Ok(Box::new(Directory::new(path.to_owned())));
    }
    let wrong = |error| Failure::file(path, &error);
    let mut part = Part::open(path, partition)?;
    let mut head = Vec::new();
    part.by_ref()
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(wrong)?;
    let start = part.start();
    let all = |head: &[u8], mut rest: Part| {
        let mut bytes = head.to_vec();
        rest.read_to_end(&mut bytes).map_err(wrong)?;
        Ok::<_, Failure>(bytes)
    };
    if head.starts_with(b"hsqs") {
        let extracted = extract::squashfs(path, start)?;
        Ok(Box::new(Directory::extracted(extracted)))
    } else if is_erofs(&head) {
        if let Some(refusal) = erofs::refusal(path, &head) {
            return Err(refusal);
        }
        let extracted = extract::erofs(path, start);
        let extracted = extracted.map_err(|failure| {
            let too_old = erofs::too_old(path, &head, &failure.message);
            too_old.unwrap_or(failure)
        });
        Ok(Box::new(Directory::extracted(extracted?)))
    } else if head.get(1080..1082) == Some(&[0x53, 0xef]) {
        Ok(Box::new(Ext4::load(path, part)?))
    } else if is_archive(&head) {
        let bytes = all(&head, part)?;
        Ok(Box::new(Initramfs::read(path, &bytes)?))
    } else if uki::is_program(&head) {
        let bytes = all(&head, part)?;
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
    } else if let Some((what, hint)) = disk::describe(path).filter(|_| partition.is_none()) {
        let message = format!("{}: {what}", path.display());
        Err(Failure::new(Class::Invalid, message).hint(hint))
    } else {
        let message = format!("{}: neither a directory nor an image", part.name());
        Err(Failure::new(Class::Invalid, message).hint(
            "an image is squashfs, erofs or ext4, or an initramfs; mount any other, and pass the \
             directory",
        ))
    }
}
