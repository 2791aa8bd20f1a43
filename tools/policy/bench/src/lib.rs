// SPDX-License-Identifier: GPL-2.0-only

//! The policies and files that the benchmarks measure.

use ipe_policy::{
    eval::{Digest, DigestBuffer, Digests, Image, Object},
    policy::{measure, Algorithm, Compiled, Error, Providers, Reporter, Warning, MAX_DIGEST_LEN},
};
use std::{fmt::Write, ops::ControlFlow};

/// Expects nothing to be wrong.
struct Nothing;

impl Reporter for Nothing {
    fn error(&mut self, _: &Error) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn warning(&mut self, _: &Warning) {}
}

/// A file.
pub enum File {
    /// One of the initramfs.
    Initramfs,
    /// One with the fs-verity digest that has a number.
    Verity(u64),
}

impl Object for File {
    fn boot_verified(&self) -> bool {
        matches!(self, File::Initramfs)
    }

    fn dmverity_signature(&self) -> bool {
        false
    }

    fn fsverity_signature(&self) -> bool {
        false
    }
}

impl Digests for File {
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        None
    }

    fn fsverity_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        match self {
            File::Initramfs => None,
            File::Verity(number) => {
                let digest = &mut buffer.write([0; MAX_DIGEST_LEN])[..32];
                let (_, last) = digest.split_last_chunk_mut()?;
                *last = number.to_be_bytes();
                Digest::new(Algorithm::Sha256, digest)
            }
        }
    }
}

/// A policy that allows so many digests, then the initramfs.
pub fn policy(rules: u64) -> String {
    let mut text = "policy_name=bench policy_version=0.0.0\nDEFAULT action=DENY\n".to_owned();
    for number in 0..rules {
        writeln!(
            text,
            "op=EXECUTE fsverity_digest=sha256:{number:064x} action=ALLOW"
        )
        .unwrap();
    }
    text.push_str("op=EXECUTE boot_verified=TRUE action=ALLOW\n");
    text
}

/// Compiles a policy that is good.
pub fn compile(text: &[u8]) -> Compiled<Vec<u32>> {
    let plan = measure(text, Providers::ALL, true, &mut Nothing).expect("the policy is good");
    let words = vec![0; plan.words()];
    plan.emit(text, words)
}

impl Image for File {
    fn image_digest<'b>(&'b self, _: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        None
    }
}
