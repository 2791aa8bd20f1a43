// SPDX-License-Identifier: GPL-2.0-only

//! Files of overlayfs: the kernel decides by the file of the layer that has the data.

use super::root;
use crate::{
    digest::{of_open_file, Parameters},
    live,
    object::Digest,
    progress::Progress,
};
use std::{
    ffi::OsString,
    fs,
    os::{fd::AsRawFd, unix::ffi::OsStringExt},
    path::{Path, PathBuf},
};

/// Where the data of a file is, and why it can be trusted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// On a dm-verity volume whose root hash has a signature.
    Signed,
    /// On a dm-verity volume.
    RootHash(Digest),
    /// It has this fs-verity digest, or will have it.
    Digest(Digest),
    /// On a file system for which no property holds.
    Unprotected(PathBuf, String),
}

/// Finds the layer that has the data of a file, among the mounts of this system.
pub(super) fn find(root: &Path, path: &str, parameters: &Parameters) -> Option<Layer> {
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    let root = fs::canonicalize(root).ok()?;
    let (layers, below) = layers(&mounts, &root.join(path.trim_start_matches('/')))?;
    for layer in layers {
        // Where a layer has no such file, the one below it counts, unless it hides that.
        let Ok(found) = root::open(&layer, below.to_str()?) else {
            if fs::symlink_metadata(layer.join(below.strip_prefix("/").ok()?)).is_ok() {
                return None;
            }
            continue;
        };
        let open = PathBuf::from(format!("/proc/self/fd/{}", found.file.as_raw_fd()));
        let (object, _) = live::object_of(&open).ok()?;
        if object.dmverity_signature {
            return Some(Layer::Signed);
        }
        if let Some(roothash) = object.dmverity_roothash {
            return Some(Layer::RootHash(roothash));
        }
        if let Some(digest) = object.fsverity_digest {
            return Some(Layer::Digest(digest));
        }
        let kind = live::file_system_of(&open);
        if let Some(kind) = kind.filter(|kind| !HAVE_FSVERITY.contains(&kind.as_str())) {
            return Some(Layer::Unprotected(layer, kind));
        }
        let progress = Progress::new(found.length);
        let digest = of_open_file(found.file, parameters, &progress).ok()?;
        return Some(Layer::Digest(digest));
    }
    None
}

/// File systems that have fs-verity.
const HAVE_FSVERITY: [&str; 3] = ["ext4", "f2fs", "btrfs"];

/// Returns the layers of the overlay that a file is on, the upper one first, and the file's path in
/// each; none if it is on another file system.
fn layers(mounts: &[u8], file: &Path) -> Option<(Vec<PathBuf>, PathBuf)> {
    let mount = mounts
        .split(|&byte| byte == b'\n')
        .filter_map(Mount::parse)
        .filter(|mount| file.starts_with(&mount.point))
        // A later mount hides an earlier one.
        .enumerate()
        .max_by_key(|(number, mount)| (mount.point.as_os_str().len(), *number))?
        .1;
    if mount.kind != b"overlay" {
        return None;
    }
    let (mut upper, mut lower) = (Vec::new(), Vec::new());
    for option in split(&mount.options, b',') {
        if let Some(path) = option.strip_prefix(b"upperdir=") {
            upper.push(unescape(path));
        } else if let Some(paths) = option.strip_prefix(b"lowerdir=") {
            // A data-only layer comes after two colons, and is looked at last.
            let paths = split(paths, b':')
                .into_iter()
                .filter(|path| !path.is_empty());
            lower.extend(paths.map(unescape));
        } else if let Some(path) = option
            .strip_prefix(b"lowerdir+=")
            .or(option.strip_prefix(b"datadir+="))
        {
            lower.push(unescape(path));
        }
    }
    upper.extend(lower);
    // Where a relative path begins, only the process knew that mounted it.
    if !upper.iter().all(|layer| layer.is_absolute()) {
        return None;
    }
    let below = file.strip_prefix(&mount.point).ok()?;
    Some((upper, mount.root.join(below)))
}

/// A line of mountinfo.
struct Mount<'m> {
    /// Which directory of the file system is mounted.
    root: PathBuf,
    /// Where.
    point: PathBuf,
    kind: &'m [u8],
    /// The options of the file system, without the escapes of mountinfo.
    options: Vec<u8>,
}

impl<'m> Mount<'m> {
    fn parse(line: &'m [u8]) -> Option<Self> {
        let mut words = line.split(|&byte| byte == b' ').skip(3);
        let (root, point) = (octal(words.next()?), octal(words.next()?));
        let mut words = words.skip_while(|word| *word != b"-").skip(1);
        let kind = words.next()?;
        Some(Self {
            root,
            point,
            kind,
            options: octal(words.nth(1)?).into_os_string().into_vec(),
        })
    }
}

/// Splits where the separator has no backslash before it.
fn split(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut escaped = false;
    text.split(|&byte| {
        let splits = byte == separator && !escaped;
        escaped = byte == b'\\' && !escaped;
        splits
    })
    .collect()
}

/// A path as the option of an overlay has it, with `\:` and `\,`.
fn unescape(path: &[u8]) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = path.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => rest.next().copied().unwrap_or(byte),
            byte => byte,
        });
    }
    PathBuf::from(OsString::from_vec(bytes))
}

/// Replaces the escapes of mountinfo, such as `\040`.
fn octal(text: &[u8]) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| byte == b'\\');
        let number = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(number.unwrap_or(byte));
        rest = if number.is_some() { &after[3..] } else { after };
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests;
