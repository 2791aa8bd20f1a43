// SPDX-License-Identifier: GPL-2.0-only

//! Trees of hashes over blocks, as fs-verity and dm-verity have them.

use ipe_policy::policy::Algorithm;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// The algorithms that this program can compute.
pub(super) const COMPUTED: [Algorithm; 4] = [
    Algorithm::Sha256,
    Algorithm::Sha512,
    Algorithm::Sha384,
    Algorithm::Sha224,
];

/// Hashes pieces of data one after another; none for an algorithm that is not computed here.
pub(super) fn hash(algorithm: Algorithm, pieces: &[&[u8]]) -> Option<Vec<u8>> {
    fn of<D: Digest>(pieces: &[&[u8]]) -> Vec<u8> {
        let mut hasher = D::new();
        for piece in pieces {
            hasher.update(piece);
        }
        hasher.finalize().to_vec()
    }
    Some(match algorithm {
        Algorithm::Sha256 => of::<Sha256>(pieces),
        Algorithm::Sha512 => of::<Sha512>(pieces),
        Algorithm::Sha384 => of::<Sha384>(pieces),
        Algorithm::Sha224 => of::<Sha224>(pieces),
        _ => return None,
    })
}

/// How a tree is made.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// The algorithm.
    pub(super) algorithm: Algorithm,
    /// The salt, hashed before each block.
    pub(super) salt: Vec<u8>,
    /// The length of a block of hashes.
    pub(super) block: usize,
    /// The room that a hash has in such a block.
    pub(super) slot: usize,
}

/// A tree that grows from left to right. Of each level only the last block is kept.
pub(super) struct Tree<F> {
    shape: Shape,
    /// The hashes of the last block of each level, from the leaves up.
    levels: Vec<Vec<u8>>,
    /// Takes each block that is complete, and its level.
    take: F,
}

impl<F: FnMut(usize, &[u8])> Tree<F> {
    /// A tree without leaves. `take` gets each block that is complete, of each level from left to
    /// right.
    pub(super) fn new(shape: Shape, take: F) -> Self {
        Self {
            shape,
            levels: Vec::new(),
            take,
        }
    }

    /// Adds a block of data.
    pub(super) fn add(&mut self, block: &[u8]) -> Option<()> {
        let leaf = hash(self.shape.algorithm, &[&self.shape.salt, block])?;
        self.push(0, leaf)
    }

    /// Adds a hash to a level. A full block goes up when there is one more hash than it takes.
    fn push(&mut self, level: usize, mut hash: Vec<u8>) -> Option<()> {
        if level == self.levels.len() {
            self.levels.push(Vec::with_capacity(self.shape.block));
        }
        let room = self.shape.block / self.shape.slot * self.shape.slot;
        if self.levels[level].len() == room {
            self.lift(level)?;
        }
        hash.resize(self.shape.slot, 0);
        self.levels[level].extend(hash);
        Some(())
    }

    /// Hashes the last block of a level into the level above.
    fn lift(&mut self, level: usize) -> Option<()> {
        let mut block = std::mem::take(&mut self.levels[level]);
        block.resize(self.shape.block, 0);
        (self.take)(level, &block);
        let parent = hash(self.shape.algorithm, &[&self.shape.salt, &block])?;
        self.push(level + 1, parent)
    }

    /// Returns the root, or none if there are no leaves.
    pub(super) fn root(mut self) -> Option<Vec<u8>> {
        let mut level = 0;
        loop {
            let hashes = self.levels.get(level)?;
            if level + 1 == self.levels.len() && hashes.len() == self.shape.slot {
                let length = self.shape.algorithm.digest_len();
                return hashes.get(..length).map(<[u8]>::to_vec);
            }
            self.lift(level)?;
            level += 1;
        }
    }
}
