// SPDX-License-Identifier: GPL-2.0-only

//! The digest that fs-verity gives to a file.

use super::merkle::{hash, Shape, Tree};
use crate::{
    failure::{Class, Failure, Result},
    object::Digest,
};
use ipe_policy::policy::Algorithm;
use std::io::{ErrorKind, Read};

/// How fs-verity is enabled on a file.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// The algorithm: `sha256` or `sha512`.
    pub algorithm: Algorithm,
    /// The length of a block, a power of 2.
    pub block_size: u32,
    /// Up to 32 bytes.
    pub salt: Vec<u8>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Sha256,
            block_size: 4096,
            salt: Vec::new(),
        }
    }
}

/// The longest salt that the descriptor has room for.
const MAX_SALT: usize = 32;

impl Parameters {
    /// The number of the algorithm, and the length of the blocks that it works on.
    fn algorithm(&self) -> Option<(u8, usize)> {
        match self.algorithm {
            Algorithm::Sha256 => Some((1, 64)),
            Algorithm::Sha512 => Some((2, 128)),
            _ => None,
        }
    }

    /// Computes the digest of what `file` reads.
    ///
    /// # Errors
    ///
    /// It cannot be read, or the parameters are such as fs-verity does not have.
    pub fn digest(&self, mut file: impl Read) -> Result<Digest> {
        let wrong = |what| Failure::new(Class::Usage, format!("fs-verity: {what}"));
        let (number, input) = self
            .algorithm()
            .ok_or_else(|| wrong("the algorithm must be sha256 or sha512"))?;
        if !self.block_size.is_power_of_two() || !(1024..=65536).contains(&self.block_size) {
            return Err(wrong(
                "the block size must be a power of 2 from 1024 to 65536",
            ));
        }
        if self.salt.len() > MAX_SALT {
            return Err(wrong("the salt can have at most 32 bytes"));
        }

        let block_size = self.block_size as usize;
        // The salt fills whole blocks of the algorithm.
        let mut salt = self.salt.clone();
        salt.resize(salt.len().div_ceil(input) * input, 0);
        let shape = Shape {
            algorithm: self.algorithm,
            salt,
            block: block_size,
            slot: self.algorithm.digest_len(),
        };
        let mut tree = Tree::new(shape, |_, _| {});
        let mut size = 0u64;
        let mut block = vec![0; block_size];
        loop {
            let length = fill(&mut file, &mut block)?;
            if length == 0 {
                break;
            }
            size += length as u64;
            block[length..].fill(0);
            tree.add(&block);
        }

        // `struct fsverity_descriptor` without signature.
        let mut descriptor = [0u8; 256];
        descriptor[0] = 1;
        descriptor[1] = number;
        descriptor[2] = self.block_size.trailing_zeros() as u8;
        descriptor[3] = self.salt.len() as u8;
        descriptor[8..16].copy_from_slice(&size.to_le_bytes());
        // The root of an empty file is zero.
        let root = tree.root().unwrap_or_default();
        descriptor[16..16 + root.len()].copy_from_slice(&root);
        descriptor[80..80 + self.salt.len()].copy_from_slice(&self.salt);
        hash(self.algorithm, &[&descriptor])
            .and_then(|digest| Digest::new(self.algorithm, &digest))
            .ok_or_else(|| wrong("the digest cannot be computed"))
    }
}

/// Reads until the buffer is full or the file ends.
pub(super) fn fill(file: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(length)
}
