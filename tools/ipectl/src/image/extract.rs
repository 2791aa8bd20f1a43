// SPDX-License-Identifier: GPL-2.0-only

//! Images of file systems, taken apart by the programs that know them.

use crate::failure::{reason, Class, Failure, Result};
use std::{
    fs::File,
    io::Read,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// How much of an image tells its kind.
const HEAD: usize = 2048;

/// What takes an image apart into a folder.
fn command(head: &[u8], image: &Path, folder: &Path) -> Option<Command> {
    let (image, folder) = (image.as_os_str(), folder.as_os_str());
    let mut command;
    if head.starts_with(b"hsqs") {
        command = Command::new("unsquashfs");
        command.args([
            "-no-xattrs",
            "-ignore-errors",
            "-no-progress",
            "-force",
            "-dest",
        ]);
        command.args([folder, image]);
    } else if head.get(1024..1028) == Some(&[0xe2, 0xe1, 0xf5, 0xe0]) {
        let mut option = std::ffi::OsString::from("--extract=");
        option.push(folder);
        command = Command::new("fsck.erofs");
        command
            .args(["--force", "--no-preserve-owner"])
            .arg(option)
            .arg(image);
    } else if head.get(1080..1082) == Some(&[0x53, 0xef]) {
        command = Command::new("debugfs");
        command.arg("-R");
        command.arg(format!("rdump / \"{}\"", Path::new(folder).display()));
        command.arg(image);
    } else {
        return None;
    }
    // These programs may lie outside of an ordinary user's path.
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    Some(command)
}

/// Takes an image apart; the folder goes with the value.
///
/// # Errors
///
/// It is none, or the program for it is missing or fails.
pub(super) fn extract(image: &Path) -> Result<TempDir> {
    let mut head = Vec::new();
    File::open(image)
        .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
        .map_err(|error| Failure::file(image, &error))?;
    let folder = TempDir::new()?;
    let mut command = command(&head, image, folder.path()).ok_or_else(|| {
        let message = format!("{}: not a folder, nor an image", image.display());
        Failure::new(Class::Invalid, message).hint("images are squashfs, erofs or ext4")
    })?;
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        Failure::new(Class::Unsupported, format!("{program}: {}", reason(&error))).hint(
            "install squashfs-tools, erofs-utils or e2fsprogs; or mount the image, and name \
                 the folder",
        )
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or_default().to_owned();
        let message = format!("{}: {program} failed: {said}", image.display());
        return Err(Failure::new(Class::Invalid, message));
    }
    Ok(folder)
}
