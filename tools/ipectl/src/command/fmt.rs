// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl fmt`: formats policies.

use crate::{
    failure::{Class, Failure, Result, Status},
    format,
    output::Output,
    policy::Policy,
    replace,
    source::Source,
};
use clap::Args;
use std::path::PathBuf;

/// Format policies
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  $ ipectl fmt --write appliance.pol")]
pub struct Fmt {
    /// Policies as text; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Write to the files instead of standard output
    #[arg(long, short)]
    pub write: bool,

    /// Write nothing; exit with 1 if a file would change
    #[arg(long, conflicts_with = "write")]
    pub check: bool,
}

impl Fmt {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let mut files = Vec::new();
        for path in &self.files {
            let source = Source::read(path)?;
            if source.signed.is_some() {
                let message = format!(
                    "{}: the policy is signed, and formatting would break its signature",
                    source.name
                );
                return Err(Failure::new(Class::Invalid, message));
            }
            let policy = Policy::load(&source)?;
            let text = format::format(&policy);
            let changes = text != source.text;
            match &source.path {
                Some(path) if self.write && changes => {
                    replace::write(path, &text)?;
                }
                _ if self.write || self.check || out.is_json() => {}
                _ => out.bytes(&text)?,
            }
            if changes && self.check && !out.is_json() {
                out.line(&source.name)?;
            }
            files.push((source.name, changes));
        }
        let changes = files.iter().any(|(_, changes)| *changes);
        if out.is_json() {
            let files: Vec<_> = files
                .iter()
                .map(|(file, changes)| serde_json::json!({ "file": file, "changes": changes }))
                .collect();
            out.json("fmt", &serde_json::json!({ "files": files }))?;
        }
        Ok(if self.check && changes {
            Status::Findings
        } else {
            Status::Ok
        })
    }
}
