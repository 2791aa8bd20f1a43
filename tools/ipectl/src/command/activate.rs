// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl activate`: activates a loaded policy.

use super::machine::Machine;
use crate::{
    device::{check_activation, find, Change, Files, Request},
    failure::Result,
    output::Output,
};
use clap::Args;

/// Activate a loaded policy
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  # ipectl activate Firewall")]
pub struct Activate {
    /// The policy's name
    pub name: String,

    /// Only show what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// The machine
    #[command(flatten)]
    pub machine: Machine,
}

impl Activate {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        activate(&self.machine.open()?, &self.name, self.dry_run, out)
    }
}

/// Activates a loaded policy.
///
/// # Errors
///
/// There is none of that name, or the kernel refuses.
pub fn activate(files: &dyn Files, name: &str, dry_run: bool, out: &mut Output<'_>) -> Result {
    let version = find(files, name)?;
    let what = format!("{name} {version}");
    check_activation(files, name, version, &what)?;
    let change = Change {
        command: "activate",
        request: Request::Activate,
        file: &format!("policies/{name}/active"),
        value: "1",
        what: &what,
        state: "active",
    };
    change.make(files, dry_run, out)
}
