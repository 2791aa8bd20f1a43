// SPDX-License-Identifier: GPL-2.0-only

//! A policy on trial: the kernel's counts, and what its records tell of the differences.

use crate::audit::Record;
use serde::Serialize;
use std::collections::BTreeMap;

/// The counts of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Accesses that both policies allow.
    pub both_allow: u64,
    /// Those that only the policy on trial denies.
    pub only_trial_denies: u64,
    /// Those that only the active policy denies.
    pub only_active_denies: u64,
    /// Those that both deny.
    pub both_deny: u64,
    /// Records that the kernel kept back because there were too many in a second.
    pub records_suppressed: u64,
}

impl Counts {
    /// Reads the kernel's text: lines of a name and a number. Names that are not known here are
    /// passed over; none that is known may be missing.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let number = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(' '));
            lines.find(|(key, _)| *key == name)?.1.parse().ok()
        };
        Some(Self {
            both_allow: number("both_allow")?,
            only_trial_denies: number("only_trial_denies")?,
            only_active_denies: number("only_active_denies")?,
            both_deny: number("both_deny")?,
            records_suppressed: number("records_suppressed")?,
        })
    }

    /// Returns the number of all accesses.
    pub fn accesses(&self) -> u64 {
        self.both_allow + self.only_trial_denies + self.only_active_denies + self.both_deny
    }
}

/// What one of the policies denies and the other allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Whether it is the policy on trial that denies it.
    pub trial_denies: bool,
    /// The operation.
    pub operation: String,
    /// The rule or default that denies.
    pub rule: String,
    /// The file, none for memory.
    pub path: Option<String>,
    /// The device that it is on.
    pub device: Option<String>,
}

/// The differences of a trial, each with the number of its records.
#[derive(Debug, Default)]
pub struct Differences(BTreeMap<Difference, usize>);

impl Differences {
    /// Takes a record, if it is of the trial of this policy in this version.
    pub fn add(&mut self, record: &Record<'_>, name: &str, version: &str) {
        let Some(trial) = &record.trial else {
            return;
        };
        let trial_denies = trial.is_denial();
        if trial.policy != name || trial.version != version || trial_denies == record.is_denial() {
            return;
        }
        let difference = Difference {
            trial_denies,
            operation: record.operation.to_owned(),
            rule: if trial_denies {
                trial.canonical_rule()
            } else {
                record.canonical_rule()
            },
            path: record.path.as_deref().map(str::to_owned),
            device: record.device.as_deref().map(str::to_owned),
        };
        *self.0.entry(difference).or_default() += 1;
    }

    /// Returns them with the number of their records, sorted.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Difference, usize)> {
        self.0
            .iter()
            .map(|(difference, records)| (difference, *records))
    }
}

#[cfg(test)]
mod tests;
