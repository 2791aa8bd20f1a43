// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl completions`: writes the completions of a shell.

use crate::{
    failure::{Result, Status},
    output::Output,
};
use clap::Args;

/// Write the completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  # ipectl completions bash >/usr/share/bash-completion/completions/ipectl")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

impl Completions {
    /// Writes the completions of a program from its definition.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub fn run(&self, mut program: clap::Command, out: &mut Output<'_>) -> Result {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut program, "ipectl", &mut text);
        out.bytes(&text)?;
        Ok(Status::Ok)
    }
}
