// SPDX-License-Identifier: GPL-2.0-only

//! The command line.

use crate::{
    command::{
        activate::Activate, attest::Attest, check::Check, completions::Completions, delete::Delete,
        deploy::Deploy, diff::Diff, digest::Digest, enforce::Enforce, explain::Explain, fmt::Fmt,
        image::Image, man::Man, new::New, report::Report, rules::Rules, seal::Seal, sign::Sign,
        simulate::Simulate, status::Status, suggest::Suggest, trial::Trial,
    },
    failure::Result,
    output::Output,
};
use clap::{CommandFactory, Parser, Subcommand};

/// Check, explain, sign and deploy policies of Integrity Policy Enforcement (IPE)
#[derive(Debug, Parser)]
#[command(
    version = include_str!("../../../VERSION").trim_ascii(),
    name = "ipectl",
    propagate_version = true,
    after_help = EXIT_CODES,
    max_term_width = 100
)]
pub struct Cli {
    /// Write JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,

    /// The command
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  findings: errors in a policy, a denial, a difference
  2  usage error
  3  a file could not be read or written
  4  an input is invalid
  5  a key or a certificate cannot be used for signing
  6  the kernel refused
  7  this machine does not support it";

/// The commands. Each has a file below `command/`, with its arguments and its help.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "the help of each command is beside its arguments"
)]
pub enum Command {
    Check(Check),
    Explain(Box<Explain>),
    Sign(Sign),
    Deploy(Deploy),
    Status(Status),
    Activate(Activate),
    Delete(Delete),
    Enforce(Enforce),
    Seal(Seal),
    Attest(Attest),
    Rules(Rules),
    Trial(Trial),
    Fmt(Fmt),
    Diff(Diff),
    New(New),
    Digest(Digest),
    Suggest(Suggest),
    Simulate(Simulate),
    Image(Image),
    Report(Report),
    Completions(Completions),
    Man(Man),
}

impl Cli {
    /// Runs the command that the command line names.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        match &self.command {
            Command::Check(command) => command.run(out),
            Command::Explain(command) => command.run(out),
            Command::Sign(command) => command.run(out),
            Command::Deploy(command) => command.run(out),
            Command::Status(command) => command.run(out),
            Command::Activate(command) => command.run(out),
            Command::Delete(command) => command.run(out),
            Command::Enforce(command) => command.run(out),
            Command::Seal(command) => command.run(out),
            Command::Attest(command) => command.run(out),
            Command::Rules(command) => command.run(out),
            Command::Trial(command) => command.run(out),
            Command::Fmt(command) => command.run(out),
            Command::Diff(command) => command.run(out),
            Command::New(command) => command.run(out),
            Command::Digest(command) => command.run(out),
            Command::Suggest(command) => command.run(out),
            Command::Simulate(command) => command.run(out),
            Command::Image(command) => command.run(out),
            Command::Report(command) => command.run(out),
            Command::Completions(command) => command.run(Self::command(), out),
            Command::Man(command) => command.run(Self::command()),
        }
    }
}
