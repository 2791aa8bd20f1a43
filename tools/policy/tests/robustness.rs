// SPDX-License-Identifier: GPL-2.0-only

//! For any text, the parser ends with a compiled policy or a located error.

mod common;

use common::{compile, parse, reference, TestObject};
use ipe_policy::{
    eval::evaluate,
    policy::{Operation, Providers},
};
use proptest::prelude::*;

/// A short policy with a bit of everything.
const POLICY: &str = concat!(
    "policy_name=p policy_version=1.0.65535 # x\r\n",
    "\tDEFAULT action=ALLOW\n",
    "DEFAULT op=KMODULE action=DENY\n",
    "op=EXECUTE boot_verified=TRUE  dmverity_signature=FALSE action=DENY\n",
    "op=EXECUTE dmverity_roothash=md5:00112233445566778899aAbBcCdDeEfF action=DENY\n",
    "op=EXECUTE fsverity_signature=TRUE fsverity_digest=sha256:0f action=ALLOW\n",
    "op=EXECUTE exe_boot_verified=FALSE anonymous_memory=TRUE action=ALLOW\n",
    "op=EXECUTE modified=TRUE anonymous_memory=FALSE action=DENY\n",
    "op=PTRACE exe_dmverity_signature=TRUE action=DENY\n",
);

#[test]
fn every_byte_at_every_place() {
    let mut accepted = 0;
    assert!(parse(POLICY.as_bytes()));
    for at in 0..POLICY.len() {
        for byte in 0..=255 {
            let mut text = POLICY.as_bytes().to_vec();
            text[at] = byte;
            if !parse(&text) {
                continue;
            }
            accepted += 1;
            if let Ok(text) = std::str::from_utf8(&text) {
                let compiled = compile(text.as_bytes());
                for flags in 0..4 {
                    let object = TestObject {
                        memory: flags & 1 != 0,
                        boot_verified: flags & 2 != 0,
                        ..Default::default()
                    };
                    for operation in [Operation::Execute, Operation::KernelModule].map(Some) {
                        assert_eq!(
                            evaluate(&compiled, operation, object.class(), &object),
                            reference(text, Providers::ALL, operation, &object),
                            "{text}"
                        );
                    }
                }
            }
        }
    }
    assert!(accepted > 1000);
}

#[test]
fn every_byte_removed_or_doubled() {
    for at in 0..POLICY.len() {
        let (before, after) = POLICY.as_bytes().split_at(at);
        parse(before);
        parse(after);
        parse(&[before, &after[1..]].concat());
        parse(&[before, &after[..1], after].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8192, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes(text in prop::collection::vec(any::<u8>(), 0..400)) {
        parse(&text);
    }

    #[test]
    fn any_words(words in prop::collection::vec(prop::sample::select(vec![
        "policy_name=a", "policy_version=1.2.3", "policy_version=1.2", "DEFAULT", "op=EXECUTE",
        "op=KMODULE", "op=", "action=ALLOW", "action=DENY", "action=", "boot_verified=TRUE",
        "boot_verified=FALSE", "fsverity_digest=sha256:00", "dmverity_roothash=:", "=", "#", "\n",
        "\r", "\t", " ", "\u{a0}", "\x0b", "\0", "dmverity_signature=", "fsverity_digest=a:b:c",
        "op=PTRACE", "op=UNCHECKED_SCRIPT", "anonymous_memory=TRUE", "anonymous_memory=FALSE",
        "modified=TRUE", "modified=FALSE",
        "exe_boot_verified=TRUE", "exe_fsverity_digest=a:b",
    ]), 0..24), separator in prop::sample::select(vec![" ", "\n", "\t", ""])) {
        parse(words.join(separator).as_bytes());
        let text = format!("policy_name=a policy_version=1.2.3\n{}", words.join(separator));
        parse(text.as_bytes());
    }
}
