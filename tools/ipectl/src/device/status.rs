// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl status`: what is loaded, what is in force, and in which mode.

use super::nodes::Nodes;
use crate::{
    failure::{Result, Status},
    output::{printable, Output, Style},
};
use ipe_policy::policy::Version;
use serde::Serialize;

/// A policy that is loaded.
#[derive(Debug, Serialize)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Whether it is in force; none where only root may know.
    pub active: Option<bool>,
    /// Whether it came from userspace, signed; else it is compiled into the kernel.
    pub signed: Option<bool>,
}

#[derive(Serialize)]
struct Json {
    command: &'static str,
    enforcing: Option<bool>,
    success_audit: Option<bool>,
    policies: Vec<Loaded>,
}

/// Reads a node as a line of text.
pub(super) fn text(nodes: &dyn Nodes, node: &str) -> Option<String> {
    let bytes = nodes.read(node).ok()?;
    Some(printable(bytes.trim_ascii()))
}

/// Reads a node that is `0` or `1`.
pub(super) fn switch(nodes: &dyn Nodes, node: &str) -> Option<bool> {
    match text(nodes, node)?.as_str() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Reads a version.
pub(super) fn version(nodes: &dyn Nodes, name: &str) -> Option<Version> {
    parse_version(&text(nodes, &format!("policies/{name}/version"))?)
}

/// Parses a version as the kernel writes it.
fn parse_version(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    let version = Version {
        major: numbers.next()??,
        minor: numbers.next()??,
        revision: numbers.next()??,
    };
    numbers.next().is_none().then_some(version)
}

/// Everything that is loaded.
pub fn loaded(nodes: &dyn Nodes) -> Result<Vec<Loaded>> {
    let names = nodes.policies()?;
    let policy = |name: String| Loaded {
        version: text(nodes, &format!("policies/{name}/version")),
        active: switch(nodes, &format!("policies/{name}/active")),
        signed: match nodes.read(&format!("policies/{name}/pkcs7")) {
            Ok(_) => Some(true),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Some(false),
            Err(_) => None,
        },
        name,
    };
    Ok(names.into_iter().map(policy).collect())
}

/// Shows it.
pub fn status(nodes: &dyn Nodes, out: &mut Output<'_>) -> Result {
    let policies = loaded(nodes)?;
    let enforcing = switch(nodes, "enforce");
    let success_audit = switch(nodes, "success_audit");
    if out.is_json() {
        out.json(&Json {
            command: "status",
            enforcing,
            success_audit,
            policies,
        })?;
        return Ok(Status::Ok);
    }

    let (style, mode) = match enforcing {
        Some(true) => (Style::Good, "enforcing"),
        Some(false) => (
            Style::Warning,
            "permissive: denials are recorded, not enforced",
        ),
        None => (Style::Dim, "? (only root may know)"),
    };
    out.line(format!("mode     {}", out.paint(style, mode)))?;
    let records = match success_audit {
        Some(true) => "denials and what is allowed",
        Some(false) => "denials",
        None => "?",
    };
    out.line(format!("records  {records}"))?;
    let known = policies.iter().all(|policy| policy.active.is_some());
    if known && !policies.iter().any(|policy| policy.active == Some(true)) {
        let warning = out.paint(
            Style::Warning,
            "no policy is in force: everything is allowed",
        );
        out.line(format!("policy   {warning}"))?;
    }
    if policies.is_empty() {
        return Ok(Status::Ok);
    }

    out.line("")?;
    let width = policies
        .iter()
        .map(|p| printable(p.name.as_bytes()).chars().count());
    let width = width.max().unwrap_or(0).max("POLICY".len());
    out.line(format!(
        "{:<width$}  {:<17}  {:<8}  FROM",
        "POLICY", "VERSION", "IN FORCE"
    ))?;
    for policy in &policies {
        let active = match policy.active {
            Some(true) => "yes",
            Some(false) => "no",
            None => "?",
        };
        let from = match policy.signed {
            Some(true) => "userspace, signed",
            Some(false) => "the kernel",
            None => "?",
        };
        let row = format!(
            "{:<width$}  {:<17}  {active:<8}  {from}",
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
    Ok(Status::Ok)
}
