// SPDX-License-Identifier: GPL-2.0-only

//! Files of overlayfs: the kernel decides by the file of the layer that has the data.
//!
//! systemd-sysext and systemd-confext mount an overlay whose layers nobody else can see: images that
//! are mounted in a mount namespace of its own, and the directory that the overlay hides. Which image
//! a file comes from shows in the numbers that the overlay gives to it: files of the same layer's file
//! system have the same device, or the same upper half of the inode. Each image has a file with its own
//! name.

use super::{mounts::Mount, root};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::MetadataExt,
    },
    path::{Path, PathBuf},
};

/// Where the data of a file of an overlay is.
pub(crate) enum Place {
    /// In this file, which has this name.
    File(File, PathBuf),
    /// On this device, which has this name. The file cannot be opened there.
    Device(u64, String),
    /// In the image of a composefs, or named by it. The image is this layer, or its digest does not
    /// count for a reason.
    Composefs(Result<PathBuf, &'static str>),
}

/// Finds the layer that has the data of a file, whose path has no links, among the mounts of this
/// process.
pub(crate) fn find(path: &Path) -> Option<Place> {
    let mounts = Mount::all().ok()?;
    let overlay = Overlay::of(&mounts, path)?;
    if overlay.data > 0 {
        return Some(Place::Composefs(overlay.image()));
    }
    for layer in &overlay.layers {
        if *layer == overlay.mount.point {
            return hidden(&mounts, &overlay);
        }
        // Any other layer that the overlay hides is not known.
        let on = Mount::position(&mounts, layer).map(|place| &mounts[place]);
        if on.is_none_or(|on| std::ptr::eq(on, overlay.mount)) {
            return None;
        }
        match root::open(layer, overlay.below.to_str()?) {
            Ok(found) => return Some(Place::File(found.file, layer.clone())),
            // Where a layer has no such file, the one below it counts, unless it hides that.
            Err(_) if layer.exists() => {
                let inside = layer.join(overlay.below.strip_prefix("/").ok()?);
                if fs::symlink_metadata(inside).is_ok() {
                    return None;
                }
            }
            Err(_) => match extension(layer) {
                Some(Extension::Nothing) => {}
                Some(Extension::Of(name, kind)) => {
                    if let Some(found) = in_extension(name, kind, &overlay, path)? {
                        return Some(found);
                    }
                }
                None => return None,
            },
        }
    }
    None
}

/// An overlay that a file is on.
struct Overlay<'m> {
    mount: &'m Mount,
    /// The upper one first, those that only have data last.
    layers: Vec<PathBuf>,
    /// Whether the first one is an upper layer, which can replace all others.
    has_upper: bool,
    /// How many only have data.
    data: usize,
    /// Whether data is only used if it has the fs-verity digest that the metadata name.
    requires_verity: bool,
    /// The file's path in each of them.
    below: PathBuf,
}

impl<'m> Overlay<'m> {
    /// Returns the overlay that a file is on; none if it is on another file system.
    fn of(mounts: &'m [Mount], file: &Path) -> Option<Self> {
        let mount = &mounts[Mount::position(mounts, file)?];
        if mount.kind != b"overlay" {
            return None;
        }
        let (mut upper, mut lower, mut data) = (Vec::new(), Vec::new(), Vec::new());
        let mut requires_verity = false;
        for option in split(&mount.options, b',') {
            if let Some(path) = option.strip_prefix(b"upperdir=") {
                upper.push(unescape(path));
            } else if let Some(paths) = option.strip_prefix(b"lowerdir=") {
                // Two colons separate layers that only have data from the others.
                let mut is_data = false;
                for path in split(paths, b':') {
                    match path {
                        b"" => is_data = true,
                        path if is_data => data.push(unescape(path)),
                        path => lower.push(unescape(path)),
                    }
                }
            } else if let Some(path) = option.strip_prefix(b"lowerdir+=") {
                lower.push(unescape(path));
            } else if let Some(path) = option.strip_prefix(b"datadir+=") {
                data.push(unescape(path));
            } else if option == b"verity=require" {
                requires_verity = true;
            }
        }
        let (has_upper, data_layers) = (!upper.is_empty(), data.len());
        upper.extend(lower);
        upper.extend(data);
        // Where a relative path begins, only the process knew that mounted it.
        if !upper.iter().all(|layer| layer.is_absolute()) {
            return None;
        }
        let below = file.strip_prefix(&mount.point).ok()?;
        Some(Self {
            below: mount.root.join(below),
            layers: upper,
            has_upper,
            data: data_layers,
            requires_verity,
            mount,
        })
    }

    /// Returns the layer that is the image of a composefs, if the digest of that counts for the
    /// kernel, or why it does not.
    fn image(&self) -> Result<PathBuf, &'static str> {
        if self.has_upper {
            return Err("the overlay has an upper layer");
        }
        if !self.requires_verity {
            return Err("the overlay is not mounted with verity=require");
        }
        match &self.layers[..self.layers.len() - self.data] {
            [image] => Ok(image.clone()),
            _ => Err("the overlay has not exactly one layer with metadata"),
        }
    }
}

