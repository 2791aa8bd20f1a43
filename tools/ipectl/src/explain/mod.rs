// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl explain`: which rule decides about a file, and why the earlier ones do not.

mod record;
mod trace;

pub use self::{
    record::explain_record,
    trace::{trace, Step, Trace},
};

use crate::{
    failure::{Result, Status},
    output::{Output, Style},
    policy::{operation_name, Policy},
    subject::Facts,
};
use ipe_policy::policy::{Action, Operation};
use serde::Serialize;

/// How many rules that only lack another digest are shown.
const SHOWN_DIGESTS: usize = 5;

#[derive(Serialize)]
struct Json<'a> {
    command: &'static str,
    policy: &'a str,
    operation: &'static str,
    subject: JsonFacts,
    evidence: &'a [String],
    action: &'static str,
    steps: &'a [Step],
}

/// The facts of a file as JSON has them.
#[derive(Serialize)]
pub struct JsonFacts {
    boot_verified: bool,
    dmverity_roothash: Option<String>,
    dmverity_signature: bool,
    fsverity_digest: Option<String>,
    fsverity_signature: bool,
}

impl From<&Facts> for JsonFacts {
    fn from(facts: &Facts) -> Self {
        Self {
            boot_verified: facts.boot_verified,
            dmverity_roothash: facts.dmverity_roothash.map(|digest| digest.to_string()),
            dmverity_signature: facts.dmverity_signature,
            fsverity_digest: facts.fsverity_digest.map(|digest| digest.to_string()),
            fsverity_signature: facts.fsverity_signature,
        }
    }
}

/// Explains what a policy decides about a file with these facts.
pub fn explain(
    policy: &Policy,
    file: &str,
    operation: Option<Operation>,
    facts: &Facts,
    evidence: &[String],
    all: bool,
    out: &mut Output<'_>,
) -> Result {
    let trace = trace(policy, operation, facts);
    let status = match trace.action {
        Action::Allow => Status::Ok,
        Action::Deny => Status::Findings,
    };
    if out.is_json() {
        out.json(&Json {
            command: "explain",
            policy: file,
            operation: operation_name(operation),
            subject: facts.into(),
            evidence,
            action: trace.action.name(),
            steps: &trace.steps,
        })?;
        return Ok(status);
    }

    for line in evidence {
        out.line(format!("  {line}"))?;
    }
    show_facts(facts, out)?;
    out.line("")?;
    show_steps(file, &trace.steps, all, out)?;
    let (style, verdict) = match trace.action {
        Action::Allow => (Style::Good, "allowed"),
        Action::Deny => (Style::Error, "denied"),
    };
    out.line("")?;
    out.line(format!(
        "{} is {}",
        operation_name(operation),
        out.paint(style, verdict)
    ))?;
    Ok(status)
}

fn show_facts(facts: &Facts, out: &mut Output<'_>) -> Result<()> {
    let boolean = |value| if value { "TRUE" } else { "FALSE" }.to_owned();
    let digest = |value: Option<_>| match value {
        Some(digest) => format!("{digest}"),
        None => "none".to_owned(),
    };
    for (name, value) in [
        ("boot_verified", boolean(facts.boot_verified)),
        ("dmverity_roothash", digest(facts.dmverity_roothash)),
        ("dmverity_signature", boolean(facts.dmverity_signature)),
        ("fsverity_digest", digest(facts.fsverity_digest)),
        ("fsverity_signature", boolean(facts.fsverity_signature)),
    ] {
        out.line(format!("  {name:<19} {value}"))?;
    }
    Ok(())
}

fn show_steps(file: &str, steps: &[Step], all: bool, out: &mut Output<'_>) -> Result<()> {
    let mut digests = 0;
    for step in steps {
        if step.other_digest && !step.decides {
            digests += 1;
            if digests > SHOWN_DIGESTS && !all {
                continue;
            }
        }
        if step.decides && digests > SHOWN_DIGESTS && !all {
            let more = digests - SHOWN_DIGESTS;
            out.line(format!(
                "  … and {more} more rules for other digests; --all shows them"
            ))?;
        }
        let (style, mark) = if step.decides {
            (Style::Bold, "decides")
        } else {
            (Style::Dim, "no")
        };
        let place = match step.line {
            0 => file.to_owned(),
            line => format!("{file}:{line}"),
        };
        out.line(format!("{place}: {}", out.paint(style, &step.text)))?;
        out.line(format!("    {mark}: {}", step.reason))?;
    }
    Ok(())
}
