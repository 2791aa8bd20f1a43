// SPDX-License-Identifier: GPL-2.0-only

//! All policies of up to three rules over a small vocabulary decide about all objects as the language
//! is defined.
//!
//! The vocabulary has a property of each kind, two digests where the index could mistake one for the
//! other, and rules that name two digests. Objects also have digests that no rule names. Whether a
//! rule matches an object, the reference says of a policy with this rule alone; that the first one that
//! matches decides, else the operation's default, else the global one, is all that is added here.

mod common;

use common::{compile, reference, OwnedDigest, TestObject};
use ipe_policy::{
    eval::{evaluate, Verdict},
    policy::{Action, Operation, Providers, Scope},
};
use std::thread;

const OPERATION: Operation = Operation::Execute;

/// The properties of rules. `@A` and `@B` stand for digests.
const PROPERTIES: [&str; 16] = [
    "",
    "boot_verified=TRUE",
    "boot_verified=FALSE",
    "dmverity_signature=TRUE",
    "fsverity_signature=FALSE",
    "dmverity_roothash=@A",
    "dmverity_roothash=@B",
    "fsverity_digest=@A",
    "dmverity_roothash=@A fsverity_digest=@A",
    "dmverity_signature=FALSE fsverity_digest=@A",
    "metadata_backing_file_fsverity_digest=@A",
    "modified=TRUE",
    "modified=FALSE dmverity_roothash=@A",
    "anonymous_memory=TRUE",
    "anonymous_memory=FALSE",
    "anonymous_memory=TRUE exe_fsverity_digest=@A",
];

const ACTIONS: [Action; 2] = [Action::Allow, Action::Deny];

/// How many rules a policy has.
const LENGTH: usize = 3;

fn digest(variant: u8) -> OwnedDigest {
    let mut bytes = vec![0x5a; 32];
    bytes[31] = variant;
    OwnedDigest {
        algorithm: "sha256",
        bytes,
    }
}

/// A rule of the vocabulary.
struct Rule {
    text: String,
    /// None for one of another operation.
    action: Option<Action>,
    /// The objects that it matches.
    matches: Vec<bool>,
}

/// All rules, and what the reference says of each.
fn rules(objects: &[TestObject]) -> Vec<Rule> {
    let with_digests = |text: &str| {
        let text = text.replace("=@A", &format!("={}", digest(1).text()));
        text.replace("=@B", &format!("={}", digest(2).text()))
    };
    let mut rules = Vec::new();
    for properties in PROPERTIES {
        for action in ACTIONS {
            let text = with_digests(&format!(
                "op=EXECUTE {properties} action={}\n",
                action.name()
            ));
            let policy = header(Action::Deny, None) + &text;
            let matches = |object: &TestObject| {
                let verdict = reference(&policy, Providers::ALL, Some(OPERATION), object);
                matches!(verdict.scope, Scope::Rule(_))
            };
            rules.push(Rule {
                matches: objects.iter().map(matches).collect(),
                action: Some(action),
                text,
            });
        }
    }
    rules.push(Rule {
        text: with_digests("op=KMODULE dmverity_roothash=@A action=ALLOW\n"),
        action: None,
        matches: vec![false; objects.len()],
    });
    rules
}

fn header(global: Action, own: Option<Action>) -> String {
    let mut text = format!(
        "policy_name=p policy_version=0.0.0\nDEFAULT action={}\n",
        global.name()
    );
    if let Some(action) = own {
        text += &format!("DEFAULT op=EXECUTE action={}\n", action.name());
    }
    text
}

/// All objects: files, modified mappings and memory, with every combination of flags and digests.
fn objects() -> Vec<TestObject> {
    let digests = |variants: &[u8]| {
        let some = variants.iter().map(|variant| Some(digest(*variant)));
        std::iter::once(None).chain(some).collect::<Vec<_>>()
    };
    let mut objects = Vec::new();
    for number in 0..24u8 {
        for dmverity_roothash in digests(&[1, 2, 3]) {
            for fsverity_digest in digests(&[1, 3]) {
                for image_digest in &digests(&[1]) {
                    objects.push(TestObject {
                        boot_verified: number & 1 != 0,
                        dmverity_signature: number & 2 != 0,
                        fsverity_signature: number & 4 != 0,
                        modified: number & 8 != 0,
                        memory: number & 16 != 0,
                        dmverity_roothash: dmverity_roothash.clone(),
                        fsverity_digest: fsverity_digest.clone(),
                        image_digest: image_digest.clone(),
                        ..TestObject::default()
                    });
                }
            }
        }
    }
    objects
}

/// A policy of these rules.
struct Policy<'r> {
    rules: Vec<&'r Rule>,
    global: Action,
    own: Option<Action>,
}

impl Policy<'_> {
    fn text(&self) -> String {
        let mut text = header(self.global, self.own);
        text.extend(self.rules.iter().map(|rule| rule.text.as_str()));
        text
    }

    /// Returns what the policy decides about an object.
    fn verdict(&self, object: usize) -> Verdict {
        let mut offset = header(self.global, self.own).len();
        for rule in &self.rules {
            if let (Some(action), true) = (rule.action, rule.matches[object]) {
                let scope = Scope::Rule(offset as u32);
                return Verdict { action, scope };
            }
            offset += rule.text.len();
        }
        match self.own {
            Some(action) => Verdict {
                action,
                scope: Scope::OperationDefault,
            },
            None => Verdict {
                action: self.global,
                scope: Scope::GlobalDefault,
            },
        }
    }
}

/// Checks all policies that begin with these rules. Returns how many there are.
fn check<'r>(all: &'r [Rule], begin: &[&'r Rule], objects: &[TestObject]) -> usize {
    let mut policies = 0;
    for global in ACTIONS {
        for own in [None, Some(Action::Allow), Some(Action::Deny)] {
            let policy = Policy {
                rules: begin.to_vec(),
                global,
                own,
            };
            let text = policy.text();
            let compiled = compile(text.as_bytes());
            for (number, object) in objects.iter().enumerate() {
                let verdict = evaluate(&compiled, Some(OPERATION), object.class(), object);
                assert_eq!(verdict, policy.verdict(number), "{object:?}\n{text}");
            }
            policies += 1;
        }
    }
    if begin.len() < LENGTH {
        for next in all {
            policies += check(all, &[begin, &[next]].concat(), objects);
        }
    }
    policies
}

#[test]
fn every_policy_of_three_rules_decides_as_the_reference() {
    let all = &rules(&objects())[..];
    // A rule that matched nothing, or everything, would not tell much.
    let tells = |rule: &&Rule| rule.matches.contains(&true) && rule.matches.contains(&false);
    let others = all.iter().filter(|rule| !tells(rule));
    let others: Vec<_> = others.map(|rule| rule.text.as_str()).collect();
    let expected = [
        "op=EXECUTE  action=ALLOW\n",
        "op=EXECUTE  action=DENY\n",
        all[all.len() - 1].text.as_str(),
    ];
    assert_eq!(others, expected);
    let policies: usize = thread::scope(|scope| {
        let half = |first| {
            scope.spawn(move || {
                let objects = objects();
                let begins = all.iter().skip(first).step_by(2);
                begins
                    .map(|rule| check(all, &[rule], &objects))
                    .sum::<usize>()
            })
        };
        [half(0), half(1)]
            .map(|half| half.join().unwrap())
            .iter()
            .sum()
    });
    let number = all.len();
    assert_eq!(policies, 6 * (number + number.pow(2) + number.pow(3)));
}
