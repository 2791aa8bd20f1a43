// SPDX-License-Identifier: GPL-2.0-only

//! The properties of a file on the running system, as its kernel sees them.

mod device_mapper;
mod layers;
mod measure;
mod mounts;
pub(crate) mod root;

pub(crate) use self::layers::{find as layer_of, Place};

use self::mounts::Mount;
use crate::{
    failure::{reason, Failure, Result},
    object::{Digest, Object},
};
use rustix::fs::fstatfs;
use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// `OVERLAYFS_SUPER_MAGIC`
const OVERLAY: u64 = 0x794c_7630;

/// Returns the properties of a file, and the evidence for them.
///
/// # Errors
///
/// The file cannot be opened. A property that cannot be found out is not an error: the evidence
/// says so.
pub fn object_of(path: &Path) -> Result<(Object, Vec<String>)> {
    let survey = survey(path)?;
    Ok((survey.object, survey.evidence))
}

/// Returns the properties of a file if all of them can be found out.
pub fn known_object_of(path: &Path) -> Option<Object> {
    let survey = survey(path).ok()?;
    survey.complete.then_some(survey.object)
}

/// The properties of a file.
struct Survey {
    object: Object,
    evidence: Vec<String>,
    /// Whether no property is left that could not be found out.
    complete: bool,
}

/// Returns the properties of a file in a layer of an overlay, and the evidence for them.
///
/// # Errors
///
/// The file cannot be looked at.
pub(crate) fn object_at(place: &Place) -> Result<(Object, Vec<String>)> {
    match place {
        Place::File(file, layer) => {
            let survey = survey_open(file, layer)?;
            Ok((survey.object, survey.evidence))
        }
        Place::Device(device, name) => {
            let mut object = Object::default();
            let mut evidence = vec![format!("{name} has it")];
            if has_device_mapper(&numbers(*device)) {
                dmverity(*device, &mut object, &mut evidence);
            } else {
                evidence.push("its device is not a volume of device-mapper".to_owned());
            }
            Ok((object, evidence))
        }
        Place::Composefs(image) => Ok(of_composefs(image)),
    }
}

/// Returns the properties that a file of a composefs has from its image, and the evidence for them.
/// Which file of a data layer its name stands for, only attributes of the image tell, so that nothing
/// is said of that file.
fn of_composefs(image: &std::result::Result<PathBuf, &'static str>) -> (Object, Vec<String>) {
    let (mut object, mut evidence) = (Object::default(), Vec::new());
    evidence.push("the overlay has layers that only have data, as composefs has".to_owned());
    match image {
        Ok(layer) => look_at_image(layer, &mut object, &mut evidence),
        Err(reason) => evidence.push(format!("the digest of its image does not count: {reason}")),
    }
    evidence.push(
        "its fs-verity digest and its volume are those of the file in the data layer, which this \
         does not show: pass that file to see them"
            .to_owned(),
    );
    (object, evidence)
}

/// Looks at the image that is mounted at a layer.
fn look_at_image(layer: &Path, object: &mut Object, evidence: &mut Vec<String>) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let device = fs::metadata(layer).map(|metadata| metadata.dev());
    let numbers = device.map(numbers).unwrap_or_default();
    if file_system(&mounts, &numbers) != Some("erofs") {
        evidence.push(format!(
            "its image, the layer {}, is mounted where this process does not see it: 'ipectl \
             digest --images FILE' shows the digest that counts, if you know the file that it is \
             mounted from",
            layer.display()
        ));
        return;
    }
    if !numbers.starts_with("0:") {
        evidence.push(
            "the digest of its image does not count: it is mounted from a device, not from a file"
                .to_owned(),
        );
        return;
    }
    let mut on_image = Object::default();
    image(&mounts, &numbers, &mut on_image, evidence);
    object.image_digest = on_image.image_digest;
    if object.image_digest.is_none() {
        evidence.push("its image has no digest that counts".to_owned());
    }
}

fn survey(path: &Path) -> Result<Survey> {
    // A FIFO without a writer must not hold it up.
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = file.map_err(|error| Failure::file(path, &error))?;
    let mut survey = survey_open(&file, path)?;
    if is_on_overlay(&file) {
        // The file of a layer decides.
        survey.complete = false;
        let place = fs::canonicalize(path).ok().and_then(|path| layer_of(&path));
        let Some(place) = place else {
            survey.evidence.push(
                "it is on an overlay: pass the file of the layer below, which is the one that counts"
                    .to_owned(),
            );
            return Ok(survey);
        };
        survey.evidence.push("it is on an overlay".to_owned());
        let (object, evidence) = object_at(&place)?;
        survey.object = object;
        survey.evidence.extend(evidence);
    }
    Ok(survey)
}

fn is_on_overlay(file: &File) -> bool {
    fstatfs(file).is_ok_and(|found| found.f_type as u64 == OVERLAY)
}

/// Returns the numbers of a device as text.
fn numbers(device: u64) -> String {
    format!("{}:{}", libc::major(device), libc::minor(device))
}

fn has_device_mapper(numbers: &str) -> bool {
    let device = Path::new("/sys/dev/block").join(numbers);
    device.join("dm").exists()
}

