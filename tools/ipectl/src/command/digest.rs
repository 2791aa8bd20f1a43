// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl digest`: digests of files and root hashes of volumes, as rules.

use super::values::{action, algorithm, operation};
use crate::{
    digest::{self, Entry, Table, Verified},
    disk::{self, Part},
    failure::{Class, Failure, Result, Status},
    object::decode_hex,
    output::{Output, Style},
};
use clap::Args;
use ipe_policy::policy::{Action, Algorithm, Operation};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Compute digests of files and root hashes of volumes, as rules
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  $ ipectl digest /usr/bin/ls
  $ ipectl digest --plain --salt 1f00 /opt/tool
  $ ipectl digest --images /images/app.erofs
  $ ipectl digest --volume root.img --hashes root.hash
  $ ipectl digest --volume disk.img --partition root --hash-partition root-verity
  $ ipectl digest --volume root.img --no-superblock --salt 1f00
  $ ipectl digest --volume root.img --table '0 8 verity 1 /dev/sda /dev/sda 4096 4096 1 1 …'")]
pub struct Digest {
    /// Files, or directories of files, that fs-verity will protect
    #[arg(required_unless_present = "volume", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The files are EROFS images that will be mounted from them: trust all that is on them
    #[arg(long, requires = "paths")]
    pub images: bool,

