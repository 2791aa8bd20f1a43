// SPDX-License-Identifier: GPL-2.0-only

//! The reasons of `explain` match the kernel's verdict.

use ipe_policy::policy::{Action, Operation, Providers};
use ipectl::{
    object::{Digest, Object},
    policy::Policy,
    trace::trace,
};

const POLICIES: [&str; 6] = [
    include_str!("fixtures/check/good.pol"),
    include_str!("fixtures/check/never.pol"),
    include_str!("fixtures/check/digest-of-56-digits.pol"),
    include_str!("fixtures/check/program.pol"),
    include_str!("fixtures/check/modified.pol"),
    include_str!("fixtures/check/modified-late.pol"),
];

#[test]
fn only_the_last_step_decides() {
    let digest = Digest::parse("cd2c5bae7c6c579edaae4353049d58eb5f2e8be0244bf05345bc8e5ed257baff");
    for text in POLICIES {
        let policy = Policy::compile(text.as_bytes(), Providers::ALL).unwrap();
        for combination in 0..24 {
            for digest in [None, digest.clone().ok()] {
                let object = Object {
                    memory: combination & 8 != 0,
                    modified: combination & 16 != 0,
                    dmverity_roothash: digest,
                    fsverity_digest: digest,
                    ..Object::combination(combination)
                };
                for operation in Operation::ALL.into_iter().map(Some).chain([None]) {
                    let trace = trace(&policy, operation, &object);
                    let (last, passed) = trace.steps.split_last().unwrap();
                    assert!(last.decides);
                    let action = format!("action={}", trace.action.name());
                    assert!(last.text.ends_with(&action) || !policy.asks(operation));
                    assert!(passed.iter().all(|step| !step.decides));
                    assert_eq!(trace.action, policy.action(operation, &object));
                }
            }
        }
    }
}

#[test]
fn nothing_is_asked_about_an_operation_that_the_policy_does_not_name() {
    let policy = Policy::compile(POLICIES[0].as_bytes(), Providers::ALL).unwrap();
    let memory = Object {
        memory: true,
        ..Object::default()
    };
    let trace = trace(&policy, Operation::Ptrace, &memory);
    assert_eq!(trace.action, Action::Allow);
    assert_eq!(trace.steps.len(), 1);
    assert_eq!(trace.steps[0].line, 0);
}

#[test]
fn rule_that_never_matches_is_passed() {
    let policy = Policy::compile(POLICIES[2].as_bytes(), Providers::ALL).unwrap();
    let trace = trace(&policy, Operation::Execute, &Object::default());
    assert_eq!(trace.action, Action::Deny);
    assert_eq!(trace.steps.len(), 2);
}
