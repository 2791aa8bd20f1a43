// SPDX-License-Identifier: GPL-2.0-only

//! Devices of records for which no property can hold.

use crate::output::printable;

/// File systems in memory or of the kernel.
const IN_MEMORY: [&str; 7] = [
    "tmpfs",
    "ramfs",
    "devtmpfs",
    "hugetlbfs",
    "proc",
    "sysfs",
    "mqueue",
];

/// File systems that get their files from elsewhere: from a host, a server or a program.
const FROM_ELSEWHERE: [(&str, &str); 9] = [
    ("virtiofs", "of the virtual machine's host"),
    ("9p", "of the virtual machine's host or of a server"),
    ("vboxsf", "of the virtual machine's host"),
    ("fuse", "of a program"),
    ("cifs", "of a server"),
    ("smb3", "of a server"),
    ("ceph", "of a server"),
    ("afs", "of a server"),
    ("nfs", "of a server"),
];

/// Returns whether this is the name of a file system that is on no block device and has no fs-verity.
/// One that takes its files from a program does not count: those may be files of the machine.
pub(crate) fn is_unprotected(device: &str) -> bool {
    let of_program = |from: &str| from == "of a program";
    let mut elsewhere = FROM_ELSEWHERE.iter();
    IN_MEMORY.contains(&device)
        || elsewhere.any(|(name, from)| *name == device && !of_program(from))
}

/// Returns whether this may be an EROFS image that is mounted from a file. As other file systems
/// without a block device, NFS for example, it is known by a number.
pub(crate) fn may_be_image(device: &str) -> bool {
    device.starts_with("0:")
}

/// Explains why no property can hold for a file on this device, if that is so.
pub(super) fn without_properties(path: &str, device: &str) -> Option<String> {
    if path.starts_with("/memfd:") {
        return Some(
            "the program executes a copy in memory (memfd_create(2)), as container runtimes do \
             with their own program; a copy has no properties, so no rule can allow it alone: \
             use a version or a setting of the program that executes the file itself"
                .to_owned(),
        );
    }
    if IN_MEMORY.contains(&device) {
        return Some(format!(
            "{device} supports neither dm-verity nor fs-verity: move the file elsewhere"
        ));
    }
    let is_named = |(name, _): &&(&str, &str)| *name == device;
    let from = match FROM_ELSEWHERE.iter().find(is_named) {
        Some((_, from)) => from,
        // Only a file system without a block device is known by a number.
        None if may_be_image(device) => {
            return Some(format!(
                "{} is an EROFS image that is mounted from a file, or a file system of a server, \
                 such as NFS, which has no property; the files of an image can be allowed by \
                 metadata_backing_file_fsverity_digest, with the fs-verity digest of the image \
                 (ipectl digest --images IMAGE)",
                printable(device.as_bytes())
            ))
        }
        None => return None,
    };
    let device = printable(device.as_bytes());
    Some(format!(
        "{device} has files {from}: it has no fs-verity, and no volume that the kernel verifies; \
         copy the file to a file system with fs-verity, or into an image on a dm-verity volume"
    ))
}
