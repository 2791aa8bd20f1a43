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
    verdicts: Vec<Verdict>,
    /// The decision about an object that has no property.
    unprotected: Verdict,
}

impl Decisions {
    fn of(policy: &Policy, operation: Operation) -> Self {
        let objects = (0..8).map(Object::combination).filter(Object::possible);
        Self {
            operation,
            verdicts: objects
                .map(|object| policy.evaluate(operation, &object))
                .collect(),
            unprotected: policy.evaluate(operation, &Object::default()),
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
        rule.action == Action::Allow && super::lint::objects(rule, policy).iter().any(decides)
    };
    decisions.all(Action::Deny) && !decisions.rules(&lines).iter().any(allows)
}

/// Returns all findings.
pub(super) fn of_policy(source: &Source, policy: &Policy, stage: Option<Stage>) -> Vec<Diagnostic> {
    let lines = policy.lines();
    let mut found = Vec::new();
    for operation in Operation::ALL {
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
                matches!(
                    kind,
                    PropertyKind::DmverityRoothash | PropertyKind::FsverityDigest
                )
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
        message: format!("{name} is allowed for every file{but}"),
        hint: format!(
            "name a property in this rule; if every file is meant, write \
             'DEFAULT op={name} action=ALLOW' instead"
        ),
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
            "{name} is allowed for every file: the DEFAULT in line {default} allows what no rule \
             names, so the rules restrict nothing"
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
    if decisions.verdicts.iter().any(decides) {
        return None;
    }
    let last = decisions.verdicts.iter().filter_map(|verdict| {
        let line = decider(lines, operation, *verdict)?;
        Some(line.position.line)
    });
    let name = operation.name();
    Some(Finding {
        line,
        code: "default-never-decides",
        message: format!(
            "this DEFAULT never decides: the rules match every file, the last of them \
                          in line {}",
            last.max()?
        ),
        hint: format!("give each rule for {name} a property, or remove the DEFAULT"),
    })
}

#[cfg(test)]
mod tests;
