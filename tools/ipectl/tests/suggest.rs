// SPDX-License-Identifier: GPL-2.0-only

//! What is suggested allows what was denied, and nothing else of a control set.

use ipe_policy::policy::{Action, Operation, Providers};
use ipectl::{
    audit,
    policy::Policy,
    progress::Progress,
    subject::{Digest, Facts},
    suggest::{suggest, Knowledge, Volume},
};
use std::path::PathBuf;

const LOG: &str = include_str!("fixtures/suggest/audit.log");
const HASH: &str = "sha256:cd2c5bae7c6c579edaae4353049d58eb5f2e8be0244bf05345bc8e5ed257baff";

fn policy(knowledge: &Knowledge) -> Policy {
    let records: Vec<_> = LOG
        .lines()
        .filter_map(|l| audit::parse(l.as_bytes()).record())
        .collect();
    assert_eq!(records.len(), 11);
    let mut text = "policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n".to_owned();
    for suggestion in suggest(&records, knowledge).rules {
        text += &suggestion.rule;
        text.push('\n');
    }
    Policy::compile(text.as_bytes(), Providers::ALL).unwrap()
}

#[test]
fn suggestions_allow_what_was_denied_and_no_more() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/suggest/root");
    let volume = |text| Volume::parse(text).unwrap();
    let named = format!("dm-0={HASH}");
    let tool =
        Digest::parse("sha256:d6c3c2d4b0a6a9ad6a6ea1e2cb8f9b5ff6ef1f0f5b7a5f5cf8f3a7c1b7a8f6a1");
    let digest = ipectl::digest::of_file(
        &root.join("opt/tool"),
        &Default::default(),
        &Progress::new(0),
    )
    .unwrap();
    assert_ne!(tool, Ok(digest));

    let facts = |change: fn(&mut Facts)| {
        let mut facts = Facts::default();
        change(&mut facts);
        facts
    };
    let signed = facts(|facts| facts.dmverity_signature = true);
    let initramfs = facts(|facts| facts.boot_verified = true);
    let of_volume = Facts {
        dmverity_roothash: Digest::parse(HASH).ok(),
        ..Facts::default()
    };
    let of_tool = Facts {
        fsverity_digest: Some(digest),
        ..Facts::default()
    };
    let of_other = Facts {
        fsverity_digest: tool.ok(),
        ..Facts::default()
    };

    let nothing = Facts::default();
    for (trust, volume, other_volume) in [
        (volume("dm-0=signed"), &signed, &of_volume),
        (volume(&named), &of_volume, &signed),
    ] {
        let policy = policy(&Knowledge {
            volumes: vec![trust],
            root: Some(root.clone()),
            ..Knowledge::default()
        });
        let decide = |operation, facts| policy.evaluate(operation, facts).action;
        for facts in [volume, &initramfs, &of_tool] {
            assert_eq!(decide(Operation::Execute, facts), Action::Allow);
        }
        assert_eq!(decide(Operation::KernelModule, volume), Action::Allow);

        for facts in [other_volume, &of_other, &nothing] {
            assert_eq!(decide(Operation::Execute, facts), Action::Deny);
        }
        assert_eq!(decide(Operation::KernelModule, &of_tool), Action::Deny);
        assert_eq!(decide(Operation::Firmware, volume), Action::Deny);
    }
}

#[test]
fn what_is_not_known_is_not_suggested() {
    let policy = policy(&Knowledge::default());
    // Only the initramfs needs nothing to be known.
    let rules: Vec<_> = policy
        .lines()
        .iter()
        .filter_map(|line| line.rule().map(|_| line.number))
        .collect();
    assert_eq!(rules.len(), 1);
}
