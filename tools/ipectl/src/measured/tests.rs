// SPDX-License-Identifier: GPL-2.0-only

//! The text of an event, and its place in the log.

use super::*;
use crate::object::hex;

const TEXT: &str = "boot=00000000000000ab count=7 enforcing=1 sealed=0 origin=signed \
                    policy_version=1.2.3 policy_digest=sha256:aa cmdline:usrhash=sha512:bb,sha3-512:bb \
                    policy_name=a policy_name=\u{fe}";

#[test]
fn fields_of_an_event() {
    let state = State::parse(TEXT.as_bytes()).unwrap();
    assert_eq!(state.boot, "00000000000000ab");
    assert_eq!(state.count, 7);
    assert!(state.enforcing);
    assert!(!state.sealed);
    assert_eq!(state.policy.origin, "signed");
    assert_eq!(state.policy.version, "1.2.3");
    assert_eq!(state.policy.digest, "sha256:aa");
    // This looks like a field, but is the name.
    assert_eq!(state.policy.name, "a policy_name=\u{fe}".as_bytes());
    assert_eq!(state.root_hashes, ["cmdline:usrhash=sha512:bb,sha3-512:bb"]);
}

#[test]
fn event_without_root_hashes() {
    let text = TEXT.replace(" cmdline:usrhash=sha512:bb,sha3-512:bb", "");
    let state = State::parse(text.as_bytes()).unwrap();
    assert!(state.root_hashes.is_empty());
}

#[test]
fn other_forms_are_no_states() {
    for (from, to) in [
        ("boot=", "boat="),
        ("count=7", "count=x"),
        ("enforcing=1", "enforcing=2"),
        ("sealed=0 ", ""),
        (" cmdline:", " other:"),
        (" policy_name=", " name="),
    ] {
        assert_eq!(
            State::parse(TEXT.replace(from, to).as_bytes()),
            None,
            "{from}"
        );
    }
}

#[test]
fn only_events_of_ipe_count() {
    let good = format!("10 00 ima-buf sha1:00 ipe-state {}\n", hex(TEXT.as_bytes()));
    let log = format!(
        "10 00 ima-ng sha1:00 boot_aggregate\n\
         10 00 ima-buf sha1:00 kernel_version 372e33\n\
         10 00 ima-ng sha1:00 ipe-state {}\n\
         {good}10 00 ima-buf sha1:00 ipe-state 62\n\
         10 00 ima-buf sha1:00 ipe-state xy\n{good}",
        hex(TEXT.as_bytes())
    );
    let found: Vec<_> = events(log.as_bytes()).collect();
    assert_eq!(found.len(), 4);
    assert!(found[0].is_some() && found[3].is_some());
    assert!(found[1].is_none() && found[2].is_none());
}
