// SPDX-License-Identifier: GPL-2.0-only

//! The way of a policy to its verdict, rule by rule.

use crate::{
    canonical,
    command_line::CommandLine,
    object::{Digest, Object},
    policy::{operation_name, Policy},
};
use ipe_policy::policy::{
    Action, FileProperty, Line, Operation, Property, RootHash, Rule, Scope, Statement, WarningKind,
};
use serde::Serialize;

/// A rule or default that was looked at.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Its line; 0 where the policy says nothing, and access is denied.
    pub line: u32,
    /// Its text.
    pub text: String,
    /// Whether it decides.
    pub decides: bool,
    /// Why it does not, or that it does.
    pub reason: String,
    /// Whether a digest is all that it lacks.
    #[serde(skip)]
    pub other_digest: bool,
}

/// The verdict and the way there.
#[derive(Debug)]
pub struct Trace {
    /// The verdict.
    pub action: Action,
    /// Everything that was looked at; the last one decides.
    pub steps: Vec<Step>,
}

/// Asks the policy, and follows it to the rule that decides.
pub fn trace(policy: &Policy, operation: impl Into<Option<Operation>>, object: &Object) -> Trace {
    let operation = operation.into();
    if !policy.asks(operation) {
        return not_asked(operation);
    }
    let verdict = policy.evaluate(operation, object);
    let mut steps = Vec::new();
    let lines = policy.lines();

    for line in &lines {
        let Some(rule) = line.rule().filter(|rule| Some(rule.operation) == operation) else {
            continue;
        };
        let decides = verdict.scope == Scope::Rule(line.offset);
        let failed = rule
            .properties()
            .find(|property| !policy.holds(property, object));
        steps.push(Step {
            line: line.position.line,
            text: canonical::rule(rule),
            decides,
            other_digest: only_digest_fails(rule, object, policy),
            reason: match &failed {
                _ if decides => "it is the first rule that matches".to_owned(),
                Some(property) => why_not(property, object, policy.command_line()),
                // The compiled policy left it out.
                None => "it can never match".to_owned(),
            },
        });
        if decides {
            break;
        }
    }
    match verdict.scope {
        Scope::Rule(_) => {}
        Scope::OperationDefault => steps.push(default(&lines, operation, verdict.action)),
        Scope::GlobalDefault => steps.push(default(&lines, None, verdict.action)),
    }
    Trace {
        action: verdict.action,
        steps,
    }
}

/// The way to a verdict about which the policy is not asked.
fn not_asked(operation: Option<Operation>) -> Trace {
    let name = operation_name(operation);
    Trace {
        action: Action::Allow,
        steps: vec![Step {
            line: 0,
            text: format!("no line names {name}"),
            decides: true,
            reason: "the kernel only asks about this operation where the policy names it"
                .to_owned(),
            other_digest: false,
        }],
    }
}

fn default(lines: &[Line<'_>], operation: Option<Operation>, action: Action) -> Step {
    let line = lines
        .iter()
        .find(|line| matches!(line.statement, Statement::Default(of, _) if of == operation));
    Step {
        line: line.map_or(0, |line| line.position.line),
        text: canonical::default(operation, action),
        decides: true,
        reason: "no rule matches".to_owned(),
        other_digest: false,
    }
}

/// Whether all but the digests match.
fn only_digest_fails(rule: &Rule<'_>, object: &Object, policy: &Policy) -> bool {
    let mut failed = rule
        .properties()
        .filter(|property| !policy.holds(property, object))
        .peekable();
    failed.peek().is_some() && failed.all(|property| property.kind().is_digest())
}

/// Why a property does not hold.
fn why_not(property: &Property<'_>, object: &Object, line: &CommandLine) -> String {
    match property {
        Property::AnonymousMemory(true) => "it is a file".to_owned(),
        Property::AnonymousMemory(false) => "it is memory without a file of its own".to_owned(),
        Property::Modified(_) if object.memory => {
            "it is memory, not a mapping of a file".to_owned()
        }
        Property::Modified(true) => "it is not a modified mapping of the file".to_owned(),
        Property::Modified(false) => "it is a modified mapping of the file".to_owned(),
        Property::File(_) if object.memory => {
            "it is memory without a file of its own, which has no properties".to_owned()
        }
        Property::Program(_) if !object.memory => {
            "it is a file, and only accesses to memory depend on the program".to_owned()
        }
        Property::File(of_file) => why_not_of_file(property, of_file, object, line, "it"),
        Property::Program(of_file) => {
            why_not_of_file(property, of_file, object, line, "the program")
        }
    }
}

/// Why a property of a file does not hold. `subject` is the file, for people.
fn why_not_of_file(
    property: &Property<'_>,
    of_file: &FileProperty<'_>,
    object: &Object,
    line: &CommandLine,
    subject: &str,
) -> String {
    let name = property.kind().name();
    let digest = |has: Option<Digest>, none: &str| match has {
        Some(has) => format!("its {name} is {has}"),
        None => format!("{subject} {none}"),
    };
    match of_file {
        FileProperty::BootVerified(true) => {
            format!("{subject} does not come from the initramfs")
        }
        FileProperty::BootVerified(false) => format!("{subject} comes from the initramfs"),
        FileProperty::DmveritySignature(true) => {
            format!("{subject} is not on a dm-verity volume with a valid signature")
        }
        FileProperty::FsveritySignature(true) => {
            format!("{subject} has no fs-verity digest with a valid signature")
        }
        FileProperty::DmveritySignature(false) | FileProperty::FsveritySignature(false) => {
            format!("{} does not hold", canonical::property(property))
        }
        FileProperty::DmverityRoothash(RootHash::CommandLine(parameter))
            if object.dmverity_roothash.is_some() =>
        {
            match (line, line.root_hashes(*parameter)) {
                (_, Err(reason)) => WarningKind::CommandLine(*parameter, reason).to_string(),
                (CommandLine::AtBoot, _) => format!(
                    "{} is known only at boot; pass the command line with --cmdline",
                    canonical::property(property)
                ),
                (CommandLine::Given(_), Ok(_)) => digest(object.dmverity_roothash, ""),
            }
        }
        FileProperty::DmverityRoothash(_) => {
            digest(object.dmverity_roothash, "is not on a dm-verity volume")
        }
        FileProperty::FsverityDigest(_) => {
            digest(object.fsverity_digest, "is not protected by fs-verity")
        }
        FileProperty::ImageDigest(_) => digest(
            object.image_digest,
            "is not on an image whose file fs-verity protects",
        ),
    }
}
