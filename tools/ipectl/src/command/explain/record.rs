// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl explain --audit`: what a record of the log means under a policy.

use crate::{
    audit::{Access, OnTrial, Question},
    canonical,
    failure::{Class, Failure, Result, Status},
    memory,
    output::{printable, Output, Style},
    policy::{operation_name, Policy, UNKNOWN},
};
use ipe_policy::policy::{Action, Operation, Property, Statement};
use serde::Serialize;

#[derive(Serialize)]
struct Json<'a> {
    policy: &'a str,
    record: &'a Access,
    /// The line of the rule that the record names, or none if the policy has no such rule.
    line: Option<u32>,
    passed: Vec<Passed>,
    /// A note about the hook, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<&'static str>,
}

/// A rule that did not match, else it would have decided.
#[derive(Serialize)]
struct Passed {
    line: u32,
    text: String,
    allows: bool,
    /// The properties of which the file lacks one: all those that the record does not show.
    lacks: String,
}

/// Explains a record.
///
/// # Errors
///
/// It is about an operation that this version does not know.
pub fn explain_record(
    policy: &Policy,
    file: &str,
    access: &Access,
    out: &mut Output<'_>,
) -> Result {
    let operation = access.known_operation();
    if operation.is_none() && access.operation != UNKNOWN {
        let name = printable(access.operation.as_bytes());
        let rule = printable(access.rule.as_bytes());
        let message = format!("the record is of another kernel: it names the operation {name}");
        return Err(Failure::new(Class::Invalid, message).hint(format!(
            "ipectl and its kernel do not know that operation; '{rule}' decided"
        )));
    }
    let on_trial = access
        .trial
        .as_ref()
        .filter(|trial| trial.policy == policy.name());
    let as_trial = on_trial.map(|trial| Access {
        rule: trial.rule.clone(),
        enforcing: false,
        ..access.clone()
    });
    let record = access;
    let access = as_trial.as_ref().unwrap_or(access);
    let (line, passed) = follow(policy, operation, access);
    let denied = access.is_denial();
    let status = if denied { Status::Findings } else { Status::Ok };
    if out.is_json() {
        out.json(
            "explain",
            &Json {
                policy: file,
                record,
                line,
                passed,
                about: about(access.question()),
            },
        )?;
        return Ok(status);
    }

    let show = |text: &Option<String>| match text {
        Some(text) => printable(text.as_bytes()),
        None => "?".to_owned(),
    };
    let changes = access.question() == Question::ReadImpliesExec;
    let (style, verdict) = match (denied, access.enforcing) {
        (false, _) => (Style::Good, "allowed"),
        (true, true) if changes => (
            Style::Warning,
            "not refused, but READ_IMPLIES_EXEC was removed",
        ),
        (true, true) => (Style::Error, "denied"),
        (true, false) if changes => (
            Style::Warning,
            "not enforced, would remove READ_IMPLIES_EXEC",
        ),
        (true, false) => (Style::Warning, "not enforced, would be denied"),
    };
    let path = match &access.path {
        Some(path) => printable(path.as_bytes()),
        None if matches!(operation, None | Some(Operation::Execute)) => {
            "memory without a file".to_owned()
        }
        None => "data without a file".to_owned(),
    };
    out.line(format!(
        "{} of {path} by {} ({}) was {}",
        operation_name(operation),
        show(&access.comm),
        printable(access.hook.as_bytes()),
        out.paint(style, verdict),
    ))?;
    if access.path.is_some() {
        let inode = access
            .inode
            .map_or("?".to_owned(), |inode| inode.to_string());
        out.line(format!("  on {}, inode {inode}", show(&access.device)))?;
    }
    if access.modified == Some(true) {
        out.line("  a private mapping to which something was written, or can be")?;
    }
    if let Some(about) = about(access.question()) {
        out.line(format!("  {about}"))?;
    }
    if let Some(trial) = &access.trial {
        out.line(trial_line(trial, &record.rule, on_trial.is_some()))?;
    }
    out.line("")?;
    for rule in &passed {
        out.line(format!("{file}:{}: {}", rule.line, rule.text))?;
        out.line(match rule.lacks.as_str() {
            "" => "    no, although the record shows what it asks for: another policy was active"
                .to_owned(),
            lacks => format!("    no: the file lacks {lacks}"),
        })?;
    }
    match line {
        Some(line) => {
            out.line(format!(
                "{file}:{line}: {}",
                out.paint(Style::Bold, &access.rule)
            ))?;
            out.line("    decides")?;
        }
        None if access.rule == NOT_ASKED && !names(policy, operation) => {
            let operation = operation_name(operation);
            out.line(format!(
                "{file}: does not name {operation}, so it is not asked, and counts as allowing it"
            ))?;
        }
        None if decides_without_default(policy, operation, access) => {
            let text = out.paint(Style::Bold, &access.rule);
            out.line(format!("{file}: {text}"))?;
            out.line("    decides: the policy has no global DEFAULT")?;
        }
        None => {
            out.line(format!(
                "{}: the record names '{}', which is not in this policy",
                out.paint(Style::Warning, "warning"),
                printable(access.rule.as_bytes())
            ))?;
            out.line("  another policy, or another version of this one, was active")?;
        }
    }
    if operation.is_none() {
        out.line("")?;
        out.line("No rule can name an operation that the language does not know.")?;
    } else if let Some(operation) = operation
        .filter(|operation| *operation != Operation::Execute && access.path.is_none() && denied)
    {
        out.line("")?;
        out.line(format!("No rule helps: {}.", memory::advice(operation)))?;
    } else if access.path.is_none() && denied {
        out.line("")?;
        out.line(
            "Memory without a file has no properties: only a rule without properties allows it, or \
             one with anonymous_memory=TRUE.",
        )?;
        if changes {
            out.line(
                "A rule without properties allows every file, and all memory, to every program.",
            )?;
        }
    }
    Ok(status)
}

