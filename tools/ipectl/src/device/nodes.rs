// SPDX-License-Identifier: GPL-2.0-only

//! The nodes of IPE in securityfs.

use crate::failure::{Class, Failure, Result};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Where securityfs is mounted.
pub const SECURITYFS: &str = "/sys/kernel/security";

/// What answers like the folder `ipe` of securityfs.
pub trait Nodes {
    /// Reads a node.
    fn read(&self, node: &str) -> io::Result<Vec<u8>>;

    /// Writes to a node, at once.
    fn write(&self, node: &str, bytes: &[u8]) -> io::Result<()>;

    /// The names of the policies.
    fn policies(&self) -> io::Result<Vec<String>>;

    /// How a node is called in messages.
    fn path(&self, node: &str) -> String;
}

/// The folder `ipe` of a securityfs.
pub struct Securityfs {
    folder: PathBuf,
}

impl Securityfs {
    /// Finds it below a mount point.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub fn open(mount: &Path) -> Result<Self> {
        let folder = mount.join("ipe");
        if folder.is_dir() {
            return Ok(Self { folder });
        }
        let message = format!("{}: there is no IPE", folder.display());
        let hint = match fs::read_to_string(mount.join("lsm")) {
            Ok(modules) if !modules.split(',').any(|module| module.trim() == "ipe") => {
                "the kernel has it not, or its command line says lsm= without ipe".to_owned()
            }
            Ok(_) => "its nodes could not be made: see the kernel log".to_owned(),
            Err(_) => format!("mount -t securityfs securityfs {}", mount.display()),
        };
        Err(Failure::new(Class::Unsupported, message).hint(hint))
    }
}

impl Nodes for Securityfs {
    fn read(&self, node: &str) -> io::Result<Vec<u8>> {
        fs::read(self.folder.join(node))
    }

    fn write(&self, node: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.folder.join(node);
        OpenOptions::new().write(true).open(path)?.write_all(bytes)
    }

    fn policies(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder.join("policies"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn path(&self, node: &str) -> String {
        self.folder.join(node).display().to_string()
    }
}
