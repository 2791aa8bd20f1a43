// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl activate`: activates a loaded policy.

use super::{
    consequence::{Consequence, Options},
    machine::Machine,
};
use crate::{
    device::{check_activation, find, switch, Change, Files, Request},
    failure::Result,
    output::Output,
    running::{command_line, programs},
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

    /// Activate a policy that denies every program, or the program of process 1
    #[arg(long, short)]
    pub yes: bool,

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
        let line = command_line(&self.machine.securityfs);
        let options = Options {
            dry_run: self.dry_run,
            yes: self.yes,
            running: &programs(&self.machine.securityfs),
            command_line: line.as_deref(),
        };
        activate(&self.machine.open()?, &self.name, options, out)
    }
}

/// Activates a loaded policy.
///
/// # Errors
///
/// There is none of that name, or the kernel refuses.
pub fn activate(
    files: &dyn Files,
    name: &str,
    options: Options<'_>,
    out: &mut Output<'_>,
) -> Result {
    let version = find(files, name)?;
    let what = format!("{name} {version}");
    check_activation(files, name, version, &what)?;
    let consequence = Consequence::of_loaded(files, name, options);
    let enforces = switch(files, "enforce") != Some(false);
    let change = Change {
        command: "activate",
        request: Request::Activate,
        file: &format!("policies/{name}/active"),
        value: "1",
        what: &what,
        state: "active",
        warnings: &consequence.warnings,
        stops: consequence.fatal && enforces && !options.yes,
    };
    change.make(files, options.dry_run, out)
}
