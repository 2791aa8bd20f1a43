// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl suggest`: the rules that would allow what was denied, with the evidence as comments.

use crate::{
    failure::{Result, Status},
    log,
    output::{counted, printable, Output, Style},
    policy::Policy,
    source::Source,
    suggest::{self, Evidence, Outcome, Volume},
};
use clap::Args;
use std::{collections::BTreeSet, path::PathBuf};

/// Suggest rules that would allow the denied accesses
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  $ ipectl suggest /var/log/audit/audit.log --volume dm-0=signed
  $ journalctl _AUDIT_TYPE=1420 -o json --all | ipectl suggest --root / -
  $ dmesg --kernel | ipectl suggest -

Text does not show who wrote its lines, so pass only logs of auditd or of the kernel. The JSON of the
journal tells them from lines of other programs. Logs may be compressed with gzip, zstd or xz.

Exits with 1 if a denial has no rule or is left out, or if a line only looks like a record.")]
pub struct Suggest {
    /// Logs of auditd, of the journal as JSON, or of the kernel; directories of such logs; - for
    /// standard input
    #[arg(required = true, value_name = "LOG")]
    pub logs: Vec<PathBuf>,

    /// A volume: DEVICE=signed or DEVICE=algorithm:digits, with the device as the records name it
    #[arg(long = "volume", value_name = "VOLUME", value_parser = Volume::parse)]
    pub volumes: Vec<Volume>,

    /// The root directory of the paths in the records: other files get fs-verity digests
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// The policy that was active: explain why a rule that it already has did not match
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

impl Suggest {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let policy = self.policy.as_deref().map(|policy| {
            let source = Source::read(policy)?;
            Policy::load(&source)
        });
        let knowledge = suggest::Knowledge {
            volumes: self.volumes.clone(),
            root: self.root.clone(),
            policy: policy.transpose()?,
            ..suggest::Knowledge::default()
        };
        let mut denials = suggest::Denials::default();
        let ignored = log::read(&self.logs, |record| denials.add(record))?;
        let outcome = suggest::Outcome {
            doubtful: ignored.lines,
            doubts: ignored.doubts,
            ..denials.suggest(&knowledge)
        };
        show(&outcome, out)
    }
}

/// How many files are named for a rule, and how many programs for a file.
const SHOWN: usize = 8;

/// Shows what the records lead to.
pub fn show(outcome: &Outcome, out: &mut Output<'_>) -> Result {
    let complete = outcome.doubtful == 0 && outcome.left_out == 0;
    let status = if outcome.undecided.is_empty() && complete {
        Status::Ok
    } else {
        Status::Findings
    };
    if out.is_json() {
        out.json("suggest", outcome)?;
        return Ok(status);
    }

    out.line(format!(
        "# {}, {}",
        counted(outcome.records, "decision", "decisions"),
        counted(outcome.denials, "denial", "denials")
    ))?;
    for policy in &outcome.on_trial {
        out.line(format!(
            "# On trial: {}; the rules are for this policy",
            printable(policy.as_bytes())
        ))?;
    }
    if outcome.doubtful > 0 {
        let lines = counted(outcome.doubtful, "line", "lines");
        let text = format!(
            "# {lines} ignored: cut off, or not known to come from the kernel; use auditd's log, \
             or journalctl -o json --all _AUDIT_TYPE=1420"
        );
        out.line(out.paint(Style::Warning, &text))?;
        for advice in outcome
            .doubts
            .iter()
            .filter_map(|doubt| doubt.advice(false))
        {
            out.line(out.paint(Style::Warning, &format!("#   {advice}")))?;
        }
    }
    if outcome.left_out > 0 {
        let denials = counted(outcome.left_out, "denial", "denials");
        let text = format!(
            "# {denials} left out: the logs are about more files than are told apart; read them \
             in parts"
        );
        out.line(out.paint(Style::Warning, &text))?;
    }
    for suggestion in &outcome.rules {
        out.line("")?;
        show_evidence(&suggestion.evidence, out)?;
        out.line(format!("# Allows {}:", suggestion.allows))?;
        out.line(out.paint(Style::Bold, &suggestion.rule))?;
    }
    for undecided in &outcome.undecided {
        out.line("")?;
        show_evidence(&undecided.evidence, out)?;
        let operation = printable(undecided.operation.as_bytes());
        let text = format!("# No rule for {operation}: {}", undecided.reason);
        out.line(out.paint(Style::Warning, &text))?;
    }
    Ok(status)
}

fn show_evidence(evidence: &[Evidence], out: &mut Output<'_>) -> Result<()> {
    for file in evidence.iter().take(SHOWN) {
        let path = match &file.path {
            Some(path) => printable(path.as_bytes()),
            None => "memory".to_owned(),
        };
        let device = match &file.device {
            Some(device) => format!(" on {}", printable(device.as_bytes())),
            None => String::new(),
        };
        let programs = show_programs(&file.programs);
        let records = counted(file.records, "record", "records");
        let first = match &file.first {
            Some(first) => format!(", first {}", printable(first.as_bytes())),
            None => String::new(),
        };
        out.line(format!("# {path}{device}{programs}: {records}{first}"))?;
        if let Some(warning) = &file.warning {
            let text = format!("#   warning: {warning}");
            out.line(out.paint(Style::Warning, &text))?;
        }
    }
    if let Some(more) = evidence.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        out.line(format!(
            "# … and {}",
            counted(more, "more file", "more files")
        ))?;
    }
    Ok(())
}

fn show_programs(programs: &BTreeSet<String>) -> String {
    let shown = programs.iter().take(SHOWN).map(String::as_str);
    let shown = shown.collect::<Vec<_>>().join(", ");
    let shown = printable(shown.as_bytes());
    match programs.len() {
        0 => String::new(),
        1..=SHOWN => format!(" by {shown}"),
        all => format!(" by {shown} and {} more", all - SHOWN),
    }
}
