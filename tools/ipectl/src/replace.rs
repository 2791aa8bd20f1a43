// SPDX-License-Identifier: GPL-2.0-only

//! Files that are written: as a whole or not at all, and never over what a command reads.

use crate::failure::{Class, Failure, Result};
use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{fchown, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};
use tempfile::Builder;

/// What a new file's permissions are, as far as the umask lets them.
const NEW: u32 = 0o666;

/// Writes a file. If that fails, or the machine does, it has its old content.
///
/// A link stays, and what it leads to is written. Permissions stay, and the owner where this process
/// may give files away. What is no regular file, such as `/dev/stdout`, is written into.
///
/// # Errors
///
/// The file may not be written, no file may be made in its folder, or there is no room.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let wrong = |error| Failure::file(path, &error);
    let existing = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(wrong(error)),
    };
    let target = match &existing {
        Some(metadata) if metadata.is_file() => fs::canonicalize(path).map_err(wrong)?,
        None if !path.is_symlink() => path.to_owned(),
        // There is no old content that could be lost.
        _ => return fs::write(path, bytes).map_err(wrong),
    };
    if existing.is_some() {
        // Who may not write the file may not replace it, which the folder alone would allow.
        OpenOptions::new()
            .write(true)
            .open(&target)
            .map_err(wrong)?;
    }
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut file = Builder::new()
        .permissions(Permissions::from_mode(NEW))
        .tempfile_in(folder)
        .map_err(|error| {
            Failure::file(folder, &error)
                .hint("the new content is written to a temporary file there first")
        })?;
    let written = file.write_all(bytes);
    written.map_err(wrong)?;
    if let Some(metadata) = &existing {
        keep(file.as_file(), metadata).map_err(wrong)?;
    }
    file.as_file().sync_all().map_err(wrong)?;
    file.persist(&target).map_err(|error| wrong(error.error))?;
    Ok(())
}

/// Gives a file the owner and the permissions of another.
fn keep(file: &File, of: &Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (of.uid(), of.gid()) {
        // Only root may give files away.
        let _ = fchown(file, Some(of.uid()), Some(of.gid()));
    }
    // After the owner, a change of which takes setuid and setgid away.
    file.set_permissions(of.permissions())
}

/// Refuses an output that is one of the inputs, each with what it is; `-` is standard input.
///
/// # Errors
///
/// It is one, by whatever name.
pub fn check_distinct(output: &Path, inputs: &[(&str, PathBuf)]) -> Result<()> {
    let Some(identity) = identity(output) else {
        return Ok(());
    };
    for (what, input) in inputs {
        let input = match input.to_str() {
            Some("-") => Path::new("/dev/stdin"),
            _ => input,
        };
        if self::identity(input) == Some(identity) {
            let message = format!("{}: this would overwrite the {what}", output.display());
            return Err(
                Failure::new(Class::Usage, message).hint("choose another file with --output")
            );
        }
    }
    Ok(())
}

/// The device and the inode of a regular file.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    metadata.is_file().then(|| (metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests;
