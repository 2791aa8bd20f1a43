// SPDX-License-Identifier: GPL-2.0-only

//! The output of `ipectl check` for any text moves no cursor. `ipectl fmt` keeps the meaning and the
//! comments of a policy, and is idempotent.

#![no_main]

use ipe_fuzz::naive;
use ipe_policy::policy::{lines, Providers};
use ipectl::{
    check,
    command,
    format::format,
    output::Output,
    policy::Policy,
    source::Source, //
};
use libfuzzer_sys::fuzz_target;

/// Everything that a policy says, but not where.
fn said(text: &[u8]) -> naive::Policy {
    let mut policy = naive::Policy::read(text);
    for rule in &mut policy.rules {
        rule.offset = 0;
    }
    policy
}

/// The comments of a text.
fn comments(text: &[u8]) -> Vec<Vec<u8>> {
    let comments = lines(text).filter_map(|line| line.comment);
    comments
        .map(|comment| comment.trim_ascii_end().to_vec())
        .collect()
}

/// The output of a command, which must not control a terminal.
fn written(command: impl FnOnce(&mut Output<'_>)) {
    let mut shown = Vec::new();
    command(&mut Output::new(&mut shown, false, false));
    let shown = String::from_utf8(shown).expect("UTF-8");
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
}

fuzz_target!(|text: &[u8]| {
    let source = Source::from_text("text", text);
    let report = check::check(&source, &check::Options::default());
    written(|out| {
        command::check::show(&[report], true, false, out).expect("writing to memory succeeds");
    });

    let Ok(policy) = Policy::compile(text, Providers::ALL) else {
        return;
    };
    let once = format(&policy);
    let again = Policy::compile(&once, Providers::ALL).expect("it is a policy still");
    assert_eq!(format!("{:?}", said(text)), format!("{:?}", said(&once)));
    assert_eq!(comments(text), comments(&once));
    assert_eq!(format(&again), once);

    written(|out| {
        command::diff::show(&policy, &again, out).expect("writing to memory succeeds");
    });
});
