// SPDX-License-Identifier: GPL-2.0-only

//! The outcome of a trial: numbers, and a few examples for each.

use super::Reason;
use crate::{audit::Record, canonical, policy::Policy};
use ipe_policy::policy::{Action, Operation, Scope, Statement};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// How many files are kept for a group, and how many programs for a file.
const KEPT: usize = 8;

/// A file that records are about.
#[derive(Debug, Serialize)]
pub struct Example {
    /// The file.
    pub path: Option<String>,
    /// The device that it is on.
    pub device: Option<String>,
    /// Programs that used it.
    pub programs: BTreeSet<String>,
    /// How many records there are.
    pub records: usize,
    /// The time and serial number of the first.
    pub first: Option<String>,
}

/// Records that have the same answer.
#[derive(Debug, Default)]
pub(super) struct Group {
    records: usize,
    files: Vec<Example>,
}

impl Group {
    /// Counts a record.
    pub(super) fn add(&mut self, record: &Record<'_>) {
        self.records += 1;
        let same = self.files.iter().position(|file| {
            file.path.as_deref() == record.path.as_deref()
                && file.device.as_deref() == record.device.as_deref()
        });
        if same.is_none() && self.files.len() < KEPT {
            self.files.push(Example {
                path: record.path.as_deref().map(str::to_owned),
                device: record.device.as_deref().map(str::to_owned),
                programs: BTreeSet::new(),
                records: 0,
                first: record.stamp.as_deref().map(str::to_owned),
            });
        } else if same.is_none() {
            return;
        }
        let place = same.unwrap_or(self.files.len() - 1);
        let Some(file) = self.files.get_mut(place) else {
            return;
        };
        file.records += 1;
        if let Some(comm) = record.comm.as_deref() {
            if file.programs.len() < KEPT && !file.programs.contains(comm) {
                file.programs.insert(comm.to_owned());
            }
        }
    }
}

/// Decisions that change.
#[derive(Debug, Serialize)]
pub struct Change {
    /// The operation.
    pub operation: String,
    /// The recorded verdict.
    pub old: &'static str,
    /// The verdict of the policy.
    pub new: &'static str,
    /// The line of the policy that decides; 0 where the policy says nothing, none if it is one of
    /// several.
    pub line: Option<u32>,
    /// Its text.
    pub rule: Option<String>,
    /// How many records there are.
    pub records: usize,
    /// The first files that they are about.
    pub files: Vec<Example>,
}

/// Decisions that are not known.
#[derive(Debug, Serialize)]
pub struct Undecided {
    /// The operation.
    pub operation: String,
    /// The properties that it depends on and the records do not tell.
    pub lacks: Vec<&'static str>,
    /// Why, for people.
    pub reason: String,
    /// How many records there are.
    pub records: usize,
    /// The first files that they are about.
    pub files: Vec<Example>,
}

/// A rule or default of the policy.
#[derive(Debug, Serialize)]
pub struct Used {
    /// Its line; 0 where the policy says nothing, and access is denied.
    pub line: u32,
    /// Its text.
    pub rule: String,
    /// How many records it decides about.
    pub records: usize,
    /// Whether it may decide about others, for which several lines may.
    pub possible: bool,
}

impl Used {
    /// Whether it decides about no record for sure.
    pub fn is_unused(&self) -> bool {
        self.records == 0 && !self.possible
    }
}

/// The name and the version of a policy.
#[derive(Debug, Serialize)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
}

/// The outcome of a trial.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The policy that was tried.
    pub policy: Identity,
    /// How many records there are of decisions.
    pub records: usize,
    /// How many of them are of allowed accesses.
    pub allowed: usize,
    /// How many lines read like records, and are not taken for any.
    pub doubtful: usize,
    /// How many records name a rule that the policy which was said to be active does not have.
    pub foreign: usize,
    /// How many decisions stay the same.
    pub same: usize,
    /// How many were allowed and would be denied.
    pub newly_denied: usize,
    /// How many were denied and would be allowed.
    pub newly_allowed: usize,
    /// How many are not known.
    pub unknown: usize,
    /// The decisions that change.
    pub changes: Vec<Change>,
    /// Those that are not known.
    pub undecided: Vec<Undecided>,
    /// The rules and defaults of the policy.
    pub rules: Vec<Used>,
}

