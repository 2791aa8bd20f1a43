// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl`: see `ipectl --help`.

use clap::Parser;
use ipectl::{
    cli::Cli,
    failure::Status,
    output::{colour_wanted, printable, Output, Style},
};
use std::{io, process::ExitCode};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut stdout = io::stdout();
    let colour = colour_wanted(&stdout);
    let mut out = Output::new(&mut stdout, colour, cli.json);

    let failure = match cli.run(&mut out) {
        Ok(Status::Ok) => return ExitCode::SUCCESS,
        Ok(Status::Findings) => return ExitCode::from(1),
        Err(failure) => failure,
    };
    let mut stderr = io::stderr();
    let colour = colour_wanted(&stderr);
    let mut err = Output::new(&mut stderr, colour, false);
    let error = err.paint(Style::Error, "error:");
    // The message may contain names that others chose: of a policy, or of a file in an image.
    let message = printable(failure.message.as_bytes());
    // There is no other place to report this.
    let _ = err.line(format!("ipectl: {error} {message}"));
    if let Some(hint) = &failure.hint {
        let hint = printable(hint.as_bytes());
        let _ = err.line(format!("        hint: {hint}"));
    }
    ExitCode::from(failure.class as u8)
}