fn survey_open(file: &File, path: &Path) -> Result<Survey> {
    let metadata = file
        .metadata()
        .map_err(|error| Failure::file(path, &error))?;
    let device = metadata.dev();
    let numbers = numbers(device);
    let mut object = Object::default();
    let mut evidence = vec![format!("{}: device {numbers}", path.display())];

    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let kind = file_system(&mounts, &numbers);
    let mut complete = kind.is_some();
    match kind {
        Some("rootfs") => {
            object.boot_verified = true;
            evidence.push("it is in the initramfs".to_owned());
        }
        Some("overlay") | None => {}
        Some(kind) => {
            evidence.push(format!("its file system is {kind}"));
            if kind == "erofs" && libc::major(device) == 0 {
                complete &= image(&mounts, &numbers, &mut object, &mut evidence);
            }
        }
    }

    if has_device_mapper(&numbers) {
        complete &= dmverity(device, &mut object, &mut evidence);
    }

    match measure::digest(file) {
        Ok(digest) => {
            object.fsverity_digest = digest;
            object.fsverity_signature = digest.is_some() && measure::has_signature(file);
        }
        Err(error) => {
            complete = false;
            evidence.push(format!("fs-verity: {}", reason(&error)));
        }
    }
    Ok(Survey {
        object,
        evidence,
        complete,
    })
}

/// Finds the properties that the files on an image of EROFS have from the file that it is mounted
/// from. Returns whether all of them are known.
fn image(mounts: &str, numbers: &str, object: &mut Object, evidence: &mut Vec<String>) -> bool {
    let mounts = Mount::parse_all(mounts.as_bytes());
    let mount = mounts.iter().find(|mount| mount.device == numbers);
    let source = mount.map(|mount| mount.source.as_path());
    let Some(source) = source.filter(|source| source.is_absolute() && source.is_file()) else {
        evidence.push("the file that its image is mounted from is not there".to_owned());
        return false;
    };
    let Ok(found) = survey(source) else {
        evidence.push(format!("its image, {}, cannot be read", source.display()));
        return false;
    };
    evidence.push("its image is mounted from a file, whose properties count".to_owned());
    evidence.extend(found.evidence);
    object.dmverity_roothash = found.object.dmverity_roothash;
    object.dmverity_signature = found.object.dmverity_signature;
    object.image_digest = found.object.fsverity_digest;
    if object.image_digest.is_some() {
        evidence.push(
            "the digest of the image only counts if fs-verity was enabled before it was mounted"
                .to_owned(),
        );
    }
    found.complete && object.image_digest.is_none()
}

/// The type of the file system that a file is on.
pub fn file_system_of(path: &Path) -> Option<String> {
    let numbers = numbers(fs::metadata(path).ok()?.dev());
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    file_system(&mounts, &numbers).map(str::to_owned)
}

/// The type of the file system with these numbers.
fn file_system<'m>(mounts: &'m str, numbers: &str) -> Option<&'m str> {
    let mut lines = mounts.lines();
    let line = lines.find(|line| line.split(' ').nth(2) == Some(numbers))?;
    line.split_once(" - ")?.1.split(' ').next()
}

/// Asks device-mapper for the root hash and its signature. Returns whether it answers.
fn dmverity(device: u64, object: &mut Object, evidence: &mut Vec<String>) -> bool {
    let target = device_mapper::target(device);
    let answers = target.is_ok();
    match target {
        Ok(Some(target)) if target.kind == "verity" => {
            let volume = verity(&target.parameters);
            object.dmverity_roothash = volume.roothash;
            object.dmverity_signature = volume.signed;
            evidence.extend(volume.evidence.into_iter().map(str::to_owned));
        }
        Ok(_) => evidence.push("its volume uses device-mapper, but not dm-verity".to_owned()),
        Err(error) => evidence.push(format!(
            "its root hash is unknown: device-mapper: {}",
            reason(&error)
        )),
    }
    answers
}

/// The properties that the kernel derives from a dm-verity volume.
#[derive(Debug, Default, PartialEq, Eq)]
struct Volume {
    roothash: Option<Digest>,
    signed: bool,
    evidence: Vec<&'static str>,
}

/// Reads the parameters of a dm-verity volume:
/// `VERSION DATA HASH BLOCK BLOCK BLOCKS START ALGORITHM ROOT SALT`, then the number of its options
/// and those, as `verity_status` of the kernel writes them.
fn verity(parameters: &str) -> Volume {
    let words: Vec<_> = parameters.split_whitespace().collect();
    let mut volume = Volume {
        evidence: vec!["its volume uses dm-verity"],
        ..Volume::default()
    };
    let mut options = words.iter().skip(11);
    while let Some(option) = options.next() {
        match *option {
            "ignore_corruption" => {
                return Volume {
                    evidence: vec![
                        "its volume uses dm-verity but returns corrupt data (ignore_corruption), \
                         so it has no property",
                        "the C IPE ignores this option, and grants the properties of the root hash",
                    ],
                    ..Volume::default()
                };
            }
            "check_at_most_once" => volume.evidence.push(
                "a block is only verified when it is first read (check_at_most_once): the disk \
                 may change later",
            ),
            "root_hash_sig_key_desc" => {
                volume.signed = true;
                options.next();
            }
            "use_fec_from_device" | "fec_blocks" | "fec_start" | "fec_roots" => {
                options.next();
            }
            _ => {}
        }
    }
    if let Some([algorithm, root]) = words.get(7..9) {
        volume.roothash = Digest::parse(&format!("{algorithm}:{root}")).ok();
    }
    if volume.roothash.is_none() {
        let unknown = "no rule can name the algorithm of its root hash";
        volume.evidence.push(unknown);
    }
    volume
}

#[cfg(test)]
mod tests;
