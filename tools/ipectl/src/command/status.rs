// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl status`: the mode, the loaded policies, and which of them is active.

use super::machine::Machine;
use crate::{
    device::{loaded, switch, Files, Loaded},
    failure::{Result, Status as Outcome},
    output::{printable, Output, Style},
};
use clap::Args;
use serde::Serialize;

/// Show the mode, the loaded policies, and which one is active
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  # ipectl status
  mode     enforcing, sealed until the next boot
  records  denials

  POLICY    VERSION            ACTIVE  FROM
  Firewall  1.1.0              yes     userspace, signed")]
pub struct Status {
    /// The machine
    #[command(flatten)]
    pub machine: Machine,
}

impl Status {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        show(&self.machine.open()?, out)
    }
}

#[derive(Serialize)]
struct Json {
    enforcing: Option<bool>,
    success_audit: Option<bool>,
    sealed: Option<bool>,
    policies: Vec<Loaded>,
}

/// Shows the state of IPE.
pub fn show(files: &dyn Files, out: &mut Output<'_>) -> Result {
    let policies = loaded(files)?;
    let enforcing = switch(files, "enforce");
    let success_audit = switch(files, "success_audit");
    let sealed = switch(files, "seal");
    if out.is_json() {
        out.json(
            "status",
            &Json {
                enforcing,
                success_audit,
                sealed,
                policies,
            },
        )?;
        return Ok(Outcome::Ok);
    }

    let (style, mode) = match enforcing {
        Some(true) if sealed == Some(true) => {
            (Style::Good, "enforcing, sealed until the next boot")
        }
        Some(true) => (Style::Good, "enforcing"),
        Some(false) => (
            Style::Warning,
            "permissive: denials are recorded, not enforced",
        ),
        None => (Style::Dim, "? (only root can tell)"),
    };
    out.line(format!("mode     {}", out.paint(style, mode)))?;
    let records = match success_audit {
        Some(true) => "denials and allowed accesses",
        Some(false) => "denials",
        None => "?",
    };
    out.line(format!("records  {records}"))?;
    let known = policies.iter().all(|policy| policy.active.is_some());
    if known && !policies.iter().any(|policy| policy.active == Some(true)) {
        let warning = out.paint(Style::Warning, "no policy is active: everything is allowed");
        out.line(format!("policy   {warning}"))?;
    }
    if policies.is_empty() {
        return Ok(Outcome::Ok);
    }

    out.line("")?;
    let width = policies
        .iter()
        .map(|p| printable(p.name.as_bytes()).chars().count());
    let width = width.max().unwrap_or(0).max("POLICY".len());
    out.line(format!(
        "{:<width$}  {:<17}  {:<6}  FROM",
        "POLICY", "VERSION", "ACTIVE"
    ))?;
    for policy in &policies {
        let active = match policy.active {
            Some(true) => "yes",
            Some(false) if policy.on_trial == Some(true) => "trial",
            Some(false) => "no",
            None => "?",
        };
        let from = match policy.signed {
            Some(true) => "userspace, signed",
            Some(false) => "not signed",
            None => "?",
        };
        let row = format!(
            "{:<width$}  {:<17}  {active:<6}  {from}",
            printable(policy.name.as_bytes()),
            policy.version.as_deref().unwrap_or("?"),
        );
        let style = if policy.active == Some(true) {
            Style::Bold
        } else {
            Style::Dim
        };
        out.line(out.paint(style, &row))?;
    }
    Ok(Outcome::Ok)
}
