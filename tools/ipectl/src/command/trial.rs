// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl trial`: a loaded policy decides beside the active one, and is not enforced.

use super::{
    consequence::{Consequence, Options},
    machine::Machine,
};
use crate::{
    device::{check_activation, explain, find, switch, Change, Files, Request, SECURITYFS},
    failure::{Class, Failure, Result, Status},
    log,
    output::{counted, printable, Output, Style},
    running::{command_line, programs},
    trial::{Counts, Difference, Differences},
};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// Let a loaded policy decide beside the active one, without enforcing it
#[derive(Args, Debug)]
#[command(after_help = "\
The kernel counts where the two policies differ, and records once what the policy on trial alone denies. \
If that policy is updated, the new version is on trial, and the counts begin anew.

Examples:
  # ipectl trial start Next
  Next 2.0.0: on trial
  # ipectl trial status Next
  # ipectl suggest /var/log/audit/audit.log
  # ipectl trial promote Next")]
pub struct Trial {
    /// The action
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with a trial.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Put a policy on trial, or begin its trial anew
    Start(Toggle),
    /// Show where the policy on trial differs from the active one
    Status(Show),
    /// Show the differences, then activate the policy on trial
    Promote(Promote),
    /// End the trial of a policy
    Stop(Toggle),
}

/// Arguments of `start` and `stop`.
#[derive(Args, Debug)]
pub struct Toggle {
    /// The policy's name
    pub name: String,

    /// Only show what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// The machine
    #[command(flatten)]
    pub machine: Machine,
}

/// Arguments of `status`.
#[derive(Args, Debug)]
pub struct Show {
    /// The policy's name
    pub name: String,

    /// The logs, and the machine
    #[command(flatten)]
    pub evidence: Evidence,
}

/// Arguments of `promote`.
#[derive(Args, Debug)]
pub struct Promote {
    /// The policy's name
    pub name: String,

    /// Only show what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// Activate it even if it denies what the active policy allows, every program, or the program of
    /// process 1
    #[arg(long, short)]
    pub yes: bool,

    /// The logs, and the machine
    #[command(flatten)]
    pub evidence: Evidence,
}

/// Where the differences are found.
#[derive(Args, Debug)]
pub struct Evidence {
    /// Logs with records of the trial, in the forms that 'ipectl suggest' reads; without it, the log
    /// of auditd where it can be read
    #[arg(long = "log", value_name = "LOG")]
    pub logs: Vec<PathBuf>,

    /// The machine
    #[command(flatten)]
    pub machine: Machine,
}

/// The log of auditd.
const AUDIT_LOG: &str = "/var/log/audit/audit.log";

impl Evidence {
    /// Returns the logs to read. That of auditd is this machine's, and says nothing of another one.
    fn logs(&self) -> Vec<PathBuf> {
        let is_here = self.machine.securityfs == Path::new(SECURITYFS);
        if self.logs.is_empty() && is_here && File::open(AUDIT_LOG).is_ok() {
            return vec![AUDIT_LOG.into()];
        }
        self.logs.clone()
    }
}

impl Trial {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        match &self.action {
            Action::Start(it) => toggle(&it.machine.open()?, &it.name, true, it.dry_run, out),
            Action::Stop(it) => toggle(&it.machine.open()?, &it.name, false, it.dry_run, out),
            Action::Status(it) => {
                let files = it.evidence.machine.open()?;
                let trial = State::read(&files, &it.name, &it.evidence.logs())?;
                trial.show(out)?;
                Ok(Status::Ok)
            }
            Action::Promote(it) => {
                let machine = &it.evidence.machine;
                let line = command_line(&machine.securityfs);
                let options = Options {
                    dry_run: it.dry_run,
                    yes: it.yes,
                    running: &programs(&machine.securityfs),
                    command_line: line.as_deref(),
                };
                let files = machine.open()?;
                promote(&files, &it.name, &it.evidence.logs(), options, out)
            }
        }
    }
}

/// Begins or ends the trial of a policy.
///
/// # Errors
///
/// No policy has that name, or the kernel refuses.
pub fn toggle(
    files: &dyn Files,
    name: &str,
    on: bool,
    dry_run: bool,
    out: &mut Output<'_>,
) -> Result {
    let what = format!("{name} {}", find(files, name)?);
    let change = Change {
        command: "trial",
        request: Request::Trial,
        file: &format!("policies/{name}/trial"),
        value: if on { "1" } else { "0" },
        what: &what,
        state: if on { "on trial" } else { "not on trial" },
        warnings: &[],
        stops: false,
    };
    change.make(files, dry_run, out)
}

