// SPDX-License-Identifier: GPL-2.0-only

//! The files of IPE in securityfs.

use crate::failure::{Class, Failure, Result};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The mount point of securityfs.
pub const SECURITYFS: &str = "/sys/kernel/security";

/// Anything that answers like the directory `ipe` of securityfs.
pub trait Files {
    /// Reads a file.
    fn read(&self, file: &str) -> io::Result<Vec<u8>>;

    /// Writes to a file, all bytes at once.
    fn write(&self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Returns the names of the policies.
    fn policies(&self) -> io::Result<Vec<String>>;

    /// Returns the name of a file in messages.
    fn path(&self, file: &str) -> String;
}

/// The directory `ipe` of a securityfs.
pub struct Securityfs {
    directory: PathBuf,
}

impl Securityfs {
    /// Finds it below a mount point.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub fn open(mount: &Path) -> Result<Self> {
        let directory = mount.join("ipe");
        if directory.is_dir() {
            return Ok(Self { directory });
        }
        let message = format!("{}: IPE not found", directory.display());
        let hint = match fs::read_to_string(mount.join("lsm")) {
            Ok(modules) if !modules.split(',').any(|module| module.trim() == "ipe") => {
                "the kernel is built without IPE, or its command line has lsm= without ipe"
                    .to_owned()
            }
            Ok(_) => "IPE could not create its files: see the kernel log".to_owned(),
            Err(_) => format!("mount -t securityfs securityfs {}", mount.display()),
        };
        Err(Failure::new(Class::Unsupported, message).hint(hint))
    }
}

impl Files for Securityfs {
    fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        fs::read(self.directory.join(file))
    }

    fn write(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.directory.join(file);
        OpenOptions::new().write(true).open(path)?.write_all(bytes)
    }

    fn policies(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.directory.join("policies"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn path(&self, file: &str) -> String {
        self.directory.join(file).display().to_string()
    }
}
