// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl enforce`: switches between enforcing and permissive mode.

use super::{
    consequence::{Consequence, Options},
    machine::Machine,
};
use crate::{
    device::{loaded, Change, Files, Request},
    failure::Result,
    output::Output,
    running::{command_line, programs},
};
use clap::Args;

/// A mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Enforcing: denials are enforced
    On,
    /// Permissive: denials are only recorded
    Off,
}

/// Switch between enforcing and permissive mode
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  # ipectl enforce off")]
pub struct Enforce {
    /// The mode
    #[arg(value_enum)]
    pub mode: Mode,

    /// Only show what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// Enforce a policy that denies every program, or the program of process 1
    #[arg(long, short)]
    pub yes: bool,

    /// The machine
    #[command(flatten)]
    pub machine: Machine,
}

impl Enforce {
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
        enforce(&self.machine.open()?, self.mode, options, out)
    }
}

/// Changes the mode.
///
/// # Errors
///
/// The kernel refuses.
pub fn enforce(
    files: &dyn Files,
    mode: Mode,
    options: Options<'_>,
    out: &mut Output<'_>,
) -> Result {
    let (value, state) = match mode {
        Mode::On => ("1", "enforcing"),
        Mode::Off => ("0", "permissive, denials are only recorded"),
    };
    let active = match mode {
        Mode::On => loaded(files)?
            .into_iter()
            .find(|policy| policy.active == Some(true)),
        Mode::Off => None,
    };
    let consequence = active.map_or_else(Consequence::default, |policy| {
        Consequence::of_loaded(files, &policy.name, options)
    });
    let change = Change {
        command: "enforce",
        request: Request::Enforce,
        file: "enforce",
        value,
        what: "mode",
        state,
        warnings: &consequence.warnings,
        stops: consequence.fatal && !options.yes,
    };
    change.make(files, options.dry_run, out)
}
