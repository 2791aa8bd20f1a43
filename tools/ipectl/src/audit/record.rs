// SPDX-License-Identifier: GPL-2.0-only

//! The fields of a record, as they stand in its text: reading one copies nothing.

use super::{Access, OnTrial, Question, MARK};
use crate::object::decode_hex;
use ipe_policy::policy::{Operation, PropertyKind};
use memchr::{memchr, memchr_iter};
use std::borrow::Cow;

/// The record of a decision, in the text of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record<'t> {
    /// The record's time and serial number.
    pub stamp: Option<Cow<'t, str>>,
    /// The operation.
    pub operation: &'t str,
    /// The hook that asked.
    pub hook: &'t str,
    /// Whether IPE enforced.
    pub enforcing: bool,
    /// The process.
    pub pid: Option<u32>,
    /// The program's name.
    pub comm: Option<Cow<'t, str>>,
    /// The file.
    pub path: Option<Cow<'t, str>>,
    /// Whether the record says that there was no file. A path may also be missing because the kernel
    /// could not write it.
    pub without_file: bool,
    /// The device or file system that the file is on.
    pub device: Option<Cow<'t, str>>,
    /// The file's inode.
    pub inode: Option<u64>,
    /// The rule or default that decided, as the kernel wrote it.
    pub rule: &'t str,
    /// Whether the mapping of the file was modified, if the policy told.
    pub modified: Option<bool>,
    /// The policy on trial, if there was one.
    pub trial: Option<Trial<'t>>,
}

/// What the policy on trial said of the same access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial<'t> {
    /// Its name.
    pub policy: Cow<'t, str>,
    /// Its version.
    pub version: &'t str,
    /// The rule or default that decided, as the kernel wrote it; `?` where the policy is not asked
    /// about such an operation, and allows it.
    pub rule: &'t str,
}

impl Trial<'_> {
    /// Whether it denied the access.
    pub fn is_denial(&self) -> bool {
        is_denial(self.rule)
    }

    /// Returns the rule in the one form that all its spellings have.
    pub fn canonical_rule(&self) -> String {
        canonical(self.rule)
    }
}

impl<'t> Record<'t> {
    /// Returns the fields of a record, or none if the text is not a record or is cut off.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        // auditd appends what it found out itself after this character.
        let end = memchr(b'\x1d', text.as_bytes()).unwrap_or(text.len());
        let record = text[..end].trim_end();
        if !record.starts_with(MARK) {
            return None;
        }
        let mut parsed = Self::default();
        let mut trial = Trial::default();
        let mut rest = record;
        while let Some(end) = memchr(b'=', rest.as_bytes()) {
            let (key, after) = (&rest[..end], &rest[end + 1..]);
            let (value, quoted, next) = value(key, after)?;
            match key {
                "ipe_op" => parsed.operation = value,
                "ipe_hook" => parsed.hook = value,
                "enforcing" => parsed.enforcing = value == "1",
                "pid" => parsed.pid = value.parse().ok(),
                "comm" => parsed.comm = untrusted(value, quoted),
                "path" => {
                    parsed.path = untrusted(value, quoted);
                    parsed.without_file = !quoted && value == "?";
                }
                "dev" => parsed.device = untrusted(value, quoted),
                "ino" => parsed.inode = value.parse().ok(),
                "rule" => parsed.rule = value,
                "trial_policy_name" => trial.policy = untrusted(value, quoted).unwrap_or_default(),
                "trial_policy_version" => trial.version = value,
                "trial_rule" => trial.rule = value,
                "modified" => parsed.modified = Some(value == "TRUE"),
                _ => {}
            }
            rest = next.trim_ascii_start();
        }
        let on_trial = trial != Trial::default();
        // Where only one of two policies is asked, the other has no rule.
        let whole = |rule: &str| {
            let last = rule.split_ascii_whitespace().next_back();
            last.is_some_and(|last| last.starts_with("action=")) || (on_trial && rule == "?")
        };
        if parsed.operation.is_empty() || !whole(parsed.rule) || (on_trial && !whole(trial.rule)) {
            return None;
        }
        parsed.trial = on_trial.then_some(trial);
        Some(parsed)
    }

    /// The operation, if this version knows it.
    pub fn known_operation(&self) -> Option<Operation> {
        Operation::from_name(self.operation.as_bytes())
    }

    /// Returns the question that the hook asked.
    pub fn question(&self) -> Question {
        Question::of(self.hook)
    }

    /// Whether access was denied, or would have been if IPE enforced. The policy on trial does not
    /// count.
    pub fn is_denial(&self) -> bool {
        is_denial(self.rule)
    }

    /// Returns the rule or default that a policy must be changed for, to allow the access: of the
    /// policy on trial, if there is one, as that is the one that is still being written.
    pub fn rule_to_change(&self) -> &str {
        self.trial.as_ref().map_or(self.rule, |trial| trial.rule)
    }

    /// Returns the rule in the one form that all its spellings have.
    pub fn canonical_rule(&self) -> String {
        canonical(self.rule)
    }
}

