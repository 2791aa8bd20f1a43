// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl man`: writes the manual pages.

use crate::failure::{Failure, Result, Status};
use clap::Args;
use std::path::PathBuf;

/// Write the manual pages into a directory
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  # ipectl man /usr/local/share/man/man1")]
pub struct Man {
    /// An existing directory
    pub directory: PathBuf,
}

impl Man {
    /// Writes the manual pages of a program from its definition.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub fn run(&self, program: clap::Command) -> Result {
        clap_mangen::generate_to(program, &self.directory)
            .map_err(|error| Failure::file(&self.directory, &error))?;
        Ok(Status::Ok)
    }
}
