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
    erofs,
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
/// It cannot be read, is not such an image, or is one for whose files the digest never counts.
pub fn of_image(path: &Path) -> Result<Digest> {
    let mut head = [0; erofs::HEAD];
    let part = Part::open(path, None)?;
    if part.read_exact_at(&mut head, 0).is_err() || !erofs::is_image(&head) {
        let message = format!("{}: not an image of EROFS", path.display());
        return Err(Failure::new(Class::Invalid, message)
            .hint("the kernel mounts no other file system from a file without a device"));
    }
    check_devices(path, &head)?;
    let progress = Progress::new(part.length().unwrap_or_default());
    of_file(path, &Parameters::default(), &progress)
}

/// Checks that the digest of an image of EROFS may count.
fn check_devices(path: &Path, head: &[u8]) -> Result<()> {
    let devices = erofs::extra_devices(head);
    if devices == 0 {
        return Ok(());
    }
    let message = format!(
        "{}: the digest never counts: the image keeps its data in {devices} more files or devices",
        path.display()
    );
    Err(Failure::new(Class::Invalid, message).hint("put all data into one image"))
}

/// The fs-verity digests of all images of EROFS of a path.
///
/// # Errors
///
/// One cannot be read, or its digest never counts.
pub fn of_images(path: &Path, parameters: &Parameters) -> Result<Vec<Entry>> {
    let path = fs::canonicalize(path).map_err(|error| Failure::file(path, &error))?;
    for file in files(&path)? {
        let mut head = [0; erofs::HEAD];
        let part = Part::open(&file, None)?;
        if part.read_exact_at(&mut head, 0).is_ok() && erofs::is_image(&head) {
            check_devices(&file, &head)?;
        }
    }
    let mut entries = of_files(&path, parameters)?;
    for entry in &mut entries {
        entry.property = "metadata_backing_file_fsverity_digest";
    }
    Ok(entries)
}

/// The fs-verity digest of a file that is open.
pub fn of_open_file(file: File, parameters: &Parameters, progress: &Progress) -> Result<Digest> {
    parameters.digest(BufReader::with_capacity(1 << 20, progress.watch(file)))
}