impl From<&Record<'_>> for Access {
    fn from(record: &Record<'_>) -> Self {
        let owned = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        Self {
            stamp: owned(&record.stamp),
            operation: record.operation.to_owned(),
            hook: record.hook.to_owned(),
            enforcing: record.enforcing,
            pid: record.pid,
            comm: owned(&record.comm),
            path: owned(&record.path),
            device: owned(&record.device),
            inode: record.inode,
            rule: record.canonical_rule(),
            modified: record.modified,
            trial: record.trial.as_ref().map(|trial| OnTrial {
                policy: trial.policy.clone().into_owned(),
                version: trial.version.to_owned(),
                rule: trial.canonical_rule(),
            }),
        }
    }
}

impl<'a> From<&'a Access> for Record<'a> {
    fn from(access: &'a Access) -> Self {
        let borrowed = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        Self {
            stamp: borrowed(&access.stamp),
            operation: &access.operation,
            hook: &access.hook,
            enforcing: access.enforcing,
            pid: access.pid,
            comm: borrowed(&access.comm),
            path: borrowed(&access.path),
            without_file: access.path.is_none(),
            device: borrowed(&access.device),
            inode: access.inode,
            rule: &access.rule,
            modified: access.modified,
            trial: access.trial.as_ref().map(|trial| Trial {
                policy: Cow::Borrowed(&trial.policy),
                version: &trial.version,
                rule: &trial.rule,
            }),
        }
    }
}

/// Returns the value after a key: its text, whether it was quoted, and the rest; none if its last
/// quote is missing.
fn value<'a>(key: &str, after: &'a str) -> Option<(&'a str, bool, &'a str)> {
    if let Some(open) = after.strip_prefix('"') {
        let end = match key {
            "rule" | "trial_rule" => end_of_rule(open),
            _ => memchr(b'"', open.as_bytes()),
        };
        let end = end?;
        return Some((&open[..end], true, &open[end + 1..]));
    }
    let end = memchr(b' ', after.as_bytes()).unwrap_or(after.len());
    Some((&after[..end], false, &after[end..]))
}

/// Returns the place of the quote after a rule. It has quotes in it where it names a digest, and ends
/// with its action.
fn end_of_rule(text: &str) -> Option<usize> {
    let text = text.as_bytes();
    let mut last = None;
    for quote in memchr_iter(b'"', text) {
        let rule = &text[..quote];
        if rule.ends_with(b" action=ALLOW") || rule.ends_with(b" action=DENY") {
            return Some(quote);
        }
        last = Some(quote);
    }
    last
}

/// A value that a user chose: quoted, or in hexadecimal digits where it has odd characters.
fn untrusted(value: &str, quoted: bool) -> Option<Cow<'_, str>> {
    if quoted {
        return Some(value.into());
    }
    if matches!(value, "?" | "(null)" | "") {
        return None;
    }
    Some(match decode_hex(value.as_bytes()) {
        Some(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        None => value.into(),
    })
}

/// Whether a rule denies.
pub(crate) fn is_denial(rule: &str) -> bool {
    rule.trim_ascii_end().ends_with("action=DENY")
}

/// Returns whether the value of a property is a digest.
fn names_digest(property: &str) -> bool {
    PropertyKind::from_name(property.as_bytes()).is_some_and(PropertyKind::is_digest)
}

/// A rule as `ipectl` writes them.
pub(crate) fn canonical(rule: &str) -> String {
    let words = rule.split_ascii_whitespace().map(|word| {
        let word = word.replace('"', "");
        match word.split_once('=') {
            Some((key, digest)) if names_digest(key) => {
                format!("{key}={}", digest.to_ascii_lowercase())
            }
            _ => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
