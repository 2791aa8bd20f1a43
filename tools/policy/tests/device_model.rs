// SPDX-License-Identifier: GPL-2.0-only

//! A model of `hooks/device.rs`: a root hash and whether it is signed, which a writer changes step by
//! step while decisions read both. Every order of the steps is tried.

use std::collections::HashSet;

/// The root hash of a table, 0 if no policy can name it, and whether the table is signed.
type Table = (u8, bool);

/// Nothing is known, or no longer.
const NOTHING: Table = (0, false);

/// A step of the writer, which all CPUs see at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Write {
    /// Sets whether the root hash is signed.
    Signed(bool),
    /// Replaces the root hash.
    Roothash(u8),
    /// Waits for the decisions that have begun.
    GracePeriod,
}

/// How writer and decisions go about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Discipline {
    /// As `DeviceBlob` does it.
    Kept,
    /// `take_back` does not wait.
    NoGracePeriod,
    /// Decisions ask for the root hash first.
    RoothashFirst,
}

/// The writer's steps when one table follows another.
fn steps(old: Table, new: Table, discipline: Discipline) -> Vec<Write> {
    let mut steps = Vec::new();
    // The same root hash, which is known, stays.
    if old.0 != new.0 || new.0 == 0 {
        steps.extend(take_back(old.1, discipline));
        steps.push(Write::Roothash(new.0));
        // The replaced root hash is freed when no decision follows it any more.
        if old.0 != 0 {
            steps.push(Write::GracePeriod);
        }
    }
    if new.1 {
        steps.push(Write::Signed(true));
    } else if old.0 == new.0 {
        steps.extend(take_back(old.1, discipline));
    }
    steps
}

/// The writer's steps to take a signature back.
fn take_back(signed: bool, discipline: Discipline) -> Vec<Write> {
    match (signed, discipline) {
        (false, _) => vec![],
        (true, Discipline::NoGracePeriod) => vec![Write::Signed(false)],
        (true, _) => vec![Write::Signed(false), Write::GracePeriod],
    }
}

/// A decision: in one RCU section, two questions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Decision {
    /// How many steps it has made: it begins, asks, asks.
    made: u8,
    signed: bool,
    roothash: u8,
    /// Whether a grace period waits for it.
    awaited: bool,
}

#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct State {
    signed: bool,
    roothash: u8,
    /// How many steps the writer has made, and whether it is in a grace period.
    written: usize,
    waiting: bool,
    decisions: [Decision; 2],
}

impl State {
    /// Returns the states that can be next.
    fn next(&self, writer: &[Write], discipline: Discipline) -> Vec<State> {
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
            match (decision.made, discipline == Discipline::RoothashFirst) {
                (0, _) => (),
                (1, false) | (2, true) => next.signed = self.signed,
                (1, true) | (2, false) => next.roothash = self.roothash,
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

/// Whether some order of the steps lets a decision find a signature with a root hash, or with the
/// lack of one, that it does not belong to.
fn mixes(tables: &[Table], discipline: Discipline) -> bool {
    let mut writer = Vec::new();
    let mut old = NOTHING;
    for &new in tables {
        writer.extend(steps(old, new, discipline));
        old = new;
    }
    let mut seen = HashSet::new();
    let mut open = vec![State::default()];
    while let Some(state) = open.pop() {
        let mixed = state.decisions.iter().any(|decision| {
            decision.made == 3 && decision.signed && !tables.contains(&(decision.roothash, true))
        });
        if mixed {
            return true;
        }
        for next in state.next(&writer, discipline) {
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    false
}

/// All that three tables in a row can be.
fn histories() -> impl Iterator<Item = [Table; 3]> {
    const TABLES: [Table; 6] = [
        NOTHING,
        (0, true),
        (1, false),
        (1, true),
        (2, true),
        (3, false),
    ];
    (0..216).map(|code| [code / 36, code / 6 % 6, code % 6].map(|table| TABLES[table]))
}

#[test]
fn no_decision_finds_the_signature_of_another_volume() {
    for tables in histories() {
        assert!(!mixes(&tables, Discipline::Kept), "{tables:?}");
    }
}

#[test]
fn it_takes_the_grace_period_and_the_order_of_the_questions() {
    for discipline in [Discipline::NoGracePeriod, Discipline::RoothashFirst] {
        assert!(histories().any(|tables| mixes(&tables, discipline)));
    }
}
