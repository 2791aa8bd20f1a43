// SPDX-License-Identifier: GPL-2.0-only

//! Digests of files and volumes.

mod dmverity;
mod fsverity;
mod merkle;
mod table;

pub use self::{
    dmverity::{root_hash, root_hash_of, Verified, Volume},
    fsverity::Parameters,
    table::Table,
};

use crate::{
    disk::Part,
    failure::{Class, Failure, Result},
    object::Digest,
    output::printable,
    progress::Progress,
};
use serde::Serialize;
use std::{
    fs::{self, File},
    io::BufReader,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// A digest and what has it.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The file.
    pub path: String,
    /// `fsverity_digest`, `dmverity_roothash`, or the digest of an image.
    pub property: &'static str,
    /// The digest.
    pub digest: String,
    /// A doubt about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

impl Entry {
    /// Something that has a digest.
    pub fn new(path: &Path, property: &'static str, digest: &Digest) -> Self {
        Self {
            path: printable(path.as_os_str().as_bytes()),
            property,
            digest: digest.to_string(),
            warning: None,
        }
    }
}

/// The regular files of a path, in order; links are not followed.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let wrong = |error| Failure::file(path, &error);
    let metadata = fs::symlink_metadata(path).map_err(wrong)?;
    if metadata.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !metadata.is_dir() {
        return Ok(Vec::new());
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(wrong)? {
        entries.push(entry?.path());
    }
    entries.sort();
    let mut all = Vec::new();
    for entry in entries {
        all.extend(files(&entry)?);
    }
    Ok(all)
}

/// The digests of all files of a path.
pub fn of_files(path: &Path, parameters: &Parameters) -> Result<Vec<Entry>> {
    // A link that is named is meant.
    let path = &fs::canonicalize(path).map_err(|error| Failure::file(path, &error))?;
    let files = files(path)?;
    let progress = Progress::new(size(&files));
    let mut entries = Vec::new();
    for path in files {
        let digest = of_file(&path, parameters, &progress)?;
        entries.push(Entry::new(&path, "fsverity_digest", &digest));
    }
    Ok(entries)
}

/// How many bytes are in these files. One that cannot be asked counts when it is read.
pub fn size(files: &[PathBuf]) -> u64 {
    let sizes = files.iter().filter_map(|file| fs::metadata(file).ok());
    sizes.map(|metadata| metadata.len()).sum()
}

/// The fs-verity digest of a file.
pub fn of_file(path: &Path, parameters: &Parameters, progress: &Progress) -> Result<Digest> {
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    of_open_file(file, parameters, progress)
}

/// The fs-verity digest of an image of EROFS, which decides about its files where it is mounted from
/// the file.
///
/// # Errors
///
/// It cannot be read, or is not such an image.
pub fn of_image(path: &Path) -> Result<Digest> {
    const MAGIC: [u8; 4] = [0xe2, 0xe1, 0xf5, 0xe0];
    let mut magic = [0; 4];
    let part = Part::open(path, None)?;
    if part.read_exact_at(&mut magic, 1024).is_err() || magic != MAGIC {
        let message = format!("{}: not an image of EROFS", path.display());
        return Err(Failure::new(Class::Invalid, message)
            .hint("the kernel mounts no other file system from a file without a device"));
    }
    let progress = Progress::new(part.length().unwrap_or_default());
    of_file(path, &Parameters::default(), &progress)
}

/// The fs-verity digest of a file that is open.
pub fn of_open_file(file: File, parameters: &Parameters, progress: &Progress) -> Result<Digest> {
    parameters.digest(BufReader::with_capacity(1 << 20, progress.watch(file)))
}