/// Returns the line about the other policy: the active one, where the explanation is of the policy on
/// trial, and the latter elsewhere.
fn trial_line(trial: &OnTrial, rule: &str, is_explained: bool) -> String {
    let (about, rule) = if is_explained {
        ("it was on trial; the active policy decided by", rule)
    } else {
        ("it would have decided by", trial.rule.as_str())
    };
    let rule = match rule {
        NOT_ASKED => "nothing: it does not name the operation".to_owned(),
        rule => format!("'{}'", printable(rule.as_bytes())),
    };
    let (name, version) = (
        printable(trial.policy.as_bytes()),
        printable(trial.version.as_bytes()),
    );
    if is_explained {
        format!("  under {name} {version}: {about} {rule}")
    } else {
        format!("  {name} {version} was on trial: {about} {rule}")
    }
}

/// Returns a note about the question of a hook, for people.
fn about(question: Question) -> Option<&'static str> {
    match question {
        Question::Plain => None,
        Question::Interpreter => Some(
            "the file is a program's interpreter: the dynamic linker, or one that #! or \
             binfmt_misc names",
        ),
        Question::ReadImpliesExec => Some(
            "the program was started with READ_IMPLIES_EXEC (setarch -X), which makes all its \
             readable memory executable; if the policy denies that, enforcing mode removes the \
             flag, and the program runs without it",
        ),
    }
}

/// The rule in a record with two policies, of the one that is not asked about the operation.
const NOT_ASKED: &str = "?";

/// Returns whether a line of the policy names the operation.
fn names(policy: &Policy, operation: Option<Operation>) -> bool {
    let mut lines = policy.lines().into_iter();
    lines.any(|line| match &line.statement {
        Statement::Rule(rule) => Some(rule.operation) == operation,
        Statement::Default(of, _) => of.is_some() && *of == operation,
        _ => false,
    })
}

/// Whether the record is about what the kernel denies where no line says anything.
fn decides_without_default(policy: &Policy, operation: Option<Operation>, access: &Access) -> bool {
    let mut lines = policy.lines().into_iter();
    operation.is_none()
        && access.rule == canonical::default(None, Action::Deny)
        && !lines.any(|line| matches!(line.statement, Statement::Default(None, _)))
}

/// The line that the record names, and the rules before it.
fn follow(
    policy: &Policy,
    operation: Option<Operation>,
    access: &Access,
) -> (Option<u32>, Vec<Passed>) {
    let mut passed = Vec::new();
    let mut line_of_default = None;
    for line in policy.lines() {
        match &line.statement {
            Statement::Rule(rule) if Some(rule.operation) == operation => {
                let text = canonical::rule(rule);
                if text == access.rule {
                    return (Some(line.position.line), passed);
                }
                let asked: Vec<_> = rule
                    .properties()
                    .filter(|property| !shows(access, property))
                    .map(lack)
                    .collect();
                passed.push(Passed {
                    line: line.position.line,
                    text,
                    allows: rule.action == Action::Allow,
                    lacks: asked.join(" or "),
                });
            }
            Statement::Default(of, action) if canonical::default(*of, *action) == access.rule => {
                line_of_default = Some(line.position.line);
            }
            _ => {}
        }
    }
    if line_of_default.is_none() {
        passed.clear();
    }
    (line_of_default, passed)
}

/// Returns whether the record shows that the object has the property.
fn shows(access: &Access, property: &Property<'_>) -> bool {
    match property {
        Property::Modified(value) => access.modified == Some(*value),
        _ => false,
    }
}

/// Returns the property that the file lacks.
fn lack(property: Property<'_>) -> String {
    canonical::property(&property)
}
