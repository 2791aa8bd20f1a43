// SPDX-License-Identifier: GPL-2.0-only

//! A model of `hooks/device.rs`: a root hash and whether it is signed, which a writer changes step by
//! step while decisions read both. Every order of the steps is tried.

use std::collections::HashSet;

/// The root hash of a table, and whether the table is signed.
type Table = (u8, bool);

/// What a device begins with: no root hash, which nobody has signed.
const NONE: Table = (0, false);

/// What the writer does, each in one step that all CPUs see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Write {
    /// Sets whether the root hash is signed.
    Signed(bool),
    /// Replaces the root hash.
    Roothash(u8),
    /// Waits for the decisions that have begun.
    GracePeriod,
}

/// How a root hash is replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Discipline {
    /// As `DeviceFacts::set` does it.
    Kept,
    /// Without the grace period between the signature of the old root hash and the new one.
    NoneBefore,
    /// Without the one between the new root hash and its signature.
    NoneAfter,
}

/// The writer's steps when one table follows another.
fn steps(old: Table, new: Table, discipline: Discipline) -> Vec<Write> {
    let mut steps = Vec::new();
    if old.0 != new.0 {
        if old.1 {
            steps.push(Write::Signed(false));
            if discipline != Discipline::NoneBefore {
                steps.push(Write::GracePeriod);
            }
        }
        steps.push(Write::Roothash(new.0));
        // What was replaced is freed when nobody follows it any more.
        if old.0 != NONE.0 && discipline != Discipline::NoneAfter {
            steps.push(Write::GracePeriod);
        }
    }
    steps.push(Write::Signed(new.1));
    steps
}

/// A decision: in one RCU section, two questions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Decision {
    /// Whether the signature is asked for first.
    signature_first: bool,
    /// How many steps it has made: it begins, asks, asks.
    made: u8,
    signed: bool,
    roothash: u8,
    /// Whether a grace period waits for it.
    awaited: bool,
}

impl Decision {
    fn new(signature_first: bool) -> Self {
        Self {
            signature_first,
            made: 0,
            signed: false,
            roothash: 0,
            awaited: false,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    signed: bool,
    roothash: u8,
    /// How many steps the writer has made, and whether it is in a grace period.
    written: usize,
    waiting: bool,
    decisions: Vec<Decision>,
}

impl State {
    /// What can be the next state.
    fn next(&self, writer: &[Write]) -> Vec<State> {
        let mut states = Vec::new();
        if let Some(&write) = writer.get(self.written) {
            let mut state = self.clone();
            let mut done = true;
            match write {
                Write::Signed(signed) => state.signed = signed,
                Write::Roothash(roothash) => state.roothash = roothash,
                Write::GracePeriod if !self.waiting => {
                    for decision in &mut state.decisions {
                        decision.awaited = matches!(decision.made, 1 | 2);
                    }
                    state.waiting = true;
                    done = false;
                }
                Write::GracePeriod => {
                    done = !self.decisions.iter().any(|decision| decision.awaited);
                    state.waiting = !done;
                }
            }
            state.written += usize::from(done);
            states.push(state);
        }
        for (number, decision) in self.decisions.iter().enumerate() {
            let mut next = *decision;
            match (decision.made, decision.signature_first) {
                (0, _) => (),
                (1, true) | (2, false) => next.signed = self.signed,
                (1, false) | (2, true) => next.roothash = self.roothash,
                _ => continue,
            }
            next.made += 1;
            // With the second answer, the section ends.
            next.awaited &= next.made < 3;
            let mut state = self.clone();
            state.decisions[number] = next;
            states.push(state);
        }
        states
    }
}

/// Whether some order of the steps lets a decision find a root hash signed that is not.
fn mixes(tables: &[Table], discipline: Discipline) -> bool {
    let mut writer = Vec::new();
    let mut old = NONE;
    for &new in tables {
        writer.extend(steps(old, new, discipline));
        old = new;
    }
    let mut seen = HashSet::new();
    let mut open = vec![State {
        signed: NONE.1,
        roothash: NONE.0,
        written: 0,
        waiting: false,
        decisions: vec![Decision::new(true), Decision::new(false)],
    }];
    while let Some(state) = open.pop() {
        let mixed = state.decisions.iter().any(|decision| {
            decision.made == 3
                && decision.signed
                && tables.contains(&(decision.roothash, false))
                && !tables.contains(&(decision.roothash, true))
        });
        if mixed {
            return true;
        }
        for next in state.next(&writer) {
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    false
}

/// All that three tables can be, of two root hashes that are signed and one that is not.
fn histories() -> impl Iterator<Item = [Table; 3]> {
    const TABLES: [Table; 3] = [(1, true), (2, true), (3, false)];
    (0..27).map(|code| [code / 9, code / 3 % 3, code % 3].map(|table| TABLES[table]))
}

#[test]
fn no_decision_finds_the_signature_of_another_volume() {
    for tables in histories() {
        assert!(!mixes(&tables, Discipline::Kept), "{tables:?}");
    }
}

#[test]
fn both_grace_periods_are_needed() {
    for discipline in [Discipline::NoneBefore, Discipline::NoneAfter] {
        assert!(histories().any(|tables| mixes(&tables, discipline)));
    }
}
