// SPDX-License-Identifier: GPL-2.0-only

//! A digest that is kept for later decisions.

use crate::eval::Digest;
use crate::policy::{
    Algorithm,
    MAX_DIGEST_LEN, //
};

/// A digest with its bytes.
pub(super) struct StoredDigest {
    /// The algorithm that made it.
    algorithm: Algorithm,
    /// The digest, then zeros.
    bytes: [u8; MAX_DIGEST_LEN],
}

impl StoredDigest {
    /// Copies a digest.
    pub(super) fn new(digest: Digest<'_>) -> Self {
        let mut bytes = [0; MAX_DIGEST_LEN];
        for (to, from) in bytes.iter_mut().zip(digest.bytes()) {
            *to = *from;
        }
        let algorithm = digest.algorithm();
        Self { algorithm, bytes }
    }

    /// Returns the digest.
    // A function of its own would return it in memory.
    #[inline(always)]
    pub(super) fn get(&self) -> Option<Digest<'_>> {
        let bytes = self.bytes.get(..self.algorithm.digest_len())?;
        Digest::new(self.algorithm, bytes)
    }
}
