// SPDX-License-Identifier: GPL-2.0-only

//! Counts as the kernel writes them, and records that are differences.

use super::*;
use crate::audit;

const COUNTS: &str = "both_allow 5\nonly_trial_denies 4\nonly_active_denies 3\nboth_deny 2\n\
    records_suppressed 1\n";

#[test]
fn counts_of_the_kernel() {
    let counts = Counts::parse(COUNTS.as_bytes()).unwrap();
    assert_eq!(counts.accesses(), 14);
    assert_eq!(counts.only_trial_denies, 4);
    assert_eq!(counts.records_suppressed, 1);
    // A later kernel may count more, and none may count less.
    let more = format!("new 7\n{COUNTS}");
    assert_eq!(Counts::parse(more.as_bytes()), Some(counts));
    for line in COUNTS.lines() {
        let less = COUNTS.replace(line, "");
        assert_eq!(Counts::parse(less.as_bytes()), None, "{line}");
    }
    assert_eq!(Counts::parse(b"both_allow x\n"), None);
    assert_eq!(Counts::parse(b"\xff"), None);
}

/// Adds a record of a trial, and returns how many differences there are.
fn differences(rule: &str, version: &str, trial_rule: &str) -> Vec<Difference> {
    let text = format!(
        "ipe_op=EXECUTE ipe_hook=MMAP enforcing=0 pid=7 comm=\"sh\" path=\"/tmp/a b\" dev=\"tmpfs\" \
         ino=4 rule={rule} trial_policy_name=\"Next\" trial_policy_version={version} \
         trial_rule={trial_rule}"
    );
    let line = format!("type=IPE_ACCESS msg=audit(1.2:3): {text}");
    let mut differences = Differences::default();
    let line = audit::read(line.as_bytes(), |record| {
        differences.add(record, "Next", "2.0.0");
        differences.add(record, "Next", "2.0.0");
        differences.add(record, "Other", "2.0.0");
    });
    assert!(matches!(line, audit::Line::Record(())));
    assert!(differences.iter().all(|(_, records)| records == 2));
    differences.iter().map(|(it, _)| it.clone()).collect()
}

const ALLOW: &str = "\"DEFAULT action=ALLOW\"";
const DENY: &str = "\"op=EXECUTE fsverity_digest=\"sha256\":AB action=DENY\"";

#[test]
fn only_differences_count() {
    assert_eq!(differences(ALLOW, "2.0.0", ALLOW), []);
    assert_eq!(differences(DENY, "2.0.0", DENY), []);
    assert_eq!(differences(ALLOW, "1.0.0", DENY), []);
    let denied = &differences(ALLOW, "2.0.0", DENY)[..];
    let [denied] = denied else {
        panic!("{denied:?}");
    };
    assert!(denied.trial_denies);
    assert_eq!(
        denied.rule,
        "op=EXECUTE fsverity_digest=sha256:ab action=DENY"
    );
    assert!(!differences(DENY, "2.0.0", ALLOW)[0].trial_denies);
}

#[test]
fn policy_that_is_not_asked_allows() {
    assert!(differences("?", "2.0.0", DENY)[0].trial_denies);
    assert!(!differences(DENY, "2.0.0", "?")[0].trial_denies);
    assert_eq!(differences("?", "2.0.0", ALLOW), []);
}
