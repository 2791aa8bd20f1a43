// SPDX-License-Identifier: GPL-2.0-only

//! The root hash of a dm-verity volume, as its superblock describes it.

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

/// The superblock that `veritysetup format` writes.
#[derive(Debug, PartialEq, Eq)]
struct Superblock {
    algorithm: Algorithm,
    data_block: usize,
    hash_block: usize,
    data_blocks: u64,
    salt: Vec<u8>,
}

impl Superblock {
    /// Parses it.
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
            let fits = size.is_power_of_two() && (512..=1 << 19).contains(&size);
            fits.then_some(size)
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
                "the data is shorter than the superblock says",
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
    let open = |path: &Path| File::open(path).map_err(|error| Failure::file(path, &error));
    let mut file = open(hashes)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = [0; LENGTH];
    let length = fill(&mut file, &mut bytes)?;
    let superblock = if length < LENGTH {
        Err("no dm-verity superblock found".to_owned())
    } else {
        Superblock::parse(&bytes)
    };
    let superblock = superblock.map_err(|reason| {
        Failure::new(Class::Invalid, format!("{}: {reason}", hashes.display()))
            .hint("pass the file of the hashes with --hashes, and their offset with --hash-offset")
    })?;
    let length = superblock
        .data_blocks
        .saturating_mul(superblock.data_block as u64);
    let progress = Progress::new(length);
    let data_file = BufReader::with_capacity(1 << 20, progress.watch(open(data)?));
    superblock
        .root(data_file)
        .map_err(|failure| failure.about(data.display()))
}
