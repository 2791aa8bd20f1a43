// SPDX-License-Identifier: GPL-2.0-only

//! Statements about all objects that there are, whatever properties they have.
//!
//! Eight evaluations prove them. A property of a rule that names a digest can only add objects with
//! that digest to those that the rule matches. So what the policy decides without a digest, one
//! combination of flags after another, is what it decides about every object whose digests no line
//! names. The lines that name a digest are looked at themselves.

use super::{
    diagnostic::{Diagnostic, Severity},
    lint::{decider, span},
    options::Stage,
};
use crate::{object::Object, policy::Policy, source::Source};
use ipe_policy::{
    eval::Verdict,
    policy::{Action, Line, Operation, PropertyKind, Rule, Scope, Statement},
};

/// The decisions about all objects whose digests no line names.
struct Decisions {
    operation: Operation,
    /// Those about files; for `PTRACE`, which is about no file, those about the programs that ask.
    verdicts: Vec<Verdict>,
    /// The decision about such a file or program that has no property.
    unprotected: Verdict,
    /// The decisions about memory, if there are others.
    of_memory: Vec<Verdict>,
}

impl Decisions {
    fn of(policy: &Policy, operation: Operation) -> Self {
        let memory = operation == Operation::Ptrace;
        let verdicts = |of_memory| {
            Object::all(operation)
                .filter(move |object| object.memory == of_memory && object.possible())
                .map(|object| policy.evaluate(operation, &object))
                .collect()
        };
        let unprotected = Object {
            memory,
            ..Object::default()
        };
        Self {
            operation,
            verdicts: verdicts(memory),
            unprotected: policy.evaluate(operation, &unprotected),
            of_memory: if memory { Vec::new() } else { verdicts(true) },
        }
    }

    /// Whether all of those about memory have this action.
    fn all_memory(&self, action: Action) -> bool {
        self.of_memory
            .iter()
            .all(|verdict| verdict.action == action)
    }

    /// Whether the decisions are those about the programs that ask.
    fn are_about_programs(&self) -> bool {
        self.operation == Operation::Ptrace
    }

    /// Returns the noun for what they are about.
    fn noun(&self) -> &'static str {
        if self.are_about_programs() {
            "program"
        } else {
            "file"
        }
    }

    /// Returns whom a decision about everything concerns.
    fn everybody(&self) -> &'static str {
        if self.are_about_programs() {
            "to every program"
        } else {
            "for every file"
        }
    }

    /// Whether all of them have this action.
    fn all(&self, action: Action) -> bool {
        self.verdicts.iter().all(|verdict| verdict.action == action)
    }

    /// The rules of the operation.
    fn rules<'l>(&self, lines: &'l [Line<'l>]) -> Vec<(&'l Line<'l>, &'l Rule<'l>)> {
        let rules = lines.iter().filter_map(|line| Some((line, line.rule()?)));
        rules
            .filter(|(_, rule)| rule.operation == self.operation)
            .collect()
    }
}

/// Returns whether a policy denies an operation on every object, and the line that denies what no
/// rule names.
pub fn denies_everything(policy: &Policy, operation: Operation) -> bool {
    let lines = policy.lines();
    let decisions = Decisions::of(policy, operation);
    let allows = |(line, rule): &(&Line<'_>, &Rule<'_>)| {
        let decides =
            |object: &Object| policy.evaluate(operation, object).scope == Scope::Rule(line.offset);
        let objects = super::lint::objects(rule, policy);
        let mut of_class = objects
            .iter()
            .filter(|object| object.memory == decisions.are_about_programs());
        rule.action == Action::Allow && of_class.any(decides)
    };
    decisions.all(Action::Deny) && !decisions.rules(&lines).iter().any(allows)
}

/// Returns all findings.
pub(super) fn of_policy(source: &Source, policy: &Policy, stage: Option<Stage>) -> Vec<Diagnostic> {
    let lines = policy.lines();
    let mut found = Vec::new();
    for operation in Operation::ALL {
        if !policy.asks(operation) {
            continue;
        }
        let decisions = Decisions::of(policy, operation);
        let mut report = |finding: Finding<'_>| {
            let place = span(finding.line);
            let (code, message) = (finding.code, finding.message);
            let severity = Severity::Warning;
            let text = policy.text();
            let diagnostic = Diagnostic::at(&source.name, text, place, severity, code, message);
            found.push(diagnostic.hint(finding.hint));
        };
        let allowed = allowed_by_rule(&decisions, &lines);
        if let Some(finding) = allowed.or_else(|| pointless(&decisions, &lines)) {
            report(finding);
        }
        if let Some(finding) = default_never_decides(&decisions, &lines) {
            report(finding);
        }
    }
    // Where the initramfs matters, a finding of its own says that no program of it starts.
    if stage == Some(Stage::Root) && denies_everything(policy, Operation::Execute) {
        let verdict = Decisions::of(policy, Operation::Execute).unprotected;
        if let Some(line) = decider(&lines, Operation::Execute, verdict) {
            let diagnostic = Diagnostic::at(
                &source.name,
                policy.text(),
                span(line),
                Severity::Warning,
                "denies-everything",
                "EXECUTE is denied for every file: while the policy is active, no program starts",
            );
            found.push(diagnostic.hint(
                "allow the programs of the machine, for example with \
                 'op=EXECUTE dmverity_signature=TRUE action=ALLOW'",
            ));
        }
    }
    found
}

