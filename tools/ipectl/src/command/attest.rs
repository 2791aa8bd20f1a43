// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl attest`: the event that a policy leaves in the log of IMA, and whether a log has it.

use crate::{
    failure::{Class, Failure, Result, Status},
    measured::{events, Identity, State},
    output::{printable, Output, Style},
    policy::Policy,
    source::{read_bytes, Source},
};
use clap::Args;
use ipe_policy::policy::{FileProperty, Line, Parameter, Property, RootHash, Rule};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Check that the log of IMA says that a policy decides
#[derive(Args, Debug)]
#[command(after_help = "\
A kernel with CONFIG_IMA and ima_policy=critical_data, or with the rule 'measure func=CRITICAL_DATA \
label=ipe', logs each change of policy, mode and seal. Without LOG, this shows the expected event.

The log proves nothing by itself: verify the quote of the TPM over it first.

Example:
  $ ipectl attest appliance.p7b ascii_runtime_measurements
  event 2 of 2: enforcing=1 sealed=1 origin=signed policy_version=1.0.0 …
  as expected

Exits with 0 if the log is as expected, with 1 if it is not.")]
pub struct Attest {
    /// The policy: the signed file that was loaded, or the text of a boot policy
    pub policy: PathBuf,

    /// The log, /sys/kernel/security/ima/ascii_runtime_measurements of the machine
    pub log: Option<PathBuf>,

    /// Expect that IPE is sealed
    #[arg(long)]
    pub sealed: bool,

    /// The kernel has read the policy, which is not signed, from a file, and did not have it built in
    #[arg(long)]
    pub from_file: bool,

    /// Accept permissive mode
    #[arg(long)]
    pub permissive: bool,
}

impl Attest {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let bytes = read_bytes(&self.policy)?;
        let source = Source::parse(&self.policy, &bytes)?;
        let policy = Policy::load(&source)?;
        let expected = Expected {
            policy: Identity {
                origin: match source.signed {
                    Some(_) => "signed",
                    None if self.from_file => "file",
                    None => "builtin",
                }
                .to_owned(),
                version: policy.version().to_string(),
                digest: format!("sha256:{:x}", Sha256::digest(&bytes)),
                name: policy.name_bytes().to_vec(),
            },
            enforcing: !self.permissive,
            sealed: self.sealed,
        };
        let Some(log) = &self.log else {
            return show_expected(&expected, out);
        };
        let log_bytes = read_bytes(log)?;
        let states: Vec<_> = events(&log_bytes).collect();
        let Some(last) = states.last() else {
            let message = format!("{}: no event of IPE", log.display());
            return Err(Failure::new(Class::Invalid, message).hint(
                "the kernel needs CONFIG_IMA and ima_policy=critical_data on its command line, and \
                 an active policy",
            ));
        };
        let report = Report {
            problems: expected.problems(&states),
            trusts: last
                .as_ref()
                .map(|last| root_hashes(&policy, last))
                .unwrap_or_default(),
            measured: last.as_ref().map(text),
            events: states.len(),
        };
        report.show(&expected, out)
    }
}

/// The content of the last event.
struct Expected {
    policy: Identity,
    /// Whether permissive mode is a problem.
    enforcing: bool,
    /// Whether a machine without a seal is a problem.
    sealed: bool,
}

impl Expected {
    /// Returns the fields of the event that can be known.
    fn text(&self) -> String {
        let mut text = String::new();
        if self.enforcing {
            text += "enforcing=1 ";
        }
        if self.sealed {
            text += "sealed=1 ";
        }
        text + &identity(&self.policy)
    }

    /// Returns what is not as expected in the events of a log.
    fn problems(&self, states: &[Option<State>]) -> Vec<String> {
        let mut problems = Vec::new();
        for (number, state) in (1..).zip(states) {
            if state.is_none() {
                problems.push(format!("event {number} has a form that is not known"));
            }
        }
        let Some(Some(last)) = states.last() else {
            return problems;
        };
        let (measured, wanted) = (&last.policy, &self.policy);
        for (field, measured, wanted) in [
            ("policy_name", &measured.name[..], &wanted.name[..]),
            (
                "policy_version",
                measured.version.as_bytes(),
                wanted.version.as_bytes(),
            ),
            (
                "policy_digest",
                measured.digest.as_bytes(),
                wanted.digest.as_bytes(),
            ),
            (
                "origin",
                measured.origin.as_bytes(),
                wanted.origin.as_bytes(),
            ),
        ] {
            if measured != wanted {
                let (measured, wanted) = (printable(measured), printable(wanted));
                problems.push(format!("{field} is {measured}, not {wanted}"));
            }
        }
        if self.sealed && !last.sealed {
            problems.push("IPE is not sealed".to_owned());
        }
        problems.extend(self.history(states, last));
        problems
    }