    /// The data of a dm-verity volume
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "block_size"])]
    pub volume: Option<PathBuf>,

    /// The partition with the data, by number or name, if the file is the image of a disk
    #[arg(long, value_name = "NUMBER|NAME", requires = "volume")]
    pub partition: Option<String>,

    /// The hashes of the volume, if they are in another file
    #[arg(long, value_name = "FILE", requires = "volume")]
    pub hashes: Option<PathBuf>,

    /// The partition with the hashes, by number or name
    #[arg(long, value_name = "NUMBER|NAME", requires = "volume",
          conflicts_with_all = ["no_superblock", "table"])]
    pub hash_partition: Option<String>,

    /// The offset of the hashes in their file
    #[arg(long, value_name = "BYTES", requires = "volume", default_value_t = 0)]
    pub hash_offset: u64,

    /// The volume has no superblock: use the options below; the data ends at --hash-offset
    #[arg(long, requires = "volume", conflicts_with = "hashes")]
    pub no_superblock: bool,

    /// The length of a block of data, without a superblock
    #[arg(
        long,
        value_name = "BYTES",
        requires = "no_superblock",
        default_value_t = 4096
    )]
    pub data_block_size: usize,

    /// The length of a block of hashes, without a superblock
    #[arg(
        long,
        value_name = "BYTES",
        requires = "no_superblock",
        default_value_t = 4096
    )]
    pub hash_block_size: usize,

    /// The number of blocks of data, without a superblock [default: all]
    #[arg(long, value_name = "NUMBER", requires = "no_superblock")]
    pub data_blocks: Option<u64>,

    /// The volume's table, or the kernel's command line with dm-mod.create=: its root hash is verified
    #[arg(long, value_name = "TABLE", value_parser = Table::parse, requires = "volume",
          conflicts_with_all = ["no_superblock", "hashes"])]
    pub table: Option<Table>,

    /// The operation of the rules
    #[arg(long, value_name = "OPERATION", value_parser = operation, default_value = "EXECUTE")]
    pub op: Operation,

    /// The action of the rules
    #[arg(long, value_parser = action, default_value = "ALLOW")]
    pub action: Action,

    /// Write digests and paths instead of rules
    #[arg(long)]
    pub plain: bool,

    /// The algorithm: sha256 or sha512 of fs-verity, or that of a volume without a superblock
    #[arg(long, value_parser = algorithm, default_value = "sha256")]
    pub algorithm: Algorithm,

    /// The fs-verity block size
    #[arg(long, value_name = "BYTES", default_value_t = 4096)]
    pub block_size: u32,

    /// The salt of fs-verity, or of a volume without a superblock, in hexadecimal digits
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
        let salt = decode_hex(self.salt.as_bytes())
            .ok_or_else(|| usage("the salt must be an even number of hexadecimal digits"))?;
        if let Some(volume) = &self.volume {
            let found = self.root_hash(volume, &salt)?;
            entries.push(Entry {
                warning: found.warning,
                ..Entry::new(volume, "dmverity_roothash", &found.root)
            });
        }
        let parameters = digest::Parameters {
            algorithm: self.algorithm,
            block_size: self.block_size,
            salt,
        };
        for path in &self.paths {
            entries.extend(match self.images {
                true => digest::of_images(path, &parameters)?,
                false => digest::of_files(path, &parameters)?,
            });
        }
        show(&entries, self.op, self.action, self.plain, out)
    }

    /// Computes the root hash of a volume.
    fn root_hash(&self, path: &Path, salt: &[u8]) -> Result<Verified> {
        let data = Part::open(path, self.partition.as_deref())?;
        let name = data.name().to_owned();
        let sure = |root| Verified {
            root,
            warning: None,
        };
        if let Some(table) = &self.table {
            let root = digest::root_hash_of(data, &table.volume)?;
            if root != table.root {
                let message = format!(
                    "{name}: its root hash is {root}, but the table names {}",
                    table.root
                );
                return Err(Failure::new(Class::Invalid, message)
                    .hint("is it the image that the table is for?"));
            }
            return Ok(sure(root));
        }
        if !self.no_superblock {
            if !salt.is_empty() || self.algorithm != Algorithm::Sha256 {
                return Err(
                    usage("the superblock of the volume has its salt and algorithm")
                        .hint("pass --no-superblock if it has none"),
                );
            }
            return self.verified(path, data);
        }
        let length = match self.hash_offset {
            0 => data.length().ok_or_else(|| {
                let message = format!("{name}: it has no length, as a pipe");
                Failure::new(Class::Input, message).hint("pass --hash-offset or --data-blocks")
            })?,
            offset => offset,
        };
        let volume = digest::Volume {
            algorithm: self.algorithm,
            data_block: self.data_block_size,
            hash_block: self.hash_block_size,
            data_blocks: self
                .data_blocks
                .unwrap_or(length / self.data_block_size.max(1) as u64),
            salt: salt.to_vec(),
        };
        volume.check().map_err(usage)?;
        Ok(sure(digest::root_hash_of(data, &volume)?))
    }

    /// Computes the root hash of a volume with a superblock, and verifies its tree.
    fn verified(&self, path: &Path, data: Part) -> Result<Verified> {
        let apart = self.hashes.is_some() || self.hash_partition.is_some();
        let partition = match (&self.hash_partition, &self.hashes) {
            (Some(named), _) => Some(named),
            (None, Some(_)) => None,
            (None, None) => self.partition.as_ref(),
        };
        let file = self.hashes.as_deref().unwrap_or(path);
        let hashes = Part::open(file, partition.map(String::as_str))?;
        let end = match (apart, self.hash_offset) {
            (true, _) => data.length(),
            (false, 0) => None,
            (false, offset) => Some(offset),
        };
        let found = digest::root_hash(data, end, &hashes, self.hash_offset);
        found.map_err(|failure| match disk::describe(file) {
            Some((what, hint)) if partition.is_none() && failure.class == Class::Invalid => {
                Failure::new(Class::Invalid, format!("{}: {what}", file.display())).hint(hint)
            }
            _ => failure,
        })
    }
}

/// The failure of options that make no sense.
fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Class::Usage, message)
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
        warning,
    } in entries
    {
        if plain {
            out.line(format!("{digest} {path}"))?;
        } else {
            out.line(format!("# {path}"))?;
            if let Some(warning) = warning {
                let text = format!("#   warning: {warning}");
                out.line(out.paint(Style::Warning, &text))?;
            }
            out.line(format!(
                "op={} {property}={digest} action={}",
                operation.name(),
                action.name()
            ))?;
        }
    }
    Ok(Status::Ok)
}