struct Finding<'l> {
    line: &'l Line<'l>,
    code: &'static str,
    message: String,
    hint: String,
}

/// A rule that allows an object without any property.
fn allowed_by_rule<'l>(decisions: &Decisions, lines: &'l [Line<'l>]) -> Option<Finding<'l>> {
    let (operation, verdict) = (decisions.operation, decisions.unprotected);
    let (Action::Allow, Scope::Rule(_)) = (verdict.action, verdict.scope) else {
        return None;
    };
    let line = decider(lines, operation, verdict)?;
    let name = operation.name();
    if !decisions.all(Action::Allow) {
        if decisions.are_about_programs() {
            // A finding of its own says so.
            return None;
        }
        return Some(Finding {
            line,
            code: "allows-unprotected",
            message: format!(
                "{name} is allowed without any protection: the rule matches files that \
                              anybody may have changed"
            ),
            hint: "a property with FALSE asks for what a file does not have; ask for one that is \
                   TRUE, or for a digest"
                .to_owned(),
        });
    }
    let rules = decisions.rules(lines);
    let denies = |(_, rule): &(&Line<'_>, &Rule<'_>)| {
        let mut kinds = rule.properties().map(|property| property.kind());
        rule.action == Action::Deny
            && kinds.any(|kind| {
                let of_program = matches!(kind, PropertyKind::Program(_));
                kind.is_digest() && of_program == decisions.are_about_programs()
            })
    };
    let but = if rules.iter().any(denies) {
        " but those that a line denies by their digest"
    } else {
        ""
    };
    Some(Finding {
        line,
        code: "allows-everything",
        message: format!("{name} is allowed {}{but}", decisions.everybody()),
        hint: if decisions.all_memory(Action::Allow) {
            format!(
                "name a property in this rule; if every {} is meant, write \
                 'DEFAULT op={name} action=ALLOW' instead",
                decisions.noun()
            )
        } else {
            "name a property in this rule".to_owned()
        },
    })
}

/// A rule that allows what the default allows anyway.
fn pointless<'l>(decisions: &Decisions, lines: &'l [Line<'l>]) -> Option<Finding<'l>> {
    let (operation, verdict) = (decisions.operation, decisions.unprotected);
    let rules = decisions.rules(lines);
    let allows = rules.iter().all(|(_, rule)| rule.action == Action::Allow);
    if !(allows && decisions.all(Action::Allow)) {
        return None;
    }
    let (line, _) = rules.first()?;
    let default = decider(lines, operation, verdict)?.position.line;
    let name = operation.name();
    Some(Finding {
        line,
        code: "allows-everything",
        message: format!(
            "{name} is allowed {}: the DEFAULT in line {default} allows what no rule names, so the \
             rules restrict nothing",
            decisions.everybody()
        ),
        hint: format!("to allow only what the rules name, write 'DEFAULT op={name} action=DENY'"),
    })
}

/// The DEFAULT of an operation to which the rules leave nothing. The global one is never without
/// use: it decides about operations that the language does not know.
fn default_never_decides<'l>(decisions: &Decisions, lines: &'l [Line<'l>]) -> Option<Finding<'l>> {
    let operation = decisions.operation;
    let is_default = |line: &&Line<'_>| matches!(line.statement, Statement::Default(Some(of), _) if of == operation);
    let line = lines.iter().find(is_default)?;
    let decides = |verdict: &Verdict| verdict.scope == Scope::OperationDefault;
    let all = || decisions.verdicts.iter().chain(&decisions.of_memory);
    if all().any(decides) {
        return None;
    }
    let last = all().filter_map(|verdict| {
        let line = decider(lines, operation, *verdict)?;
        Some(line.position.line)
    });
    let name = operation.name();
    // Without a DEFAULT that denies, nothing would show what was meant.
    let denies = matches!(line.statement, Statement::Default(_, Action::Deny));
    let otherwise = if denies {
        ""
    } else {
        ", or remove the DEFAULT"
    };
    Some(Finding {
        line,
        code: "default-never-decides",
        message: format!(
            "this DEFAULT never decides: the rules match every {}, the last of them in line {}",
            decisions.noun(),
            last.max()?
        ),
        hint: format!("give each rule for {name} a property{otherwise}"),
    })
}

#[cfg(test)]
mod tests;
