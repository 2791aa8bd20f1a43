// SPDX-License-Identifier: GPL-2.0-only

//! Tries a policy on recorded decisions: what would it have decided?
//!
//! A record has the rule that matched, not all properties of the object. Where what is known of the
//! object leaves the verdict open, the record counts as not known. Nothing is guessed.
//!
//! The memory that this takes does not depend on the number of records.

mod answer;
mod facts;
mod outcome;

pub use self::outcome::{Change, Example, Outcome, Undecided, Used};

use self::{
    answer::{scope_of, Answer, Oracle},
    facts::Facts,
    outcome::{Group, Rules},
};
use crate::{
    audit::Record,
    digest::{of_open_file, Parameters},
    live::root,
    object::Digest,
    policy::{Policy, UNKNOWN},
    progress::Progress,
    suggest::Volume,
};
use ipe_policy::policy::{Action, Operation, Scope};
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

/// Everything that is known beside the records.
#[derive(Default)]
pub struct Knowledge {
    /// The policy that was active.
    pub active: Option<Policy>,
    /// dm-verity volumes.
    pub volumes: Vec<Volume>,
    /// The root directory of files that have fs-verity enabled.
    pub root: Option<PathBuf>,
    /// How it is enabled on them.
    pub parameters: Parameters,
}

/// How many answers and digests are kept. Most records of a log are about what other ones are about.
const KEPT: usize = 1 << 16;

/// The way of a record to its group.
#[derive(Clone, Copy)]
struct Decision {
    /// The line of the policy that would decide, if it is one.
    rule: Option<usize>,
    /// The group of what changes, or is not known.
    group: Option<usize>,
    /// Whether the record names a rule that the active policy does not have.
    foreign: bool,
}

/// The common part of the records of one group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The verdict changes to the new action, by a rule or by one of several.
    Change(bool, String, Option<usize>),
    /// It is not known, for a reason.
    Unknown(String, Reason),
}

/// Why a verdict is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// It depends on properties.
    Lacks(Vec<&'static str>),
    /// No object has the properties that it should have.
    Contradiction,
    /// The operation is one of another kernel.
    Operation,
}

/// A policy that is tried.
pub struct Simulation<'k> {
    oracle: Oracle,
    knowledge: &'k Knowledge,
    rules: Rules,
    records: usize,
    allowed: usize,
    foreign: usize,
    decisions: HashMap<Vec<u8>, Decision>,
    digests: HashMap<String, Option<Digest>>,
    groups: Vec<Group>,
    keys: BTreeMap<Key, usize>,
    /// The key that distinguishes records with different answers.
    question: Vec<u8>,
}

impl<'k> Simulation<'k> {
    /// Prepares a policy.
    pub fn new(policy: Policy, knowledge: &'k Knowledge) -> Self {
        Self {
            rules: Rules::of(&policy),
            oracle: Oracle::new(policy),
            knowledge,
            records: 0,
            allowed: 0,
            foreign: 0,
            decisions: HashMap::new(),
            digests: HashMap::new(),
            groups: Vec::new(),
            keys: BTreeMap::new(),
            question: Vec::new(),
        }
    }

    /// Tries the policy on a record.
    pub fn add(&mut self, record: &Record<'_>) {
        self.records += 1;
        self.allowed += usize::from(!record.is_denial());
        let content = self.content_of(record);
        let mut question = std::mem::take(&mut self.question);
        question.clear();
        Facts::write_question(record, content, &mut question);
        let decision = match self.decisions.get(&question) {
            Some(decision) => *decision,
            None => {
                let decision = self.decide(record, content);
                if self.decisions.len() >= KEPT {
                    self.decisions.clear();
                }
                self.decisions.insert(question.clone(), decision);
                decision
            }
        };
        self.question = question;
        self.foreign += usize::from(decision.foreign);
        if let Some(rule) = decision.rule {
            self.rules.count(rule);
        }
        if let Some(group) = decision.group.and_then(|group| self.groups.get_mut(group)) {
            group.add(record);
        }
    }

