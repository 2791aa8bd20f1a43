// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl digest`: digests of files and root hashes of volumes, as rules.

use super::values::{action, algorithm, operation};
use crate::{
    digest::{self, Entry},
    failure::{Class, Failure, Result, Status},
    object::decode_hex,
    output::Output,
};
use clap::Args;
use ipe_policy::policy::{Action, Algorithm, Operation};
use serde::Serialize;
use std::path::PathBuf;

/// Compute digests of files and root hashes of volumes, as rules
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  $ ipectl digest /usr/bin/ls
  $ ipectl digest --plain --salt 1f00 /opt/tool
  $ ipectl digest --volume root.img --hashes root.hash")]
pub struct Digest {
    /// Files, or directories of files, that fs-verity will protect
    #[arg(required_unless_present = "volume", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The data of a dm-verity volume
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "salt", "algorithm", "block_size"])]
    pub volume: Option<PathBuf>,

    /// The hashes of the volume, if they are in another file
    #[arg(long, value_name = "FILE", requires = "volume")]
    pub hashes: Option<PathBuf>,

    /// The offset of the hashes in their file
    #[arg(long, value_name = "BYTES", requires = "volume", default_value_t = 0)]
    pub hash_offset: u64,

    /// The operation of the rules
    #[arg(long, value_name = "OPERATION", value_parser = operation, default_value = "EXECUTE")]
    pub op: Operation,

    /// The action of the rules
    #[arg(long, value_parser = action, default_value = "ALLOW")]
    pub action: Action,

    /// Write digests and paths instead of rules
    #[arg(long)]
    pub plain: bool,

    /// The fs-verity algorithm: sha256 or sha512
    #[arg(long, value_parser = algorithm, default_value = "sha256")]
    pub algorithm: Algorithm,

    /// The fs-verity block size
    #[arg(long, value_name = "BYTES", default_value_t = 4096)]
    pub block_size: u32,

    /// The fs-verity salt, in hexadecimal digits
    #[arg(long, value_name = "DIGITS", default_value = "")]
    pub salt: String,
}

impl Digest {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let mut entries = Vec::new();
        if let Some(volume) = &self.volume {
            let hashes = self.hashes.as_ref().unwrap_or(volume);
            let root = digest::root_hash(volume, hashes, self.hash_offset)?;
            entries.push(Entry::new(volume, "dmverity_roothash", &root));
        }
        let parameters = digest::Parameters {
            algorithm: self.algorithm,
            block_size: self.block_size,
            salt: decode_hex(self.salt.as_bytes()).ok_or_else(|| {
                Failure::new(
                    Class::Usage,
                    "the salt must be an even number of hexadecimal digits",
                )
            })?,
        };
        for path in &self.paths {
            entries.extend(digest::of_files(path, &parameters)?);
        }
        show(&entries, self.op, self.action, self.plain, out)
    }
}

#[derive(Serialize)]
struct Json<'a> {
    entries: &'a [Entry],
}

/// Shows digests as rules, or as `fsverity digest` does.
pub fn show(
    entries: &[Entry],
    operation: Operation,
    action: Action,
    plain: bool,
    out: &mut Output<'_>,
) -> Result {
    if out.is_json() {
        out.json("digest", &Json { entries })?;
        return Ok(Status::Ok);
    }
    for Entry {
        path,
        property,
        digest,
    } in entries
    {
        if plain {
            out.line(format!("{digest} {path}"))?;
        } else {
            out.line(format!("# {path}"))?;
            out.line(format!(
                "op={} {property}={digest} action={}",
                operation.name(),
                action.name()
            ))?;
        }
    }
    Ok(Status::Ok)
}
