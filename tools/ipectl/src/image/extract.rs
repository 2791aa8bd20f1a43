// SPDX-License-Identifier: GPL-2.0-only

//! Images of squashfs and erofs, unpacked by their own tools.
//!
//! Both programs refuse an image with names that lead out of the directory: `unsquashfs` since
//! 4.5.1
//! (CVE-2021-40153, CVE-2021-41072), `fsck.erofs` where a name has a slash or comes twice.

use crate::failure::{reason, Class, Failure, Result};
use std::{
    ffi::OsString,
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Unpacks a squashfs image, which begins somewhere in the file. The second path is below the first, and is removed with it.
///
/// # Errors
///
/// `unsquashfs` is missing or fails.
pub(super) fn squashfs(image: &Path, start: u64) -> Result<(TempDir, PathBuf)> {
    extract(image, |root| {
        let mut command = Command::new("unsquashfs");
        command.args(["-no-xattrs", "-ignore-errors", "-no-progress"]);
        if start > 0 {
            command.args(["-offset", &start.to_string()]);
        }
        command.arg("-dest").arg(root).arg(image);
        command
    })
}

/// Unpacks an erofs image, which begins somewhere in the file. The second path is below the first, and is removed with it.
///
/// # Errors
///
/// `fsck.erofs` is missing or fails.
pub(super) fn erofs(image: &Path, start: u64) -> Result<(TempDir, PathBuf)> {
    extract(image, |root| {
        let mut option = OsString::from("--extract=");
        option.push(root);
        let mut command = Command::new("fsck.erofs");
        command.arg("--no-preserve").arg(option);
        if start > 0 {
            command.arg(format!("--offset={start}"));
        }
        command.arg(image);
        command
    })
}

fn extract(image: &Path, command: impl Fn(&Path) -> Command) -> Result<(TempDir, PathBuf)> {
    // Owners, setuid bits and devices of the image may be restored where root does this. The image
    // also sets the permissions of its root, but not those of the directory around it.
    let directory = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o700))
        .tempdir()?;
    let root = directory.path().join("root");
    let mut command = command(&root);
    // These programs may lie outside of an ordinary user's path.
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        Failure::new(Class::Unsupported, format!("{program}: {}", reason(&error))).hint(
            "install squashfs-tools or erofs-utils, or mount the image and pass the directory",
        )
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    // fsck.erofs ends with 0 where the superblock is damaged.
    let complete = output.status.success() || misses_only_devices(output.status.code(), &said);
    if !complete || !root.is_dir() {
        let said = said.lines().last().unwrap_or_default().to_owned();
        let message = format!("{}: {program} failed: {said}", image.display());
        return Err(Failure::new(Class::Invalid, message));
    }
    Ok((directory, root))
}

/// Whether `unsquashfs` has unpacked all but device nodes, which only root may make. No policy is
/// asked about them.
fn misses_only_devices(code: Option<i32>, said: &str) -> bool {
    // It ends with 2 if it could go on after all errors.
    const GOES_ON: i32 = 2;
    let kinds = ["character device ", "block device "];
    let about_device = |line: &str| {
        let failed = line.strip_prefix("create_inode: ");
        let failed = failed.and_then(|rest| {
            let rest = rest.strip_prefix("could not create ");
            rest.or(line.strip_prefix("create_inode: failed to create "))
        });
        failed.is_some_and(|what| kinds.iter().any(|kind| what.starts_with(kind)))
    };
    let mut lines = said.lines().filter(|line| !line.is_empty()).peekable();
    code == Some(GOES_ON) && lines.peek().is_some() && lines.all(about_device)
}

#[cfg(test)]
mod tests;
