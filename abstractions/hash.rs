// SPDX-License-Identifier: GPL-2.0-only

//! Hashing.
//!
//! C header: [`include/crypto/sha2.h`](srctree/include/crypto/sha2.h)

use super::bindings;

/// Returns the SHA-256 digest of `data`.
///
/// # Panics
///
/// For 4 GiB and more: some kernels take no longer data.
///
/// # Context
///
/// Any. The time grows with the data.
pub(crate) fn sha256(data: &[u8]) -> [u8; 32] {
    assert!(u32::try_from(data.len()).is_ok());
    let mut digest = [0; 32];
    #[allow(clippy::as_underscore, reason = "its type is not that of every kernel")]
    let length = data.len() as _;
    // SAFETY: The data is valid for its length, which was checked, and the digest has the length of
    // SHA-256's.
    unsafe { bindings::sha256(data.as_ptr(), length, digest.as_mut_ptr()) };
    digest
}
