// SPDX-License-Identifier: GPL-2.0-only

//! Rules about the program that asks, which also match a program that the kernel does not know.

use super::{
    diagnostic::{Diagnostic, Severity},
    lint::span,
};
use crate::{object::Object, policy::Policy, source::Source};
use ipe_policy::policy::{Action, Property, Scope};

/// Returns the rules that allow an unknown program something because it lacks a property.
pub(super) fn of_policy(source: &Source, policy: &Policy) -> Vec<Diagnostic> {
    let unknown = Object {
        memory: true,
        ..Object::default()
    };
    let mut found = Vec::new();
    for line in policy.lines() {
        let Some(rule) = line
            .rule()
            .filter(|rule| rule.action == Action::Allow && policy.asks(rule.operation))
        else {
            continue;
        };
        let verdict = policy.evaluate(rule.operation, &unknown);
        let mut properties = rule.properties();
        let Some(property) = properties.find(|one| matches!(one, Property::Program(_))) else {
            continue;
        };
        if verdict.scope != Scope::Rule(line.offset) {
            continue;
        }
        let diagnostic = Diagnostic::at(
            &source.name,
            policy.text(),
            span(&line),
            Severity::Warning,
            "allows-unknown-program",
            format!(
                "the rule also allows programs of which the kernel knows nothing: they have {}=FALSE",
                property.kind().name()
            ),
        );
        found.push(diagnostic.hint("ask for a property that is TRUE, or for a digest"));
    }
    found
}