/// Activates a policy that is on trial, after its differences have been shown.
///
/// # Errors
///
/// No policy has that name, it is not on trial, a log cannot be read, or the kernel refuses.
pub fn promote(
    files: &dyn Files,
    name: &str,
    logs: &[PathBuf],
    options: Options<'_>,
    out: &mut Output<'_>,
) -> Result {
    let version = find(files, name)?;
    let what = format!("{name} {version}");
    check_activation(files, name, version, &what)?;
    let trial = State::read(files, name, logs)?;
    if !out.is_json() {
        trial.show(out)?;
    }
    let Consequence {
        mut warnings,
        fatal,
    } = Consequence::of_loaded(files, name, options);
    let denied = trial.counts.only_trial_denies;
    if denied > 0 {
        let denied = accesses(denied);
        warnings.insert(
            0,
            format!("the policy denied {denied} that the active policy allowed"),
        );
    }
    let enforces = switch(files, "enforce") != Some(false);
    let change = Change {
        command: "trial",
        request: Request::Activate,
        file: &format!("policies/{name}/active"),
        value: "1",
        what: &what,
        state: "active",
        warnings: &warnings,
        stops: (denied > 0 || (fatal && enforces)) && !options.yes,
    };
    change.make(files, options.dry_run, out)
}

/// The state of a trial.
#[derive(Serialize)]
pub struct State {
    policy: String,
    version: String,
    counts: Counts,
    /// From records, so none without a log.
    differences: Vec<Recorded>,
}

/// A difference that the log has.
#[derive(Serialize)]
struct Recorded {
    #[serde(flatten)]
    difference: Difference,
    records: usize,
}

/// How many differences are shown.
const SHOWN: usize = 20;

impl State {
    /// Reads the counts of the kernel, and the records of the logs.
    ///
    /// # Errors
    ///
    /// No policy has that name, it is not on trial, or a file cannot be read.
    pub fn read(files: &dyn Files, name: &str, logs: &[PathBuf]) -> Result<Self> {
        let version = find(files, name)?.to_string();
        let what = format!("{name} {version}");
        let counts = files
            .read(&format!("policies/{name}/trial_stats"))
            .map_err(|error| explain(Request::Trial, &what, None, &error))?;
        let counts = Counts::parse(&counts).ok_or_else(|| {
            let message = format!("{what}: the kernel's counts have a form that is not known");
            Failure::new(Class::Unsupported, message)
        })?;
        let mut differences = Differences::default();
        log::read(logs, |record| differences.add(record, name, &version))?;
        let differences = differences.iter().map(|(difference, records)| Recorded {
            difference: difference.clone(),
            records,
        });
        Ok(Self {
            policy: name.to_owned(),
            version,
            counts,
            differences: differences.collect(),
        })
    }

    /// Shows it.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn show(&self, out: &mut Output<'_>) -> Result<()> {
        if out.is_json() {
            return out.json("trial", self);
        }
        let name = printable(self.policy.as_bytes());
        let Counts {
            only_trial_denies,
            only_active_denies,
            records_suppressed,
            ..
        } = self.counts;
        let all = accesses(self.counts.accesses());
        out.line(format!("{name} {} is on trial: {all}", self.version))?;
        let style = match only_trial_denies {
            0 => Style::Good,
            _ => Style::Warning,
        };
        let text = format!("  {} only {name} denies", accesses(only_trial_denies));
        out.line(out.paint(style, &text))?;
        out.line(format!(
            "  {} only the active policy denies",
            accesses(only_active_denies)
        ))?;
        if records_suppressed > 0 {
            out.line(format!(
                "  {records_suppressed} without a record, as there were too many in a second"
            ))?;
        }
        for it in self.differences.iter().take(SHOWN) {
            let Difference {
                trial_denies,
                operation,
                rule,
                path,
                device,
            } = &it.difference;
            let shown = |text: &Option<String>, none: &str| match text {
                Some(text) => printable(text.as_bytes()),
                None => none.to_owned(),
            };
            let by = match trial_denies {
                true => name.as_str(),
                false => "the active policy",
            };
            out.line(format!(
                "{} of {} on {}: {}",
                printable(operation.as_bytes()),
                shown(path, "memory"),
                shown(device, "?"),
                counted(it.records, "record", "records"),
            ))?;
            let rule = printable(rule.as_bytes());
            out.line(format!("    only {by} denies it: {rule}"))?;
        }
        if let Some(more) = self
            .differences
            .len()
            .checked_sub(SHOWN)
            .filter(|more| *more > 0)
        {
            out.line(format!("… and {}", counted(more, "more", "more")))?;
        }
        Ok(())
    }
}

/// Returns the words for a number of accesses.
fn accesses(number: u64) -> String {
    match number {
        1 => "1 access".to_owned(),
        _ => format!("{number} accesses"),
    }
}
