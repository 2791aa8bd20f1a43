// SPDX-License-Identifier: GPL-2.0-only

//! The root hash of a dm-verity volume, as its superblock or its owner describes it.

use super::{
    fsverity::fill,
    merkle::{Shape, Tree, COMPUTED},
};
use crate::{
    failure::{Class, Failure, Result},
    object::Digest,
    progress::Progress,
};
use ipe_policy::policy::Algorithm;
use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

/// The length of the superblock.
const LENGTH: usize = 512;

/// The first bytes of a superblock.
const MAGIC: &[u8; 8] = b"verity\0\0";

/// How the tree of hashes of a volume is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The length of a block of data, in bytes.
    pub data_block: usize,
    /// The length of a block of hashes, in bytes.
    pub hash_block: usize,
    /// The number of blocks of data.
    pub data_blocks: u64,
    /// The salt.
    pub salt: Vec<u8>,
}

/// Whether a block can have this length.
const fn fits(length: usize) -> bool {
    length.is_power_of_two() && length >= 512 && length <= 1 << 19
}

impl Volume {
    /// Checks what did not come from a superblock.
    ///
    /// # Errors
    ///
    /// Returns a sentence for the user.
    pub fn check(&self) -> std::result::Result<(), String> {
        if !COMPUTED.contains(&self.algorithm) {
            return Err(format!("ipectl cannot compute {}", self.algorithm.name()));
        }
        if !fits(self.data_block) || !fits(self.hash_block) {
            return Err("a block size must be a power of 2 from 512 to 524288".to_owned());
        }
        if self.salt.len() > 256 {
            return Err("the salt can have at most 256 bytes".to_owned());
        }
        Ok(())
    }

    /// Parses the superblock that `veritysetup format` writes.
    ///
    /// # Errors
    ///
    /// Returns a sentence for the user.
    fn parse(bytes: &[u8; LENGTH]) -> std::result::Result<Self, String> {
        let number = |at: usize, length: usize| {
            let bytes = bytes[at..at + length].iter().rev();
            bytes.fold(0u64, |number, byte| (number << 8) | u64::from(*byte))
        };
        if !bytes.starts_with(MAGIC) {
            return Err("no dm-verity superblock found".to_owned());
        }
        if (number(8, 4), number(12, 4)) != (1, 1) {
            return Err("the superblock has an unknown version or hash type".to_owned());
        }
        let name = &bytes[32..64];
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let algorithm = Algorithm::from_name(name).filter(|name| COMPUTED.contains(name));
        let block = |at| {
            let size = number(at, 4) as usize;
            fits(size)
                .then_some(size)
                .ok_or("the superblock has an invalid block size")
        };
        let salt_length = number(80, 2) as usize;
        let salt = bytes
            .get(88..88 + salt_length)
            .filter(|_| salt_length <= 256);
        Ok(Self {
            algorithm: algorithm.ok_or_else(|| {
                let name = String::from_utf8_lossy(name);
                format!("ipectl cannot compute {name}")
            })?,
            data_block: block(64)?,
            hash_block: block(68)?,
            data_blocks: number(72, 8),
            salt: salt
                .ok_or("the superblock has a salt that is too long")?
                .to_vec(),
        })
    }

    /// Computes the root hash over the data.
    fn root(&self, mut data: impl Read) -> Result<Digest> {
        let short = || {
            Failure::new(
                Class::Invalid,
                "the data is shorter than its description says",
            )
        };
        let mut tree = Tree::new(Shape {
            algorithm: self.algorithm,
            salt: self.salt.clone(),
            block: self.hash_block,
            slot: self.algorithm.digest_len().next_power_of_two(),
        });
        let mut block = vec![0; self.data_block];
        for _ in 0..self.data_blocks {
            if fill(&mut data, &mut block)? < block.len() {
                return Err(short());
            }
            tree.add(&block);
        }
        tree.root()
            .and_then(|root| Digest::new(self.algorithm, &root))
            .ok_or_else(short)
    }
}

/// The root hash of a volume: of its data, as the superblock at `offset` of `hashes` says.
///
/// # Errors
///
/// A file cannot be read, or has no superblock.
pub fn root_hash(data: &Path, hashes: &Path, offset: u64) -> Result<Digest> {
    let mut file = File::open(hashes).map_err(|error| Failure::file(hashes, &error))?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = [0; LENGTH];
    let length = fill(&mut file, &mut bytes)?;
    let superblock = if length < LENGTH {
        Err("no dm-verity superblock found".to_owned())
    } else {
        Volume::parse(&bytes)
    };
    let superblock = superblock.map_err(|reason| {
        Failure::new(Class::Invalid, format!("{}: {reason}", hashes.display())).hint(
            "pass the file of the hashes with --hashes, and their offset with --hash-offset; \
                 for a volume without a superblock, pass its table with --table, or its parameters \
                 with --no-superblock",
        )
    })?;
    root_hash_of(data, &superblock)
}

/// The root hash of a volume that is described without a superblock.
///
/// # Errors
///
/// The file cannot be read, or is shorter.
pub fn root_hash_of(data: &Path, volume: &Volume) -> Result<Digest> {
    let length = volume.data_blocks.saturating_mul(volume.data_block as u64);
    let progress = Progress::new(length);
    let file = File::open(data).map_err(|error| Failure::file(data, &error))?;
    let data_file = BufReader::with_capacity(1 << 20, progress.watch(file));
    volume
        .root(data_file)
        .map_err(|failure| failure.about(data.display()))
}