/// The file system that an overlay hides: the one that was mounted where it is now.
fn hidden(mounts: &[Mount], overlay: &Overlay<'_>) -> Option<Place> {
    let place = mounts
        .iter()
        .position(|one| std::ptr::eq(one, overlay.mount))?;
    let earlier = &mounts[..place];
    let hidden = &earlier[Mount::position(earlier, &overlay.mount.point)?];
    let (major, minor) = hidden.device.split_once(':')?;
    let device = libc::makedev(major.parse().ok()?, minor.parse().ok()?);
    let name = hidden.point.to_string_lossy();
    (hidden.kind != b"overlay").then(|| Place::Device(device, format!("the file system at {name}")))
}

/// A kind of extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    /// Where the extensions are mounted.
    mounted: &'static str,
    /// Where they come from.
    sources: &'static [&'static str],
    /// The directory of the files with their names, in the file system.
    releases: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind {
        mounted: "/run/systemd/sysext",
        sources: &[
            "/etc/extensions",
            "/run/extensions",
            "/var/lib/extensions",
            "/usr/local/lib/extensions",
            "/usr/lib/extensions",
        ],
        releases: "/usr/lib/extension-release.d",
    },
    Kind {
        mounted: "/run/systemd/confext",
        sources: &[
            "/run/confexts",
            "/var/lib/confexts",
            "/usr/local/lib/confexts",
            "/usr/lib/confexts",
        ],
        releases: "/etc/extension-release.d",
    },
];

/// A layer that only its mount namespace has.
#[derive(Debug, PartialEq, Eq)]
enum Extension<'l> {
    /// It has nothing but notes of systemd.
    Nothing,
    /// The extension with this name.
    Of(&'l OsStr, Kind),
}

/// Tells which extension a layer is, if it is one.
fn extension(layer: &Path) -> Option<Extension<'_>> {
    let is_of = |kind: &Kind| Some((*kind, layer.strip_prefix(kind.mounted).ok()?));
    let (kind, rest) = KINDS.iter().find_map(is_of)?;
    let mut parts = rest.iter();
    match parts.next()?.as_bytes() {
        b"meta" => Some(Extension::Nothing),
        b"extensions" => Some(Extension::Of(parts.next()?, kind)),
        _ => None,
    }
}

/// Finds a file in an extension. Returns none if that is not known, and none inside if it is not there.
fn in_extension(
    name: &OsStr,
    kind: Kind,
    overlay: &Overlay<'_>,
    path: &Path,
) -> Option<Option<Place>> {
    for source in kind.sources {
        let directory = Path::new(source).join(name);
        if !directory.is_dir() {
            continue;
        }
        // The layer is the part of the extension that is mounted there.
        let inside = directory.join(overlay.mount.point.strip_prefix("/").ok()?);
        let found = root::open(&inside, overlay.below.to_str()?);
        return Some(found.ok().map(|found| Place::File(found.file, inside)));
    }
    let mut release = OsString::from("extension-release.");
    release.push(name);
    let release = Path::new(kind.releases).join(release);
    if FileSystem::of(&release)? != FileSystem::of(path)? {
        return Some(None);
    }
    let device = device_of(Path::new("/sys/block"), name)?;
    let name = format!("the extension {}", name.to_string_lossy());
    Some(Some(Place::Device(device, name)))
}

/// The numbers that an overlay gives to the files of one file system.
#[derive(PartialEq, Eq)]
struct FileSystem {
    device: u64,
    upper_half: u64,
}

impl FileSystem {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::symlink_metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            upper_half: metadata.ino() >> 32,
        })
    }
}

/// Returns the device with the files of an extension's image: a dm-verity volume on its loop device,
/// or else that device.
fn device_of(devices: &Path, name: &OsStr) -> Option<u64> {
    let mut image = name.to_owned();
    image.push(".raw");
    let is_image = |file: &Path| {
        // An image of several versions is in a directory with its name.
        let mut directory = image.clone();
        directory.push(".v");
        let parent = file.parent().and_then(Path::file_name);
        file.file_name() == Some(&image) || parent == Some(&directory)
    };
    let mut found = Vec::new();
    for device in fs::read_dir(devices).ok()?.flatten() {
        let directory = device.path();
        let Ok(file) = fs::read(directory.join("loop/backing_file")) else {
            continue;
        };
        let file = PathBuf::from(OsString::from_vec(file.trim_ascii_end().to_vec()));
        if is_image(&file) {
            let mut holders = holders(devices, &directory);
            for partition in fs::read_dir(&directory).ok()?.flatten() {
                holders.extend(self::holders(devices, &partition.path()));
            }
            found.extend(holders.pop().or_else(|| number(&directory)));
        }
    }
    found.sort_unstable();
    found.dedup();
    // Two images of one name: it is not known which of them is merged.
    match found.as_slice() {
        [device] => Some(*device),
        _ => None,
    }
}

/// Returns the dm-verity volumes on a device.
fn holders(devices: &Path, device: &Path) -> Vec<u64> {
    let holders = fs::read_dir(device.join("holders")).into_iter().flatten();
    let of_verity = holders.flatten().filter_map(|holder| {
        let directory = devices.join(holder.file_name());
        let uuid = fs::read(directory.join("dm/uuid")).ok()?;
        uuid.starts_with(b"CRYPT-VERITY-").then_some(directory)
    });
    of_verity
        .filter_map(|directory| number(&directory))
        .collect()
}

/// Returns the number of a device.
fn number(directory: &Path) -> Option<u64> {
    let text = fs::read_to_string(directory.join("dev")).ok()?;
    let (major, minor) = text.trim().split_once(':')?;
    Some(libc::makedev(major.parse().ok()?, minor.parse().ok()?))
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

#[cfg(test)]
mod tests;
