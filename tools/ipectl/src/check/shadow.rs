// SPDX-License-Identifier: GPL-2.0-only

//! The advice about a rule that never decides, because others do that before.
//!
//! Either of two such rules may be the one that is meant. Advice that allows more than the author
//! wanted is dangerous, so the rule that allows less is never the one to go or to come later.

use crate::canonical;
use ipe_policy::policy::{Action, Line, Rule};

/// Returns the next step. `deciders` are the rules that decide about the objects of `rule`;
/// `same` says whether they decide as it would.
pub(super) fn advice(rule: &Rule<'_>, deciders: &[&Line<'_>], same: bool) -> String {
    let rules = || {
        deciders
            .iter()
            .filter_map(|line| Some((line, line.rule()?)))
    };
    let line = |action| {
        let mut of_action = rules().filter(move |(_, rule)| rule.action == action);
        of_action.next().map(|(line, _)| line.position.line)
    };
    match (rule.action, same) {
        (Action::Deny, true) => "the verdict is the same, so this rule can be removed".to_owned(),
        (Action::Allow, true) => {
            let wider = rules().find(|(_, decider)| !covers(rule, decider));
            match wider {
                None => "the verdict is the same, so this rule can be removed".to_owned(),
                Some((line, _)) => format!(
                    "line {} allows more than this rule: remove whichever of the two is not intended",
                    line.position.line
                ),
            }
        }
        (Action::Deny, false) => "the first matching rule wins: move this one up".to_owned(),
        (Action::Allow, false) => match line(Action::Deny) {
            Some(line) => format!(
                "the first matching rule wins: remove this one, or move it up if it should allow \
                 what line {line} denies"
            ),
            None => "the first matching rule wins: remove this one".to_owned(),
        },
    }
}

/// Whether a rule asks for nothing that another one does not ask for, too.
fn covers(rule: &Rule<'_>, other: &Rule<'_>) -> bool {
    let asked: Vec<_> = other
        .properties()
        .map(|one| canonical::property(&one))
        .collect();
    let mut properties = rule.properties().map(|one| canonical::property(&one));
    properties.all(|property| asked.contains(&property))
}
