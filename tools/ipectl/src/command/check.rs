// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl check`: every problem of a policy, with its place and what to do about it.

use crate::{
    check::{self, Diagnostic, Kconfig, Options, Report, Severity, Stage},
    failure::{Result, Status},
    output::{counted, Output, Style},
    source::{self, Source},
};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Find every problem in a policy before the kernel does
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  $ ipectl check appliance.pol
  appliance.pol:4:4: error: unknown operation
     4 | op=KERNEL_MODULE dmverity_signature=TRUE action=ALLOW
       | ^^^^^^^^^^^^^^^^
       = hint: no operation KERNEL_MODULE; did you mean KMODULE?")]
pub struct Check {
    /// Policies as text or signed, directories of policies, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Fail on warnings, too
    #[arg(long)]
    pub strict: bool,

    /// The configuration of the kernel that the policy is for, and of those that it lets kexec
    /// boot: also report the ways around a policy that it leaves open
    #[arg(long, value_name = "FILE")]
    pub kernel_config: Option<PathBuf>,

    /// When the policy is active
    #[arg(long, value_enum)]
    pub stage: Option<Stage>,

    /// Also report what the C implementation of mainline refuses, or understands otherwise
    #[arg(long)]
    pub portable: bool,

    /// Do not show notes
    #[arg(long, short)]
    pub quiet: bool,
}

impl Check {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let kernel = self.kernel_config.as_deref().map(Kconfig::read);
        let options = Options {
            kernel: kernel.transpose()?,
            stage: self.stage,
            portable: self.portable,
        };
        let mut reports: Vec<_> = options.kernel.iter().map(check::check_kernel).collect();
        for path in &self.files {
            for file in source::expand(path)? {
                reports.push(check::check(&Source::read(&file)?, &options));
            }
        }
        show(&reports, self.strict, self.quiet, out)
    }
}

/// The result in JSON.
#[derive(Serialize)]
struct Json<'r> {
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    diagnostics: Vec<&'r Diagnostic>,
}

/// Shows the findings, and returns whether there are errors.
pub fn show(reports: &[Report], strict: bool, quiet: bool, out: &mut Output<'_>) -> Result {
    let count = |severity| reports.iter().map(|report| report.count(severity)).sum();
    let errors: usize = count(Severity::Error);
    let warnings: usize = count(Severity::Warning);
    let notes: usize = if quiet { 0 } else { count(Severity::Note) };
    let policies = reports
        .iter()
        .filter(|report| report.is_of_policy())
        .count();
    let all = || {
        let all = reports.iter().flat_map(|report| &report.diagnostics);
        all.filter(|diagnostic| !quiet || diagnostic.severity != Severity::Note)
    };

    if out.is_json() {
        out.json(
            "check",
            &Json {
                files: policies,
                errors,
                warnings,
                notes,
                diagnostics: all().collect(),
            },
        )?;
    } else {
        for diagnostic in all() {
            diagnostic.show(out)?;
        }
        let summary = format!(
            "{}: {}, {}{}",
            counted(policies, "policy", "policies"),
            counted(errors, "error", "errors"),
            counted(warnings, "warning", "warnings"),
            match notes {
                0 => String::new(),
                notes => format!(", {}", counted(notes, "note", "notes")),
            }
        );
        let style = match (errors, warnings) {
            (0, 0) => Style::Good,
            (0, _) => Style::Warning,
            _ => Style::Error,
        };
        out.line(out.paint(style, &summary))?;
    }
    Ok(if errors > 0 || (strict && warnings > 0) {
        Status::Findings
    } else {
        Status::Ok
    })
}
