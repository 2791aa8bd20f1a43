// SPDX-License-Identifier: GPL-2.0-only

//! From the command line to the commands.

use crate::{
    check::{self, Kconfig, Options},
    cli::{self, Command},
    failure::Result,
    output::Output,
    source::{self, Source},
};

/// Does what the command line says.
///
/// # Errors
///
/// Whatever keeps the command from being done.
pub fn run(command: &Command, out: &mut Output<'_>) -> Result {
    match command {
        Command::Check(arguments) => check(arguments, out),
    }
}

fn check(arguments: &cli::Check, out: &mut Output<'_>) -> Result {
    let kernel = arguments.kernel_config.as_deref().map(Kconfig::read);
    let options = Options {
        kernel: kernel.transpose()?,
        stage: arguments.stage,
    };
    let mut reports = Vec::new();
    for path in &arguments.files {
        for file in source::expand(path)? {
            reports.push(check::check(&Source::read(&file)?, &options));
        }
    }
    check::show(&reports, arguments.strict, arguments.quiet, out)
}
