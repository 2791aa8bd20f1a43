// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl enforce`: switches between enforcing and permissive mode.

use super::machine::Machine;
use crate::{
    device::{Change, Files, Request},
    failure::Result,
    output::Output,
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
        enforce(&self.machine.open()?, self.mode, self.dry_run, out)
    }
}

/// Changes the mode.
///
/// # Errors
///
/// The kernel refuses.
pub fn enforce(files: &dyn Files, mode: Mode, dry_run: bool, out: &mut Output<'_>) -> Result {
    let (value, state) = match mode {
        Mode::On => ("1", "enforcing"),
        Mode::Off => ("0", "permissive, denials are only recorded"),
    };
    let change = Change {
        command: "enforce",
        request: Request::Enforce,
        file: "enforce",
        value,
        what: "mode",
        state,
    };
    change.make(files, dry_run, out)
}
