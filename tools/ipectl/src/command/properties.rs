// SPDX-License-Identifier: GPL-2.0-only

//! The properties of a file or a program, as the command line names them.

use crate::{
    failure::{Class, Failure, Result},
    object::{Digest, Object},
    policy::Policy,
};
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

    /// The fs-verity digest of the file that its EROFS image is mounted from
    #[arg(long, value_name = "DIGEST", value_parser = Digest::parse)]
    pub metadata_backing_file_fsverity_digest: Option<Digest>,
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
            image_digest: self.metadata_backing_file_fsverity_digest,
            ..Object::default()
        }
    }
}

/// The properties of the program that asks for memory.
#[derive(Args, Debug)]
pub struct ProgramProperties {
    /// The program that asks comes from the initramfs
    #[arg(long)]
    pub exe_boot_verified: bool,

    /// The root hash of the program's dm-verity volume, likewise
    #[arg(long, value_name = "DIGEST", value_parser = Digest::parse_root_hash)]
    pub exe_dmverity_roothash: Option<Digest>,

    /// The root hash of the program's dm-verity volume has a valid signature
    #[arg(long)]
    pub exe_dmverity_signature: bool,

    /// The program's fs-verity digest, as algorithm:digits
    #[arg(long, value_name = "DIGEST", value_parser = Digest::parse)]
    pub exe_fsverity_digest: Option<Digest>,

    /// The program's fs-verity digest has a valid built-in signature
    #[arg(long)]
    pub exe_fsverity_signature: bool,

    /// The fs-verity digest of the file that the program's EROFS image is mounted from
    #[arg(long, value_name = "DIGEST", value_parser = Digest::parse)]
    pub exe_metadata_backing_file_fsverity_digest: Option<Digest>,
}

impl ProgramProperties {
    /// Returns the memory that such a program asks for.
    pub fn object(&self) -> Object {
        Object {
            memory: true,
            modified: false,
            boot_verified: self.exe_boot_verified,
            dmverity_signature: self.exe_dmverity_signature,
            fsverity_signature: self.exe_fsverity_signature,
            dmverity_roothash: self.exe_dmverity_roothash,
            fsverity_digest: self.exe_fsverity_digest,
            image_digest: self.exe_metadata_backing_file_fsverity_digest,
        }
    }
}

/// Returns the root hash of a volume that the kernel's command line names, if that is known.
///
/// # Errors
///
/// The command line names none, or several.
pub(super) fn resolve(digest: Digest, policy: &Policy) -> Result<Digest> {
    let Some(parameter) = digest.parameter() else {
        return Ok(digest);
    };
    let named = policy.command_line().root_hashes(parameter);
    let named = named.map(|digests| digests.first().copied());
    named
        .map(|first| first.unwrap_or(digest))
        .map_err(|reason| {
            let (has, name) = (reason.name(), parameter.name());
            let message = format!("the kernel's command line has {has} {name}=");
            Failure::new(Class::Invalid, message)
        })
}
