// SPDX-License-Identifier: GPL-2.0-only

//! The facts of a file on the system that this runs on, as the kernel will see them.

mod device_mapper;
mod measure;

use crate::{
    failure::{reason, Failure, Result},
    subject::{Digest, Facts},
};
use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// Finds the facts of a file, and says what they were found by.
///
/// # Errors
///
/// The file cannot be opened. What cannot be found out is not an error, but said.
pub fn facts_of(path: &Path) -> Result<(Facts, Vec<String>)> {
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    let metadata = file
        .metadata()
        .map_err(|error| Failure::file(path, &error))?;
    let device = metadata.dev();
    let numbers = format!("{}:{}", libc::major(device), libc::minor(device));
    let mut facts = Facts::default();
    let mut evidence = vec![format!("{}: device {numbers}", path.display())];

    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let kind = file_system(&mounts, &numbers);
    match kind {
        Some("rootfs") => {
            facts.boot_verified = true;
            evidence.push("it is in the initramfs".to_owned());
        }
        Some("overlay") => evidence.push(
            "it is on an overlay: name the file of the layer below, which is what counts"
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
        dmverity(device, &mut facts, &mut evidence);
    }

    match measure::digest(&file) {
        Ok(digest) => {
            facts.fsverity_digest = digest;
            facts.fsverity_signature = digest.is_some() && measure::has_signature(&file);
        }
        Err(error) => evidence.push(format!("fs-verity: {}", reason(&error))),
    }
    Ok((facts, evidence))
}

/// The type of the file system with these numbers.
fn file_system<'m>(mounts: &'m str, numbers: &str) -> Option<&'m str> {
    let mut lines = mounts.lines();
    let line = lines.find(|line| line.split(' ').nth(2) == Some(numbers))?;
    line.split_once(" - ")?.1.split(' ').next()
}

/// Asks device-mapper for the root hash and its signature.
fn dmverity(device: u64, facts: &mut Facts, evidence: &mut Vec<String>) {
    match device_mapper::target(device) {
        Ok(Some(target)) if target.kind == "verity" => match verity(&target.parameters) {
            Some((digest, signed)) => {
                facts.dmverity_roothash = Some(digest);
                facts.dmverity_signature = signed;
                evidence.push("its volume is of dm-verity".to_owned());
            }
            None => evidence.push("its root hash is of an algorithm that no rule names".to_owned()),
        },
        Ok(_) => evidence.push("its volume is of device-mapper, not of dm-verity".to_owned()),
        Err(error) => evidence.push(format!(
            "its root hash is not known: device-mapper: {}",
            reason(&error)
        )),
    }
}

/// The root hash in the parameters of a dm-verity volume, and whether it came with a signature.
///
/// `VERSION DATA HASH BLOCK BLOCK BLOCKS START ALGORITHM ROOT SALT …`
fn verity(parameters: &str) -> Option<(Digest, bool)> {
    let words: Vec<_> = parameters.split_whitespace().collect();
    let digest = Digest::parse(&format!("{}:{}", words.get(7)?, words.get(8)?)).ok()?;
    Some((digest, words.contains(&"root_hash_sig_key_desc")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts() {
        let mounts = "1 1 0:2 / / rw - rootfs none rw\n\
            28 1 254:0 / /usr ro,relatime shared:1 - erofs /dev/mapper/usr ro\n";
        assert_eq!(file_system(mounts, "0:2"), Some("rootfs"));
        assert_eq!(file_system(mounts, "254:0"), Some("erofs"));
        assert_eq!(file_system(mounts, "8:1"), None);
    }

    #[test]
    fn parameters_of_dm_verity() {
        let hash = "cd2c5bae7c6c579edaae4353049d58eb5f2e8be0244bf05345bc8e5ed257baff";
        let plain = format!("1 254:1 254:1 4096 4096 1 2 sha256 {hash} -");
        let digest = Digest::parse(hash).unwrap();
        assert_eq!(verity(&plain), Some((digest, false)));
        let signed = format!("{plain} 2 root_hash_sig_key_desc cryptsetup:x");
        assert_eq!(verity(&signed), Some((digest, true)));
        assert_eq!(verity("254:1 0"), None);
    }
}
