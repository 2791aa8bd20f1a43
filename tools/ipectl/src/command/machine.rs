// SPDX-License-Identifier: GPL-2.0-only

//! The machine that a command is about.

use crate::{
    device::{Securityfs, SECURITYFS},
    failure::Result,
};
use clap::Args;
use std::path::PathBuf;

/// Where the files of IPE are.
#[derive(Args, Debug)]
pub struct Machine {
    /// The mount point of securityfs
    #[arg(long, value_name = "DIR", default_value = SECURITYFS)]
    pub securityfs: PathBuf,
}

impl Machine {
    /// Finds the files of IPE.
    ///
    /// # Errors
    ///
    /// There are none.
    pub fn open(&self) -> Result<Securityfs> {
        Securityfs::open(&self.securityfs)
    }
}
