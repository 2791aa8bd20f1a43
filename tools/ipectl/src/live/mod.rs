// SPDX-License-Identifier: GPL-2.0-only

//! The properties of a file on the running system, as its kernel sees them.

mod device_mapper;
mod measure;

use crate::{
    failure::{reason, Failure, Result},
    object::{Digest, Object},
};
use std::{
    fs::{self, OpenOptions},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

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

fn survey(path: &Path) -> Result<Survey> {
    // A FIFO without a writer must not hold it up.
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = file.map_err(|error| Failure::file(path, &error))?;
    let metadata = file
        .metadata()
        .map_err(|error| Failure::file(path, &error))?;
    let device = metadata.dev();
    let numbers = format!("{}:{}", libc::major(device), libc::minor(device));
    let mut object = Object::default();
    let mut evidence = vec![format!("{}: device {numbers}", path.display())];

    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let kind = file_system(&mounts, &numbers);
    // The file of a layer decides.
    let mut complete = kind.is_some_and(|kind| kind != "overlay");
    match kind {
        Some("rootfs") => {
            object.boot_verified = true;
            evidence.push("it is in the initramfs".to_owned());
        }
        Some("overlay") => evidence.push(
            "it is on an overlay: pass the file of the layer below, which is the one that counts"
                .to_owned(),
        ),
        Some(kind) => evidence.push(format!("its file system is {kind}")),
        None => {}
    }

    if Path::new("/sys/dev/block")
        .join(&numbers)
        .join("dm")
        .exists()
    {
        complete &= dmverity(device, &mut object, &mut evidence);
    }

    match measure::digest(&file) {
        Ok(digest) => {
            object.fsverity_digest = digest;
            object.fsverity_signature = digest.is_some() && measure::has_signature(&file);
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

/// The type of the file system that a file is on.
pub fn file_system_of(path: &Path) -> Option<String> {
    let device = fs::metadata(path).ok()?.dev();
    let numbers = format!("{}:{}", libc::major(device), libc::minor(device));
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
