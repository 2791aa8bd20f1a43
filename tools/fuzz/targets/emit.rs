// SPDX-License-Identifier: GPL-2.0-only

//! A compiled form from another text, or in other memory, than was measured: it decides as the text
//! that it was compiled from, or it denies everything.
//!
//! The first byte is the difference between the words of memory and the measured number; the rest
//! are two texts with a NUL between them.

#![no_main]

use ipe_fuzz::{
    common::{reference, Collector, TestObject},
    naive,
    objects::{compare, objects},
};
use ipe_policy::{
    eval::{evaluate, Verdict},
    policy::{measure, Action, Operation, Providers, Scope},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&difference, texts)) = data.split_first() else {
        return;
    };
    let mut texts = texts.splitn(2, |byte| *byte == 0);
    let measured = texts.next().unwrap_or_default();
    let emitted = texts.next().unwrap_or(measured);

    let good = |text| measure(text, Providers::ALL, false, &mut Collector::default());
    let Ok(plan) = good(measured) else { return };
    let words = plan
        .words()
        .saturating_add_signed(isize::from(difference as i8));
    let fits = words >= plan.words();
    let compiled = plan.emit(emitted, vec![0xdead_beef; words]);

    let denies = |object: &TestObject| {
        let nothing = Verdict {
            action: Action::Deny,
            scope: Scope::GlobalDefault,
        };
        let mut operations = Operation::ALL.into_iter().map(Some).chain([None]);
        operations
            .all(|operation| evaluate(&compiled, operation, object.class(), object) == nothing)
    };
    if good(emitted).is_err() {
        assert!(denies(&TestObject::default()));
        assert!(compiled.name(emitted).is_empty());
        return;
    }
    let policy = naive::Policy::read(emitted);
    let objects = objects(&policy);
    if compiled.name(emitted).is_empty() {
        assert!(measured != emitted || !fits);
        assert!(objects.iter().all(denies));
        return;
    }
    for object in &objects {
        compare(&compiled, &policy, object, Providers::ALL);
    }
    // The other reference, which is slower.
    if let (Ok(text), Some(object)) = (std::str::from_utf8(emitted), objects.last()) {
        let operation = Some(Operation::Execute);
        assert_eq!(
            evaluate(&compiled, operation, object.class(), object),
            reference(text, Providers::ALL, operation, object)
        );
    }
});
