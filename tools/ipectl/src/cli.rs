// SPDX-License-Identifier: GPL-2.0-only

//! The command line.

use crate::check::Stage;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Policies of Integrity Policy Enforcement: check, explain, sign, deploy.
#[derive(Debug, Parser)]
#[command(
    version,
    name = "ipectl",
    propagate_version = true,
    after_help = EXIT_CODES,
    max_term_width = 100
)]
pub struct Cli {
    /// Write JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  findings: errors in a policy, a denial, a difference
  2  wrong usage
  3  a file could not be read or written
  4  an input is not what it should be
  5  a key or a certificate is not fit for signing
  6  the kernel refused
  7  this machine cannot do it";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find every problem of a policy, before the kernel does
    #[command(after_help = "\
Example:
  $ ipectl check appliance.pol
  appliance.pol:4:4: error: unknown operation
     4 | op=KERNEL_MODULE dmverity_signature=TRUE action=ALLOW
       | ^^^^^^^^^^^^^^^^
       = hint: no operation KERNEL_MODULE; did you mean KMODULE?")]
    Check(Check),
}

/// `ipectl check`
#[derive(Args, Debug)]
pub struct Check {
    /// Policies as text or signed, directories of them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Also fail where there are warnings
    #[arg(long)]
    pub strict: bool,

    /// The configuration of the kernel that the policy is for
    #[arg(long, value_name = "FILE")]
    pub kernel_config: Option<PathBuf>,

    /// When the policy is in force
    #[arg(long, value_enum)]
    pub stage: Option<Stage>,

    /// Leave out notes
    #[arg(long, short)]
    pub quiet: bool,
}
