// SPDX-License-Identifier: GPL-2.0-only

//! The model of `device_model.rs` on processors that see the writes of others late and in another
//! order: loom tries all that the memory model of C11 lets them see. It promises no more than the
//! one of Linux, once the operations that Linux orders fully are between fences.

use loom::sync::atomic::{
    fence, AtomicBool, AtomicU8,
    Ordering::{AcqRel, Acquire, Relaxed, SeqCst},
};
use loom::sync::{Arc, RwLock};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// The root hash of a table, 0 if no policy can name it, and whether the table is signed.
type Table = (u8, bool);

/// How writer and decisions go about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Discipline {
    /// As `DeviceBlob` does it.
    Kept,
    /// Decisions ask for the signature by a plain read.
    PlainQuestion,
    /// The root hash is replaced by an operation without order.
    PlainReplacement,
    /// `take_back` does not wait.
    NoGracePeriod,
}

/// `DeviceBlob`. A decision holds the lock for reading as its RCU section. A writer that has taken
/// it once has waited for a grace period: each section either ended before, and then the writer has
/// its reads behind it, or began later, and sees all that the writer did before.
struct Device {
    sections: RwLock<()>,
    roothash: AtomicU8,
    signed: AtomicBool,
    discipline: Discipline,
}

impl Device {
    fn new(discipline: Discipline) -> Self {
        Self {
            sections: RwLock::new(()),
            roothash: AtomicU8::new(0),
            signed: AtomicBool::new(false),
            discipline,
        }
    }

    fn synchronize_rcu(&self) {
        drop(self.sections.write().unwrap());
    }

    /// `xchg()` of Linux, then a grace period if there was something to free.
    fn replace_roothash(&self, new: u8) {
        let old = if self.discipline == Discipline::PlainReplacement {
            self.roothash.swap(new, Relaxed)
        } else {
            fence(SeqCst);
            let old = self.roothash.swap(new, AcqRel);
            fence(SeqCst);
            old
        };
        if old != 0 {
            self.synchronize_rcu();
        }
    }

    fn take_back(&self) {
        if self.signed.load(Relaxed) {
            self.signed.store(false, Relaxed);
            if self.discipline != Discipline::NoGracePeriod {
                self.synchronize_rcu();
            }
        }
    }

    /// Takes the reports of dm-verity about a table.
    fn set(&self, (roothash, signed): Table) {
        // The same root hash, which is known, stays.
        if roothash == 0 || roothash != self.roothash.load(Relaxed) {
            self.take_back();
            self.replace_roothash(roothash);
        }
        if signed {
            self.signed.store(true, Relaxed);
        } else {
            self.take_back();
        }
    }

    /// What a decision finds.
    fn decide(&self) -> Table {
        let _section = self.sections.read().unwrap();
        let signed = self
            .signed
            .load(if self.discipline == Discipline::PlainQuestion {
                Relaxed
            } else {
                Acquire
            });
        (self.roothash.load(Relaxed), signed)
    }
}

/// Whether a decision finds a signature with a root hash, or with the lack of one, that it does not
/// belong to.
fn mixes(tables: [Table; 2], discipline: Discipline) -> bool {
    let found = catch_unwind(AssertUnwindSafe(|| {
        loom::model(move || {
            let device = Arc::new(Device::new(discipline));
            let decides = device.clone();
            let decision = loom::thread::spawn(move || decides.decide());
            for table in tables {
                device.set(table);
            }
            let (roothash, signed) = decision.join().unwrap();
            assert!(!signed || tables.contains(&(roothash, true)));
        });
    }));
    found.is_err()
}

/// All that two tables in a row can be.
fn histories() -> impl Iterator<Item = [Table; 2]> {
    const TABLES: [Table; 5] = [(0, false), (0, true), (1, false), (1, true), (2, true)];
    (0..25).map(|code| [code / 5, code % 5].map(|table| TABLES[table]))
}

#[test]
fn no_decision_finds_the_signature_of_another_volume() {
    for tables in histories() {
        assert!(!mixes(tables, Discipline::Kept), "{tables:?}");
    }
}

#[test]
fn it_takes_each_part_of_the_discipline() {
    for discipline in [
        Discipline::PlainQuestion,
        Discipline::PlainReplacement,
        Discipline::NoGracePeriod,
    ] {
        assert!(
            histories().any(|tables| mixes(tables, discipline)),
            "{discipline:?}"
        );
    }
}
