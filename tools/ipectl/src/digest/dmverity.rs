// SPDX-License-Identifier: GPL-2.0-only

//! The root hash of a dm-verity volume, as its superblock or its owner describes it.

use super::{
    fsverity::fill,
    merkle::{Shape, Tree, COMPUTED},
};
use crate::{
    disk::Part,
    failure::{Class, Failure, Result},
    object::Digest,
    progress::Progress,
};
use ipe_policy::policy::Algorithm;
use std::io::{BufReader, Read};

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

    /// The room that a hash has in a block of hashes.
    fn slot(&self) -> usize {
        self.algorithm.digest_len().next_power_of_two()
    }

    /// Returns where each level of the tree begins, in blocks of hashes and from the leaves up, if
    /// the first block is this one.
    fn levels(&self, first: u64) -> Vec<u64> {
        let in_block = (self.hash_block / self.slot()).max(2) as u64;
        let mut blocks = Vec::new();
        let mut count = self.data_blocks;
        while count > 1 {
            count = count.div_ceil(in_block);
            blocks.push(count);
        }
        let mut next = first;
        let mut starts = Vec::new();
        // The root comes first.
        for count in blocks.into_iter().rev() {
            starts.push(next);
            next = next.saturating_add(count);
        }
        starts.reverse();
        starts
    }

    /// Computes the root hash over the data. `take` gets the blocks of the tree, and their levels.
    fn root(&self, mut data: impl Read, take: impl FnMut(usize, &[u8])) -> Result<Digest> {
        let short = || {
            Failure::new(
                Class::Invalid,
                "the data is shorter than its description says",
            )
        };
        let shape = Shape {
            algorithm: self.algorithm,
            salt: self.salt.clone(),
            block: self.hash_block,
            slot: self.slot(),
        };
        let mut tree = Tree::new(shape, take);
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

/// The root hash of a volume, and a doubt about it.
pub struct Verified {
    /// The root hash.
    pub root: Digest,
    /// Its owner should know this.
    pub warning: Option<String>,
}

/// The root hash of a volume: of its data, as the superblock at `offset` of `hashes` says, and as
/// all of the tree behind that confirms. `end` is where the data ends, if that is known.
///
/// # Errors
///
/// A file cannot be read, there is no superblock, or the tree is not that of the data.
pub fn root_hash(data: Part, end: Option<u64>, hashes: &Part, offset: u64) -> Result<Verified> {
    let mut bytes = [0; LENGTH];
    let superblock = match hashes.read_exact_at(&mut bytes, offset) {
        Err(_) => Err("no dm-verity superblock found".to_owned()),
        Ok(()) => Volume::parse(&bytes),
    };
    let volume = superblock.map_err(|reason| {
        Failure::new(Class::Invalid, format!("{}: {reason}", hashes.name())).hint(
            "pass the file of the hashes with --hashes, and their offset with --hash-offset; \
                 for a volume without a superblock, pass its table with --table, or its parameters \
                 with --no-superblock",
        )
    })?;
    let length = volume.hash_block as u64;
    let starts = volume.levels((offset + LENGTH as u64).div_ceil(length));
    let mut taken = vec![0; starts.len()];
    let mut stored = vec![0; volume.hash_block];
    let mut wrong = None;
    let root = compute(data, &volume, |level, block| {
        let number = starts[level].saturating_add(taken[level]);
        taken[level] += 1;
        if wrong.is_some() {
            return;
        }
        let read = hashes.read_exact_at(&mut stored, number.saturating_mul(length));
        if read.is_err() || stored != block {
            wrong = Some(number);
        }
    })?;
    if let Some(number) = wrong {
        let message = format!(
            "{}: block {number} of the hashes does not fit the data: the kernel refuses what \
             depends on it",
            hashes.name()
        );
        return Err(Failure::new(Class::Invalid, message)
            .hint("is the image complete, and not changed since 'veritysetup format'?"));
    }
    let covered = volume.data_blocks.saturating_mul(volume.data_block as u64);
    // What is left in front of the next block is padding.
    let padding = volume.data_block.max(volume.hash_block) as u64;
    let short = end.filter(|end| end.saturating_sub(covered) >= padding);
    Ok(Verified {
        root,
        warning: short.map(|end| {
            format!(
                "the superblock covers {covered} of {end} bytes: the rest is not a part of the \
                 volume"
            )
        }),
    })
}

/// The root hash of a volume that is described without a superblock.
///
/// # Errors
///
/// The file cannot be read, or is shorter.
pub fn root_hash_of(data: Part, volume: &Volume) -> Result<Digest> {
    compute(data, volume, |_, _| {})
}

fn compute(data: Part, volume: &Volume, take: impl FnMut(usize, &[u8])) -> Result<Digest> {
    let length = volume.data_blocks.saturating_mul(volume.data_block as u64);
    let progress = Progress::new(length);
    let name = data.name().to_owned();
    let reader = BufReader::with_capacity(1 << 20, progress.watch(data));
    volume
        .root(reader, take)
        .map_err(|failure| failure.about(name))
}
