// SPDX-License-Identifier: GPL-2.0-only

//! Writes files as a whole or not at all, and never over an input.

use crate::failure::{Class, Failure, Result};
use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{fchown, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};
use tempfile::Builder;

/// The permissions of a new file, before the umask.
const NEW: u32 = 0o666;

/// Writes a file. If that fails, or the machine does, it has its old content.
///
/// A link is kept, and its target is written. The permissions are kept, and so is the owner if this
/// process may give files away. Anything but a regular file, such as `/dev/stdout`, is written to.
///
/// # Errors
///
/// The file is not writable, its directory is not writable, or there is no room.
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
        // There is no old content to lose.
        _ => return fs::write(path, bytes).map_err(wrong),
    };
    if existing.is_some() {
        // A writable directory is not enough to replace a file that is not writable.
        OpenOptions::new()
            .write(true)
            .open(&target)
            .map_err(wrong)?;
    }
    let directory = match target.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    let mut file = Builder::new()
        .permissions(Permissions::from_mode(NEW))
        .tempfile_in(directory)
        .map_err(|error| {
            Failure::file(directory, &error)
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

/// Copies the owner and the permissions of another file.
fn keep(file: &File, of: &Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (of.uid(), of.gid()) {
        // Only root may give files away.
        let _ = fchown(file, Some(of.uid()), Some(of.gid()));
    }
    // Changing the owner clears setuid and setgid, so permissions come last.
    file.set_permissions(of.permissions())
}

/// Refuses an output that is one of the inputs. Each input has a description; `-` is standard
/// input.
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