impl Outcome {
    /// An outcome in which nothing changes.
    pub(super) fn new(policy: &Policy, records: usize, allowed: usize) -> Self {
        Self {
            policy: Identity {
                name: policy.name(),
                version: policy.version().to_string(),
            },
            records,
            allowed,
            doubtful: 0,
            foreign: 0,
            same: records,
            newly_denied: 0,
            newly_allowed: 0,
            unknown: 0,
            changes: Vec::new(),
            undecided: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// Adds decisions that change.
    pub(super) fn add_change(
        &mut self,
        allows: bool,
        operation: String,
        rule: Option<usize>,
        group: Group,
        rules: &Rules,
    ) {
        self.same -= group.records;
        let (old, new) = if allows {
            self.newly_allowed += group.records;
            (Action::Deny, Action::Allow)
        } else {
            self.newly_denied += group.records;
            (Action::Allow, Action::Deny)
        };
        let rule = rule.and_then(|rule| rules.all.get(rule));
        self.changes.push(Change {
            operation,
            old: old.name(),
            new: new.name(),
            line: rule.map(|rule| rule.line),
            rule: rule.map(|rule| rule.rule.clone()),
            records: group.records,
            files: group.files,
        });
    }

    /// Adds decisions that are not known.
    pub(super) fn add_unknown(&mut self, operation: String, reason: &Reason, group: Group) {
        self.same -= group.records;
        self.unknown += group.records;
        let (lacks, reason) = match reason {
            Reason::Lacks(lacks) => {
                let text = format!("the records do not tell {}", lacks.join(", "));
                (lacks.clone(), text)
            }
            Reason::Contradiction => (
                Vec::new(),
                "no file has the properties that the record and the options tell".to_owned(),
            ),
            Reason::Operation => (
                Vec::new(),
                "ipectl does not know this operation: the record is of another kernel".to_owned(),
            ),
        };
        self.undecided.push(Undecided {
            operation,
            lacks,
            reason,
            records: group.records,
            files: group.files,
        });
    }
}

/// The rules and defaults of a policy, and how often each one decides.
pub(super) struct Rules {
    all: Vec<Used>,
    /// The place of each rule by its offset in the text.
    rules: HashMap<u32, usize>,
    /// The place of each operation's default, and of the global one.
    defaults: HashMap<Option<&'static str>, usize>,
}

impl Rules {
    /// Lists what a policy has.
    pub(super) fn of(policy: &Policy) -> Self {
        let mut this = Self {
            all: Vec::new(),
            rules: HashMap::new(),
            defaults: HashMap::new(),
        };
        for line in policy.lines() {
            let place = this.all.len();
            let rule = match &line.statement {
                Statement::Rule(rule) => {
                    this.rules.insert(line.offset, place);
                    canonical::rule(rule)
                }
                Statement::Default(operation, action) => {
                    let name = operation.map(Operation::name);
                    this.defaults.insert(name, place);
                    canonical::default(*operation, *action)
                }
                _ => continue,
            };
            this.all.push(Used {
                line: line.position.line,
                rule,
                records: 0,
                possible: false,
            });
        }
        this.defaults.entry(None).or_insert_with(|| {
            this.all.push(Used {
                line: 0,
                rule: canonical::default(None, Action::Deny),
                records: 0,
                possible: false,
            });
            this.all.len() - 1
        });
        this
    }

    /// Finds the place of what decided.
    pub(super) fn find(&self, operation: Option<Operation>, scope: Scope) -> Option<usize> {
        let place = match scope {
            Scope::Rule(offset) => self.rules.get(&offset),
            Scope::OperationDefault => self.defaults.get(&operation.map(Operation::name)),
            Scope::GlobalDefault => self.defaults.get(&None),
        };
        place.copied()
    }

    /// Counts a decision.
    pub(super) fn count(&mut self, place: usize) {
        if let Some(rule) = self.all.get_mut(place) {
            rule.records += 1;
        }
    }

    /// Marks what may decide.
    pub(super) fn mark_possible(&mut self, operation: Option<Operation>, scopes: &[Scope]) {
        for scope in scopes {
            let place = self.find(operation, *scope);
            if let Some(rule) = place.and_then(|place| self.all.get_mut(place)) {
                rule.possible = true;
            }
        }
    }

    /// Returns all of them. The default that no line has is there only if it decides.
    pub(super) fn into_used(self) -> Vec<Used> {
        let mut all = self.all;
        all.retain(|rule| rule.line != 0 || !rule.is_unused());
        all
    }
}
