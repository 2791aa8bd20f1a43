// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl digest`: digests of files and root hashes of volumes, as rules.

use super::values::{action, algorithm, operation};
use crate::{
    digest::{self, Entry, Table},
    failure::{Class, Failure, Result, Status},
    object::{self, decode_hex},
    output::Output,
};
use clap::Args;
use ipe_policy::policy::{Action, Algorithm, Operation};
use serde::Serialize;
use std::{
    fs::File,
    io::{Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Compute digests of files and root hashes of volumes, as rules
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  $ ipectl digest /usr/bin/ls
  $ ipectl digest --plain --salt 1f00 /opt/tool
  $ ipectl digest --images /images/app.erofs
  $ ipectl digest --volume root.img --hashes root.hash
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

    /// The hashes of the volume, if they are in another file
    #[arg(long, value_name = "FILE", requires = "volume")]
    pub hashes: Option<PathBuf>,

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
            let root = self.root_hash(volume, &salt)?;
            entries.push(Entry::new(volume, "dmverity_roothash", &root));
        }
        let parameters = digest::Parameters {
            algorithm: self.algorithm,
            block_size: self.block_size,
            salt,
        };
        for path in &self.paths {
            entries.extend(digest::of_files(path, &parameters)?);
        }
        if self.images {
            for entry in &mut entries {
                entry.property = "metadata_backing_file_fsverity_digest";
            }
        }
        show(&entries, self.op, self.action, self.plain, out)
    }

    /// Computes the root hash of a volume.
    fn root_hash(&self, path: &Path, salt: &[u8]) -> Result<object::Digest> {
        if let Some(table) = &self.table {
            let root = digest::root_hash_of(path, &table.volume)?;
            if root != table.root {
                let message = format!(
                    "{}: its root hash is {root}, but the table names {}",
                    path.display(),
                    table.root
                );
                return Err(Failure::new(Class::Invalid, message)
                    .hint("is it the image that the table is for?"));
            }
            return Ok(root);
        }
        if !self.no_superblock {
            if !salt.is_empty() || self.algorithm != Algorithm::Sha256 {
                return Err(
                    usage("the superblock of the volume has its salt and algorithm")
                        .hint("pass --no-superblock if it has none"),
                );
            }
            let hashes = self.hashes.as_deref().unwrap_or(path);
            return digest::root_hash(path, hashes, self.hash_offset);
        }
        let length = match self.hash_offset {
            0 => {
                let file = File::open(path).and_then(|mut file| file.seek(SeekFrom::End(0)));
                file.map_err(|error| Failure::file(path, &error))?
            }
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
        digest::root_hash_of(path, &volume)
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
