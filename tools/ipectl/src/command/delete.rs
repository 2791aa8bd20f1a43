// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl delete`: removes a loaded policy.

use super::machine::Machine;
use crate::{
    device::{find, switch, Change, Files, Request},
    failure::{Class, Failure, Result},
    output::Output,
};
use clap::Args;

/// Remove a loaded policy that is not active
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  # ipectl delete Firewall_Start")]
pub struct Delete {
    /// The policy's name
    pub name: String,

    /// Only show what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// The machine
    #[command(flatten)]
    pub machine: Machine,
}

impl Delete {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        delete(&self.machine.open()?, &self.name, self.dry_run, out)
    }
}

/// Removes a loaded policy.
///
/// # Errors
///
/// There is none of that name, or the kernel refuses.
pub fn delete(files: &dyn Files, name: &str, dry_run: bool, out: &mut Output<'_>) -> Result {
    let what = format!("{name} {}", find(files, name)?);
    if switch(files, &format!("policies/{name}/active")) == Some(true) {
        return Err(
            Failure::new(Class::Refused, format!("{what}: the policy is active"))
                .hint("activate another policy first: ipectl activate NAME"),
        );
    }
    let change = Change {
        command: "delete",
        request: Request::Delete,
        file: &format!("policies/{name}/delete"),
        value: "1",
        what: &what,
        state: "deleted",
        warnings: &[],
        stops: false,
    };
    change.make(files, dry_run, out)
}
