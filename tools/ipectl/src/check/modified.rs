// SPDX-License-Identifier: GPL-2.0-only

//! Rules that deny modified mappings of files after others have allowed some of them.

use super::{
    diagnostic::{Diagnostic, Severity},
    lint::{objects, span},
};
use crate::{object::Object, policy::Policy, source::Source};
use ipe_policy::policy::{Action, Line, Property, Rule, Scope};

/// Returns the rules that deny modified mappings, but not those that an earlier rule allows. A rule
/// that asks for `modified` itself is an exception that is meant.
pub(super) fn of_policy(source: &Source, policy: &Policy) -> Vec<Diagnostic> {
    let lines = policy.lines();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(rule) = line
            .rule()
            .filter(|rule| rule.action == Action::Deny && asks(rule, true))
        else {
            continue;
        };
        // That all are decided before is a finding of its own.
        let decides = |object: &Object| decider(policy, rule, object) == Scope::Rule(line.offset);
        if !objects(rule, policy).iter().any(decides) {
            continue;
        }
        let mut earlier = lines[..number].iter();
        let Some(allowing) = earlier.find(|earlier| allows(policy, earlier, rule)) else {
            continue;
        };
        let diagnostic = Diagnostic::at(
            &source.name,
            policy.text(),
            span(line),
            Severity::Warning,
            "modified-allowed",
            format!(
                "line {} already allows modified mappings that this rule would deny",
                allowing.position.line
            ),
        );
        found.push(diagnostic.hint(
            "the first matching rule wins: move this one up, or ask for modified=FALSE in that line",
        ));
    }
    found
}

/// Whether an earlier line allows a modified mapping that the rule would deny.
fn allows(policy: &Policy, earlier: &Line<'_>, rule: &Rule<'_>) -> bool {
    let Some(allowing) = earlier.rule().filter(|earlier| {
        earlier.operation == rule.operation
            && earlier.action == Action::Allow
            && !asks(earlier, true)
    }) else {
        return false;
    };
    // The digests of either rule.
    let of_rule = objects(rule, policy);
    let digests = of_rule.first();
    objects(allowing, policy).into_iter().any(|mut object| {
        let named = |of: fn(&Object) -> _| digests.and_then(of);
        object.dmverity_roothash = object
            .dmverity_roothash
            .or(named(|one| one.dmverity_roothash));
        object.fsverity_digest = object.fsverity_digest.or(named(|one| one.fsverity_digest));
        let mut properties = rule.properties();
        object.possible()
            && properties.all(|property| policy.holds(&property, &object))
            && decider(policy, allowing, &object) == Scope::Rule(earlier.offset)
    })
}

fn decider(policy: &Policy, rule: &Rule<'_>, object: &Object) -> Scope {
    policy.evaluate(rule.operation, object).scope
}

/// Whether a rule asks for `modified` with this value.
fn asks(rule: &Rule<'_>, value: bool) -> bool {
    rule.properties()
        .any(|property| property == Property::Modified(value))
}

#[cfg(test)]
mod tests;