    /// Returns what is wrong with the events of the boot that the last one is of.
    fn history(&self, states: &[Option<State>], last: &State) -> Vec<String> {
        let mut problems = Vec::new();
        let mut before = None;
        for state in states.iter().flatten() {
            if state.boot != last.boot {
                continue;
            }
            if before.is_some_and(|before| state.count != before + 1) {
                problems.push(format!("events before count={} are missing", state.count));
            }
            before = Some(state.count);
            if self.enforcing && !state.enforcing {
                problems.push(if state == last {
                    "denials are not enforced".to_owned()
                } else {
                    let count = state.count;
                    format!("denials were not enforced after count={count}: anything may run")
                });
            }
        }
        problems
    }
}

/// Returns the fields of an event that say which policy it is.
fn identity(policy: &Identity) -> String {
    format!(
        "origin={} policy_version={} policy_digest={} policy_name={}",
        printable(policy.origin.as_bytes()),
        printable(policy.version.as_bytes()),
        printable(policy.digest.as_bytes()),
        printable(&policy.name),
    )
}

/// Returns the fields of an event, for people.
fn text(state: &State) -> String {
    format!(
        "enforcing={} sealed={} {}",
        u8::from(state.enforcing),
        u8::from(state.sealed),
        identity(&state.policy)
    )
}

/// Returns the fields with the root hashes that the rules of the policy refer to.
fn root_hashes(policy: &Policy, state: &State) -> Vec<String> {
    let lines = policy.lines();
    let properties = lines
        .iter()
        .filter_map(Line::rule)
        .flat_map(Rule::properties);
    let named: Vec<_> =
        properties
            .filter_map(|property| match property {
                Property::File(FileProperty::DmverityRoothash(RootHash::CommandLine(
                    parameter,
                )))
                | Property::Program(FileProperty::DmverityRoothash(RootHash::CommandLine(
                    parameter,
                ))) => Some(format!("{}{}=", Parameter::PREFIX, parameter.name())),
                _ => None,
            })
            .collect();
    let fields = state.root_hashes.iter();
    fields
        .filter(|field| named.iter().any(|start| field.starts_with(start)))
        .map(|field| printable(field.as_bytes()))
        .collect()
}

fn show_expected(expected: &Expected, out: &mut Output<'_>) -> Result {
    if out.is_json() {
        out.json(
            "attest",
            &Json {
                expected: &expected.text(),
                measured: None,
                events: None,
                trusts: &[],
                problems: &[],
            },
        )?;
    } else {
        out.line(expected.text())?;
    }
    Ok(Status::Ok)
}

/// The content of a log.
struct Report {
    /// How many events it has.
    events: usize,
    /// The last of them.
    measured: Option<String>,
    /// The root hashes of the command line that the policy allows.
    trusts: Vec<String>,
    problems: Vec<String>,
}

impl Report {
    fn show(&self, expected: &Expected, out: &mut Output<'_>) -> Result {
        let status = if self.problems.is_empty() {
            Status::Ok
        } else {
            Status::Findings
        };
        if out.is_json() {
            out.json(
                "attest",
                &Json {
                    expected: &expected.text(),
                    measured: self.measured.as_deref(),
                    events: Some(self.events),
                    trusts: &self.trusts,
                    problems: &self.problems,
                },
            )?;
            return Ok(status);
        }
        let events = self.events;
        let measured = self.measured.as_deref().unwrap_or("?");
        out.line(format!("event {events} of {events}: {measured}"))?;
        for field in &self.trusts {
            out.line(format!("trusts {field}"))?;
        }
        for problem in &self.problems {
            out.line(out.paint(Style::Error, problem))?;
        }
        if self.problems.is_empty() {
            out.line(out.paint(Style::Good, "as expected"))?;
        }
        Ok(status)
    }
}

#[derive(Serialize)]
struct Json<'a> {
    expected: &'a str,
    measured: Option<&'a str>,
    events: Option<usize>,
    trusts: &'a [String],
    problems: &'a [String],
}
