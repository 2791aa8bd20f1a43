// SPDX-License-Identifier: GPL-2.0-only

//! Sequences of commands, the same for the same seed.

use crate::command::{
    Command, Name, Place, Policy, PolicyFile, Rules, Signature, Value, Who, SLOTS,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

fn name() -> impl Strategy<Value = Name> {
    prop_oneof![
        6 => select(vec![Name::A, Name::B]),
        1 => select(vec![Name::C, Name::Reset]),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    prop_oneof![
        12 => select(vec![Rules::Allow, Rules::Deny, Rules::Verified, Rules::Unverified]),
        // No other one allows policies without a signature.
        8 => Just(Rules::Origin),
        1 => Just(Rules::Wrong),
    ]
}

fn plain() -> impl Strategy<Value = Policy> {
    (name(), 0..4u8, rules()).prop_map(|(name, minor, rules)| Policy {
        name,
        minor,
        rules,
        signature: Signature::Plain,
    })
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![8 => Just(Place::Initramfs), 1 => Just(Place::Tmpfs)]
}

fn policy() -> impl Strategy<Value = Policy> {
    let signature = prop_oneof![
        12 => select(vec![Signature::Embedded, Signature::Appended]),
        1 => select(vec![Signature::Untrusted, Signature::Changed]),
    ];
    (name(), 0..4u8, rules(), signature).prop_map(|(name, minor, rules, signature)| Policy {
        name,
        minor,
        rules,
        signature,
    })
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![10 => Just(Who::Admin), 1 => Just(Who::Heir), 1 => Just(Who::Nobody)]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![10 => Just(Value::One), 1 => Just(Value::Zero), 1 => Just(Value::Junk)]
}

fn command() -> impl Strategy<Value = Command> {
    let switch = select(Value::ALL);
    let slot = || 0..SLOTS;
    prop_oneof![
        4 => (policy(), 1..4u8, who()).prop_map(|(p, n, w)| Command::Load(p, n, w)),
        // Usually with the right name.
        4 => (policy(), 1..4u8, who()).prop_map(|(p, n, w)| Command::Update(p.name, p, n, w)),
        1 => (name(), policy(), who()).prop_map(|(name, p, w)| Command::Update(name, p, 1, w)),
        4 => (name(), value(), who()).prop_map(|(name, v, w)| Command::Activate(name, v, w)),
        3 => (name(), value(), who()).prop_map(|(name, v, w)| Command::Delete(name, v, w)),
        2 => (place(), plain(), who()).prop_map(|(at, p, w)| Command::LoadFrom(at, p, w)),
        2 => (place(), plain(), who()).prop_map(|(at, p, w)| Command::UpdateFrom(p.name, at, p, w)),
        1 => (name(), place(), plain(), who())
            .prop_map(|(name, at, p, w)| Command::UpdateFrom(name, at, p, w)),
        4 => (name(), value(), who()).prop_map(|(name, v, w)| Command::Trial(name, v, w)),
        1 => (switch, who()).prop_map(|(v, w)| Command::Enforce(v, w)),
        2 => (slot(), name(), select(PolicyFile::ALL)).prop_map(|(s, n, file)| Command::Hold(s, n, file)),
        2 => (slot(), value()).prop_map(|(s, v)| Command::Write(s, v)),
        1 => (slot(), policy()).prop_map(|(s, p)| Command::Send(s, p)),
    ]
}

/// Generates this many sequences, each of at most that length.
pub fn sequences(seed: u64, number: usize, length: usize) -> Vec<Vec<Command>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = vec(command(), length / 2..=length);
    (0..number)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}
