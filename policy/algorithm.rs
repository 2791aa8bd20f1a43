// SPDX-License-Identifier: GPL-2.0-only

//! The hash algorithms that a digest can have.

use super::named::named_enum;

/// Defines the algorithms: a variant, its name in the kernel's crypto API, the digest's bytes.
macro_rules! algorithms {
    ($( $variant:ident = $name:literal, $length:literal; )*) => {
        named_enum! {
            /// A hash algorithm.
            ///
            /// dm-verity reports the algorithm of a root hash by its `cra_name` in the kernel's
            /// crypto API, fs-verity by a number that stands for such a name (`hash_algo_name`).
            /// Both name algorithms as this table does. The crypto API also offers checksums as
            /// hashes. They are left out, as they say nothing about integrity.
            #[allow(missing_docs, reason = "the variants are the names of the algorithms")]
            pub enum Algorithm {
                $( $variant = $name, )*
            }
        }

        impl Algorithm {
            /// Returns the length in bytes of the algorithm's digests.
            ///
            /// It is a multiple of 4, and at most [`MAX_DIGEST_LEN`].
            pub const fn digest_len(self) -> usize {
                $( const { assert!($length % 4 == 0 && $length <= MAX_DIGEST_LEN) }; )*
                match self {
                    $( Self::$variant => $length, )*
                }
            }

            /// Returns whether a text has the hexadecimal digits of one of the algorithm's digests.
            pub(super) fn has_digest(self, hex: &[u8]) -> bool {
                hex.len() == 2 * self.digest_len() && hex.iter().all(u8::is_ascii_hexdigit)
            }
        }
    };
}

/// The length of the longest digest, in bytes.
pub const MAX_DIGEST_LEN: usize = 64;

algorithms! {
    Sha256 = "sha256", 32;
    Sha512 = "sha512", 64;
    Sha384 = "sha384", 48;
    Sha224 = "sha224", 28;
    Sha1 = "sha1", 20;
    Sha3_224 = "sha3-224", 28;
    Sha3_256 = "sha3-256", 32;
    Sha3_384 = "sha3-384", 48;
    Sha3_512 = "sha3-512", 64;
    Blake2b160 = "blake2b-160", 20;
    Blake2b256 = "blake2b-256", 32;
    Blake2b384 = "blake2b-384", 48;
    Blake2b512 = "blake2b-512", 64;
    Blake2s128 = "blake2s-128", 16;
    Blake2s160 = "blake2s-160", 20;
    Blake2s224 = "blake2s-224", 28;
    Blake2s256 = "blake2s-256", 32;
    Sm3 = "sm3", 32;
    Streebog256 = "streebog256", 32;
    Streebog512 = "streebog512", 64;
    Rmd160 = "rmd160", 20;
    Wp256 = "wp256", 32;
    Wp384 = "wp384", 48;
    Wp512 = "wp512", 64;
    Md4 = "md4", 16;
    Md5 = "md5", 16;
}

/// The algorithms that fs-verity can use, as `fs/verity/hash_algs.c` has them.
pub(super) const FSVERITY: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];
