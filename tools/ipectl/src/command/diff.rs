// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl diff`: which files change their verdict from one policy to another.

use crate::{
    diff::{compare, Change},
    failure::{Result, Status},
    output::{printable, Output, Style},
    policy::Policy,
    source::Source,
};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Show for which files a new policy decides differently
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  $ ipectl diff old.pol new.pol
  Firewall 1.0.0 -> Firewall 1.1.0
  EXECUTE         ALLOW -> DENY   dmverity_signature=TRUE dmverity_roothash=sha256:cd2c…

Exits with 0 if nothing changes, with 1 if something does.")]
pub struct Diff {
    /// The old policy, as text or signed; - for standard input
    pub old: PathBuf,

    /// The new policy
    pub new: PathBuf,
}

impl Diff {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let old = Policy::load(&Source::read(&self.old)?)?;
        let new = Policy::load(&Source::read(&self.new)?)?;
        show(&old, &new, out)
    }
}

/// The width of the names of most operations.
const WIDTH: usize = 15;

#[derive(Serialize)]
struct Json<'a> {
    old: Identity,
    new: Identity,
    updates: bool,
    complete: bool,
    changes: &'a [Change],
}

#[derive(Serialize)]
struct Identity {
    name: String,
    version: String,
}

/// Shows what changes.
pub fn show(old: &Policy, new: &Policy, out: &mut Output<'_>) -> Result {
    let difference = compare(old, new);
    let updates = old.name() == new.name() && old.version() < new.version();
    let status = if difference.changes.is_empty() {
        Status::Ok
    } else {
        Status::Findings
    };
    if out.is_json() {
        let identity = |policy: &Policy| Identity {
            name: policy.name(),
            version: policy.version().to_string(),
        };
        out.json(
            "diff",
            &Json {
                old: identity(old),
                new: identity(new),
                updates,
                complete: !difference.incomplete,
                changes: &difference.changes,
            },
        )?;
        return Ok(status);
    }

    out.line(format!(
        "{} {} -> {} {}",
        printable(old.name().as_bytes()),
        old.version(),
        printable(new.name().as_bytes()),
        new.version()
    ))?;
    if let Some(reason) = refusal(old, new) {
        let warning = out.paint(Style::Warning, "warning:");
        out.line(format!("{warning} {reason}"))?;
    }
    let names = difference.changes.iter();
    let width = names.map(|change| change.operation.len()).max();
    let width = width.unwrap_or(0).max(WIDTH);
    for change in &difference.changes {
        let style = if change.new == "ALLOW" {
            Style::Good
        } else {
            Style::Error
        };
        let pair = out.paint(style, &format!("{:<5} -> {:<5}", change.old, change.new));
        out.line(format!(
            "{:<width$} {pair}  {}",
            change.operation, change.files
        ))?;
    }
    if difference.incomplete {
        out.line("There are too many digests to try all pairs: only those in rules were tried.")?;
    }
    if difference.changes.is_empty() {
        out.line("no verdict changes")?;
    }
    Ok(status)
}

/// Explains why the kernel refuses the new policy as an update of the old one, if it does.
fn refusal(old: &Policy, new: &Policy) -> Option<&'static str> {
    if old.name() != new.name() {
        return Some(if new.version() < old.version() {
            "the names differ, so the new policy does not replace the old one; its version is \
             lower, so the kernel does not activate it while the old one is active (ESTALE)"
        } else {
            "the names differ, so the new policy does not replace the old one"
        });
    }
    // The kernel takes a policy that it has already.
    let same = old.version() == new.version() && old.text() == new.text();
    (new.version() <= old.version() && !same).then_some(
        "the new version is not higher, so the kernel refuses the update (ESTALE): give the new \
         policy a higher policy_version",
    )
}
