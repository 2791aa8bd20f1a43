// SPDX-License-Identifier: GPL-2.0-only

//! The verdicts of a policy about the files of a root file system.

mod directory;
mod erofs;
mod ext4;
mod extract;
mod initramfs;
mod open;
mod root;
mod uki;
mod unpack;

use self::{
    open::open,
    root::{Entry, Root},
};
use crate::{
    digest::Parameters,
    failure::{Class, Failure, Result},
    object::Object,
    output::printable,
    policy::Policy,
    progress::Progress,
};
use ipe_policy::policy::{Action, Operation};
use serde::Serialize;
use std::{
    io::{BufReader, Read},
    os::unix::ffi::OsStrExt,
    path::Path,
};

/// The use of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is executed.
    Program,
    /// It is mapped by programs.
    Library,
    /// A module of the kernel.
    Module,
    /// Firmware of a device.
    Firmware,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Program, Self::Library, Self::Module, Self::Firmware];

    /// The operation that the file is used with.
    pub const fn operation(self) -> Operation {
        match self {
            Self::Program | Self::Library => Operation::Execute,
            Self::Module => Operation::KernelModule,
            Self::Firmware => Operation::Firmware,
        }
    }

    /// Returns the plural of its name.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Program => "programs",
            Self::Library => "libraries",
            Self::Module => "modules",
            Self::Firmware => "firmware",
        }
    }

    /// Returns the use of a file, or none if no policy is asked about it.
    fn of(file: &Entry, root: &dyn Root) -> Result<Option<Self>> {
        const MODULES: [&[u8]; 4] = [b".ko", b".ko.gz", b".ko.xz", b".ko.zst"];
        let bytes = file.path.as_os_str().as_bytes();
        if MODULES.iter().any(|ending| bytes.ends_with(ending)) {
            return Ok(Some(Self::Module));
        }
        let mut parents = file.path.ancestors().skip(1);
        if parents.any(|parent| parent.ends_with("lib/firmware")) {
            return Ok(Some(Self::Firmware));
        }
        let is_library = file
            .path
            .file_name()
            .is_some_and(|name| String::from_utf8_lossy(name.as_bytes()).contains(".so"));
        if is_library {
            let mut head = Vec::new();
            let read = root.open(file)?.take(4).read_to_end(&mut head);
            read.map_err(|error| Failure::file(&file.path, &error))?;
            if head == b"\x7fELF" {
                return Ok(Some(Self::Library));
            }
        }
        let executable = file.mode & 0o111 != 0;
        Ok(executable.then_some(Self::Program))
    }
}

/// A file of the image, and what the policy decides about it.
#[derive(Debug, Serialize)]
pub struct Judged {
    /// Its path in the image.
    pub path: String,
    /// Its use.
    pub kind: Kind,
    /// Whether the policy allows that.
    pub allowed: bool,
}

/// The properties of the files of an image.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// The properties of all files.
    pub object: Object,
    /// How fs-verity will be enabled on all of them, if it will.
    pub fsverity: Option<Parameters>,
    /// The partition that they are on, if the image is that of a disk.
    pub partition: Option<String>,
}

/// Asks a policy about each file of a directory or an image.
///
/// # Errors
///
/// The path cannot be read, is not an image, or has no file that a policy is asked about.
pub fn judge(policy: &Policy, path: &Path, knowledge: &Knowledge) -> Result<Vec<Judged>> {
    let root = open(path, knowledge.partition.as_deref())?;
    let files = root.files()?;
    // An image may claim any lengths.
    let size = files.iter().map(|file| file.size);
    let progress = Progress::new(size.fold(0, u64::saturating_add));
    let mut judged = Vec::new();
    for file in files {
        let Some(kind) = Kind::of(&file, &*root)? else {
            continue;
        };
        let mut object = knowledge.object.clone();
        if let Some(parameters) = &knowledge.fsverity {
            let reader = progress.watch(root.open(&file)?);
            let digest = parameters.digest(BufReader::with_capacity(1 << 20, reader));
            let digest = digest.map_err(|failure| failure.about(file.path.display()))?;
            object.fsverity_digest = Some(digest);
        }
        judged.push(Judged {
            path: printable(file.path.as_os_str().as_bytes()),
            kind,
            allowed: policy.evaluate(kind.operation(), &object).action == Action::Allow,
        });
    }
    if judged.is_empty() {
        let message = format!(
            "{}: no programs, libraries, modules or firmware found",
            path.display()
        );
        return Err(Failure::new(Class::Invalid, message)
            .hint("is it the root of a file system? a program is a file with an executable bit"));
    }
    Ok(judged)
}
