// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl rules`: the rules of a loaded policy that have never decided.

use super::machine::Machine;
use crate::{
    device::{explain, find, Change, Files, Request},
    failure::{Class, Failure, Result, Status},
    output::{printable, Output},
};
use clap::Args;
use serde::Serialize;

/// List the rules of a loaded policy that have never decided
#[derive(Args, Debug)]
#[command(after_help = "\
The kernel notes which rules decide after --start, until --stop or an update. A rule that is listed was \
not needed in that time: it may be needed for a reboot, a repair or an update.

Examples:
  # ipectl rules --start Firewall
  Firewall 1.1.0: rules that decide are noted
  # ipectl rules Firewall
  7:1: op=FIRMWARE dmverity_signature=TRUE action=ALLOW")]
pub struct Rules {
    /// The policy's name
    pub name: String,

    /// Note from now on which rules decide, and forget what was noted
    #[arg(long, conflicts_with = "stop")]
    pub start: bool,

    /// Note nothing any more
    #[arg(long)]
    pub stop: bool,

    /// Only show what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// The machine
    #[command(flatten)]
    pub machine: Machine,
}

impl Rules {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let files = &self.machine.open()?;
        match (self.start, self.stop) {
            (true, _) => note(files, &self.name, true, self.dry_run, out),
            (_, true) => note(files, &self.name, false, self.dry_run, out),
            _ => show(files, &self.name, out),
        }
    }
}

/// Starts or stops noting which rules of a policy decide.
///
/// # Errors
///
/// No policy has that name, or the kernel refuses.
pub fn note(
    files: &dyn Files,
    name: &str,
    on: bool,
    dry_run: bool,
    out: &mut Output<'_>,
) -> Result {
    let what = format!("{name} {}", find(files, name)?);
    let change = Change {
        command: "rules",
        request: Request::Note,
        file: &file(name),
        value: if on { "1" } else { "0" },
        what: &what,
        state: if on {
            "rules that decide are noted"
        } else {
            "nothing is noted"
        },
        warnings: &[],
        stops: false,
    };
    change.make(files, dry_run, out)
}

/// A rule that has not decided.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Unused {
    line: u32,
    column: u32,
    rule: String,
}

impl Unused {
    /// Reads a line of the kernel's list: `line:column: rule`.
    fn parse(line: &[u8]) -> Option<Self> {
        let text = printable(line);
        let (number, rest) = text.split_once(':')?;
        let (column, rule) = rest.split_once(": ")?;
        Some(Self {
            line: number.parse().ok()?,
            column: column.parse().ok()?,
            rule: rule.to_owned(),
        })
    }
}

/// Shows the rules of a policy that have not decided.
///
/// # Errors
///
/// No policy has that name, nothing is noted, or the kernel refuses.
pub fn show(files: &dyn Files, name: &str, out: &mut Output<'_>) -> Result {
    let what = format!("{name} {}", find(files, name)?);
    let list = files
        .read(&file(name))
        .map_err(|error| explain(Request::Note, &what, None, &error))?;
    let lines = list.split(|&byte| byte == b'\n');
    let unused: Option<Vec<_>> = lines
        .filter(|line| !line.is_empty())
        .map(Unused::parse)
        .collect();
    let unused = unused.ok_or_else(|| {
        let message = format!("{what}: the kernel's list has a form that is not known");
        Failure::new(Class::Unsupported, message)
    })?;
    if out.is_json() {
        out.json("rules", &serde_json::json!({ "unused": unused }))?;
        return Ok(Status::Ok);
    }
    if unused.is_empty() {
        out.line(format!(
            "{}: every rule has decided",
            printable(what.as_bytes())
        ))?;
    }
    for Unused { line, column, rule } in &unused {
        out.line(format!("{line}:{column}: {rule}"))?;
    }
    Ok(Status::Ok)
}

/// Returns the file of a policy that lists the rules.
fn file(name: &str) -> String {
    format!("policies/{name}/unused")
}
