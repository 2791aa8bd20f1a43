// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl simulate`: what a policy would have decided about recorded accesses.

use crate::{
    command_line::CommandLine,
    failure::{Class, Failure, Result, Status},
    log::{self, Ignored},
    output::{counted, printable, Output, Style},
    policy::Policy,
    simulate::{Change, Example, Knowledge, Outcome, Simulation},
    source::Source,
    suggest::Volume,
};
use clap::Args;
use std::path::PathBuf;

/// Try a policy on recorded decisions: show what would change
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  $ ipectl simulate next.pol --policy active.pol /var/log/audit
  $ ipectl simulate next.pol fleet/*/audit.log.gz --volume dm-0=signed
  $ ipectl simulate next.pol audit.log --cmdline 'roothash=1df1a0e5…'
  $ journalctl _AUDIT_TYPE=1420 -o json --all | ipectl simulate next.pol -

Allowed accesses are recorded only while success_audit is on. A record has the rule that matched, not
all properties of the file: a decision that depends on others counts as not known. Logs may be
compressed with gzip, zstd or xz.

Exits with 1 if a decision changes or is not known, or if a line only looks like a record; with 4 if
there is no record.")]
pub struct Simulate {
    /// The policy to try, as text or signed; - for standard input
    #[arg(value_name = "POLICY")]
    pub tried: PathBuf,

    /// Logs of auditd, of the journal as JSON, or of the kernel; directories of such logs; - for
    /// standard input
    #[arg(required = true, value_name = "LOG")]
    pub logs: Vec<PathBuf>,

    /// The policy that was active: its rules tell more about the files
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// A volume: DEVICE=signed or DEVICE=algorithm:digits, with the device as the records name it
    #[arg(long = "volume", value_name = "VOLUME", value_parser = Volume::parse)]
    pub volumes: Vec<Volume>,

    /// The root directory of the paths in the records, if fs-verity is enabled on its files: takes
    /// their digests
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// The command line of the kernels that wrote the records, for rules with cmdline:
    #[arg(long, value_name = "TEXT")]
    pub cmdline: Option<String>,
}

impl Simulate {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out, or there is no record.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let source = Source::read(&self.tried)?;
        let line = CommandLine::from(self.cmdline.as_deref());
        let policy = Policy::load_for(&source, line.clone())?;
        let active = self
            .policy
            .as_deref()
            .map(|policy| Policy::load_for(&Source::read(policy)?, line));
        let knowledge = Knowledge {
            active: active.transpose()?,
            volumes: self.volumes.clone(),
            root: self.root.clone(),
            ..Knowledge::default()
        };
        let mut simulation = Simulation::new(policy, &knowledge);
        let ignored = log::read(&self.logs, |record| simulation.add(record))?;
        let mut outcome = simulation.finish();
        outcome.doubtful = ignored.lines;
        if outcome.records == 0 {
            return Err(no_records(&ignored));
        }
        let status = if outcome.same == outcome.records && outcome.doubtful == 0 {
            Status::Ok
        } else {
            Status::Findings
        };
        if out.is_json() {
            out.json("simulate", &outcome)?;
        } else {
            self.show(&source.name, &outcome, &ignored, out)?;
        }
        Ok(status)
    }

    /// Shows what came out.
    fn show(
        &self,
        name: &str,
        outcome: &Outcome,
        ignored: &Ignored,
        out: &mut Output<'_>,
    ) -> Result<()> {
        let version = &outcome.policy.version;
        let of = printable(outcome.policy.name.as_bytes());
        out.line(format!(
            "{of} {version} on {}: {} allowed, {} denied",
            counted(outcome.records, "decision", "decisions"),
            outcome.allowed,
            outcome.records - outcome.allowed
        ))?;
        for (text, records) in [
            ("unchanged", outcome.same),
            ("allowed -> denied", outcome.newly_denied),
            ("denied -> allowed", outcome.newly_allowed),
            ("not known", outcome.unknown),
        ] {
            out.line(format!("  {text:<17} {records:>9}"))?;
        }
        for text in self.warnings(outcome, ignored) {
            let warning = out.paint(Style::Warning, "warning");
            out.line(format!("{warning}: {text}"))?;
        }
        for change in &outcome.changes {
            out.line("")?;
            show_change(name, change, out)?;
        }
        for undecided in &outcome.undecided {
            let operation = printable(undecided.operation.as_bytes());
            let records = counted(undecided.records, "record", "records");
            let text = format!("{operation}: not known, {records}: {}", undecided.reason);
            out.line("")?;
            out.line(out.paint(Style::Warning, &text))?;
            show_files(&undecided.files, undecided.records, out)?;
        }
        let hints = self.hints(outcome);
        if !hints.is_empty() {
            out.line("")?;
        }
        for hint in hints {
            out.line(format!("hint: {hint}"))?;
        }
        let unused: Vec<_> = outcome
            .rules
            .iter()
            .filter(|rule| rule.is_unused())
            .collect();
        if !unused.is_empty() {
            out.line("")?;
            out.line("These lines decide about no record:")?;
        }
        for rule in unused.iter().take(SHOWN) {
            out.line(format!("  {name}:{}: {}", rule.line, rule.rule))?;
        }
        if let Some(more) = unused.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            out.line(format!("  … and {more} more; --json has them all"))?;
        }
        Ok(())
    }

    /// Warns of what the records cannot show.
    fn warnings(&self, outcome: &Outcome, ignored: &Ignored) -> Vec<String> {
        let mut warnings = Vec::new();
        if ignored.lines > 0 {
            let lines = counted(ignored.lines, "line", "lines");
            warnings.push(format!(
                "{lines} ignored: cut off, or not known to come from the kernel"
            ));
            let advice = ignored.doubts.iter();
            let advice = advice.filter_map(|doubt| doubt.advice(false));
            warnings.extend(advice.map(str::to_owned));
        }
        if outcome.allowed == 0 {
            warnings.push(
                "no allowed access is recorded, so nothing shows what the policy would deny: switch \
                 success_audit on for a while"
                    .to_owned(),
            );
        }
        if outcome.foreign > 0 {
            let records = counted(outcome.foreign, "record names", "records name");
            warnings.push(format!(
                "{records} a rule that the policy of --policy does not have: another one was active"
            ));
        }
        warnings
    }

    /// Names the options that would tell more.
    fn hints(&self, outcome: &Outcome) -> Vec<String> {
        let lacks = outcome.undecided.iter().flat_map(|one| &one.lacks);
        let lacking = |names: &[&str]| lacks.clone().any(|lack| names.contains(lack));
        let mut hints = Vec::new();
        if self.policy.is_none() && lacks.clone().next().is_some() {
            hints
                .push("--policy FILE names the policy that was active: its rules tell more".into());
        }
        if lacking(&["dmverity_roothash", "dmverity_signature"]) {
            let mut devices = outcome.undecided.iter().flat_map(|one| &one.files);
            let device = devices.find_map(|file| {
                let device = file.device.as_deref()?;
                (device.starts_with("dm-") || device == "overlay").then_some(device)
            });
            let device = printable(device.unwrap_or("dm-0").as_bytes());
            hints.push(format!(
                "--volume {device}=signed or --volume {device}=sha256:… describes a volume"
            ));
        }
        let mut rules = outcome.rules.iter().map(|rule| rule.rule.as_str());
        if self.cmdline.is_none() && rules.any(|rule| rule.contains("=cmdline:")) {
            hints.push(
                "--cmdline TEXT gives the kernels' command line, from which the policy takes root \
                 hashes"
                    .to_owned(),
            );
        }
        if lacking(&["fsverity_digest"]) && self.root.is_none() {
            hints.push(
                "--root DIR takes the digests of files, if fs-verity is enabled on all of them"
                    .into(),
            );
        }
        hints
    }
}

/// How many lines without a record are listed.
const SHOWN: usize = 20;

/// A trial without records would show that nothing changes.
fn no_records(ignored: &Ignored) -> Failure {
    let failure = Failure::new(Class::Invalid, "the logs have no record of a decision");
    match ignored.doubts.iter().find_map(|doubt| doubt.advice(false)) {
        Some(advice) => failure.hint(advice),
        None if ignored.lines > 0 => failure
            .hint("lines that look like records are cut off, or not known to come from the kernel"),
        None => failure.hint("records have the type 1420; allowed accesses need success_audit"),
    }
}

fn show_change(name: &str, change: &Change, out: &mut Output<'_>) -> Result<()> {
    let operation = printable(change.operation.as_bytes());
    let records = counted(change.records, "record", "records");
    let by = match (&change.rule, change.line) {
        (Some(rule), Some(0)) => format!("{name}: {rule}"),
        (Some(rule), Some(line)) => format!("{name}:{line}: {rule}"),
        _ => "one of several rules, by properties that the records do not tell".to_owned(),
    };
    let style = if change.new == "ALLOW" {
        Style::Good
    } else {
        Style::Error
    };
    let verdict = out.paint(style, &format!("{} -> {}", change.old, change.new));
    out.line(format!("{operation}: {verdict}, {records}"))?;
    out.line(format!("  by {by}"))?;
    show_files(&change.files, change.records, out)
}

fn show_files(files: &[Example], records: usize, out: &mut Output<'_>) -> Result<()> {
    let mut shown = 0;
    for file in files {
        let text = |text: &Option<String>, before: &str, none: &str| match text {
            Some(text) => format!("{before}{}", printable(text.as_bytes())),
            None => none.to_owned(),
        };
        let programs = file.programs.iter().map(String::as_str);
        let programs = programs.collect::<Vec<_>>().join(", ");
        let by = match programs.as_str() {
            "" => String::new(),
            programs => format!(" by {}", printable(programs.as_bytes())),
        };
        out.line(format!(
            "    {}{}{by}: {}{}",
            text(&file.path, "", "without a file"),
            text(&file.device, " on ", ""),
            counted(file.records, "record", "records"),
            text(&file.first, ", first ", ""),
        ))?;
        shown += file.records;
    }
    if records > shown {
        let more = counted(records - shown, "record", "records");
        out.line(format!("    … and {more} about other files"))?;
    }
    Ok(())
}
