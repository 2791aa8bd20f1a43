// SPDX-License-Identifier: GPL-2.0-only

//! The properties of a file, as the command line names them.

use crate::object::{Digest, Object};
use clap::Args;

/// The properties of a file.
#[derive(Args, Debug)]
pub struct Properties {
    /// The file comes from the initramfs
    #[arg(long)]
    pub boot_verified: bool,

    /// The root hash of its dm-verity volume, as algorithm:digits, or as cmdline:roothash (or
    /// another parameter) if the kernel's command line names it
    #[arg(long, value_name = "DIGEST", value_parser = Digest::parse_root_hash)]
    pub dmverity_roothash: Option<Digest>,

    /// The root hash of its dm-verity volume has a valid signature
    #[arg(long)]
    pub dmverity_signature: bool,

    /// Its fs-verity digest, as algorithm:digits
    #[arg(long, value_name = "DIGEST", value_parser = Digest::parse)]
    pub fsverity_digest: Option<Digest>,

    /// Its fs-verity digest has a valid built-in signature
    #[arg(long)]
    pub fsverity_signature: bool,
}

impl Properties {
    /// Returns them as the evaluator is asked about them.
    pub fn object(&self) -> Object {
        Object {
            boot_verified: self.boot_verified,
            dmverity_signature: self.dmverity_signature,
            fsverity_signature: self.fsverity_signature,
            dmverity_roothash: self.dmverity_roothash,
            fsverity_digest: self.fsverity_digest,
        }
    }
}
