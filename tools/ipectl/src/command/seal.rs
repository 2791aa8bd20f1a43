// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl seal`: forbids all changes of what decides, until the next boot.

use super::machine::Machine;
use crate::{
    device::{Change, Files, Request},
    failure::Result,
    output::Output,
};
use clap::Args;

/// Keep the active policy and the enforcing mode until the next boot
#[derive(Args, Debug)]
#[command(after_help = "\
Afterwards nobody can activate another policy, update the active one, delete one or switch to \
permissive mode, root included. Only a reboot undoes this.

Example:
  # ipectl seal")]
pub struct Seal {
    /// Only show what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// The machine
    #[command(flatten)]
    pub machine: Machine,
}

impl Seal {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        seal(&self.machine.open()?, self.dry_run, out)
    }
}

/// Seals the machine.
///
/// # Errors
///
/// The kernel refuses.
pub fn seal(files: &dyn Files, dry_run: bool, out: &mut Output<'_>) -> Result {
    let change = Change {
        command: "seal",
        request: Request::Seal,
        file: "seal",
        value: "1",
        what: "IPE",
        state: "sealed until the next boot",
        warnings: &[],
        stops: false,
    };
    change.make(files, dry_run, out)
}