    /// Returns what came out.
    pub fn finish(self) -> Outcome {
        let mut outcome = Outcome::new(self.oracle.policy(), self.records, self.allowed);
        outcome.foreign = self.foreign;
        let mut groups: Vec<_> = self.groups.into_iter().map(Some).collect();
        for (key, group) in self.keys {
            let Some(group) = groups.get_mut(group).and_then(Option::take) else {
                continue;
            };
            match key {
                Key::Change(allows, operation, rule) => {
                    outcome.add_change(allows, operation, rule, group, &self.rules);
                }
                Key::Unknown(operation, reason) => {
                    outcome.add_unknown(operation, &reason, group);
                }
            }
        }
        outcome.rules = self.rules.into_used();
        outcome
    }

    /// Finds the decision about a record, and its group.
    fn decide(&mut self, record: &Record<'_>, content: Option<Digest>) -> Decision {
        let operation = record.known_operation();
        let rule = record.canonical_rule();
        let old = self
            .knowledge
            .active
            .as_ref()
            .map(|active| (active, scope_of(active, operation, &rule)));
        let foreign = matches!(old, Some((_, None)));
        let old = old.and_then(|(active, scope)| Some((active, scope?)));
        let name = record.operation.to_owned();
        let answer = if operation.is_none() && name != UNKNOWN {
            Err(Reason::Operation)
        } else {
            self.answer(operation, record, &rule, content, old)
        };
        let was = !record.is_denial();
        let (rule, group) = match answer {
            Ok((action, scopes)) => {
                let rule = match scopes.as_slice() {
                    [scope] => self.rules.find(operation, *scope),
                    scopes => {
                        self.rules.mark_possible(operation, scopes);
                        None
                    }
                };
                let allows = action == Action::Allow;
                let key = Key::Change(allows, name, rule);
                (rule, (allows != was).then(|| self.group(key)))
            }
            Err(reason) => (None, Some(self.group(Key::Unknown(name, reason)))),
        };
        Decision {
            rule,
            group,
            foreign,
        }
    }

    /// Asks the policy.
    fn answer(
        &mut self,
        operation: Option<Operation>,
        record: &Record<'_>,
        rule: &str,
        content: Option<Digest>,
        old: Option<(&Policy, Scope)>,
    ) -> Result<(Action, Vec<Scope>), Reason> {
        let line = self.oracle.policy().command_line();
        let facts = Facts::of(record, rule, &self.knowledge.volumes, content, line);
        let facts = facts.ok_or(Reason::Contradiction)?;
        match self.oracle.ask(operation, &facts, old) {
            Answer::Decides(action, scopes) => Ok((action, scopes)),
            Answer::Depends(on, scopes) => {
                self.rules.mark_possible(operation, &scopes);
                Err(Reason::Lacks(on.into_iter().collect()))
            }
            Answer::Impossible => Err(Reason::Contradiction),
        }
    }

    fn group(&mut self, key: Key) -> usize {
        let groups = &mut self.groups;
        *self.keys.entry(key).or_insert_with(|| {
            groups.push(Group::default());
            groups.len() - 1
        })
    }

    /// The fs-verity digest of a record's file, if its content is at hand.
    fn content_of(&mut self, record: &Record<'_>) -> Option<Digest> {
        let (root, path) = (self.knowledge.root.as_ref()?, record.path.as_deref()?);
        if let Some(known) = self.digests.get(path) {
            return *known;
        }
        let digest = root::open(root, path).ok().and_then(|found| {
            let progress = Progress::new(found.length);
            of_open_file(found.file, &self.knowledge.parameters, &progress).ok()
        });
        if self.digests.len() >= KEPT {
            self.digests.clear();
        }
        self.digests.insert(path.to_owned(), digest);
        digest
    }
}

#[cfg(test)]
mod tests;
