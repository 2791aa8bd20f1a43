// SPDX-License-Identifier: GPL-2.0-only

//! Statements about all objects: those that are proven, and those that are not made.

use super::*;
use crate::check::{check, Options};
use ipe_policy::policy::Providers;

const CODES: [&str; 4] = [
    "allows-everything",
    "allows-unprotected",
    "default-never-decides",
    "denies-everything",
];

const HASH: &str = "sha256:cd2c5bae7c6c579edaae4353049d58eb5f2e8be0244bf05345bc8e5ed257baff";

fn policy(lines: &str) -> String {
    let lines = lines.replace("HASH", HASH);
    format!("policy_name=p policy_version=1.0.0\n{lines}")
}

/// The line and the name of each finding about a policy after switch_root.
fn found(lines: &str) -> Vec<(u32, &'static str)> {
    let options = Options {
        stage: Some(Stage::Root),
        ..Options::default()
    };
    let source = Source::from_text("p.pol", policy(lines).as_bytes());
    let found = check(&source, &options).diagnostics;
    let found = found.iter().filter(|found| CODES.contains(&found.code));
    found.map(|found| (found.line, found.code)).collect()
}

#[test]
fn rule_that_allows_every_file_is_found() {
    let all = [(3, "allows-everything")];
    assert_eq!(found("DEFAULT action=DENY\nop=EXECUTE action=ALLOW"), all);
    assert_eq!(
        found(
            "DEFAULT action=DENY\nop=EXECUTE boot_verified=FALSE action=ALLOW\n\
             op=EXECUTE boot_verified=TRUE action=ALLOW"
        ),
        all
    );
    assert_eq!(
        found("DEFAULT action=DENY\nop=KMODULE action=ALLOW")[1..],
        all
    );
    let late = "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=HASH action=DENY\n\
                op=EXECUTE action=ALLOW";
    assert_eq!(found(late), [(4, "allows-everything")]);
    // The rules restrict nothing.
    let open = "DEFAULT op=EXECUTE action=ALLOW\nop=EXECUTE dmverity_signature=TRUE action=ALLOW";
    assert_eq!(
        found(&format!("DEFAULT action=DENY\n{open}")),
        [(4, "allows-everything")]
    );
}

#[test]
fn rule_that_allows_what_has_no_protection_is_found() {
    let allows = [(3, "allows-unprotected")];
    for rule in [
        "op=EXECUTE dmverity_signature=FALSE action=ALLOW",
        "op=EXECUTE dmverity_signature=FALSE fsverity_signature=FALSE action=ALLOW",
        "op=EXECUTE boot_verified=FALSE action=ALLOW",
    ] {
        assert_eq!(
            found(&format!("DEFAULT action=DENY\n{rule}")),
            allows,
            "{rule}"
        );
    }
    let denied_before = "DEFAULT action=DENY\nop=EXECUTE dmverity_signature=FALSE action=DENY\n\
                         op=EXECUTE boot_verified=FALSE action=ALLOW";
    assert_eq!(found(denied_before), []);
}

#[test]
fn default_that_never_decides_is_found() {
    let never = "DEFAULT action=DENY\nDEFAULT op=KMODULE action=DENY\n\
                 op=EXECUTE dmverity_signature=TRUE action=ALLOW\n";
    assert_eq!(found(never), []);
    let full = format!(
        "{never}op=KMODULE dmverity_signature=TRUE action=ALLOW\n\
         op=KMODULE dmverity_signature=FALSE action=DENY"
    );
    assert_eq!(found(&full), [(3, "default-never-decides")]);
    // The only objects that are left cannot exist.
    let impossible = format!(
        "{never}op=KMODULE boot_verified=FALSE action=DENY\n\
         op=KMODULE dmverity_signature=FALSE action=DENY"
    );
    assert_eq!(found(&impossible), [(3, "default-never-decides")]);
    // The global one decides about operations without a name.
    assert_eq!(
        found(
            "DEFAULT action=DENY\nop=EXECUTE dmverity_signature=TRUE action=ALLOW\n\
             op=EXECUTE dmverity_signature=FALSE action=DENY"
        ),
        []
    );
}

#[test]
fn policy_that_denies_every_program_is_found() {
    assert_eq!(found("DEFAULT action=DENY"), [(2, "denies-everything")]);
    let never = "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=sha256:00 action=ALLOW";
    assert_eq!(found(never), [(2, "denies-everything")]);
    let shadowed = "DEFAULT action=DENY\nop=EXECUTE action=DENY\n\
                    op=EXECUTE fsverity_digest=HASH action=ALLOW";
    assert_eq!(found(shadowed), [(3, "denies-everything")]);
    let one = "DEFAULT action=DENY\nop=EXECUTE fsverity_digest=HASH action=ALLOW";
    assert_eq!(found(one), []);
    for (lines, denies) in [
        ("DEFAULT action=DENY", true),
        (one, false),
        (shadowed, true),
    ] {
        let policy = Policy::compile(policy(lines).as_bytes(), Providers::ALL).unwrap();
        assert_eq!(
            denies_everything(&policy, Operation::Execute),
            denies,
            "{lines}"
        );
    }
}

#[test]
fn files_and_memory_are_told_apart() {
    let dmv = "op=EXECUTE dmverity_signature=TRUE action=ALLOW";
    // The default decides about memory.
    let files = "DEFAULT action=DENY\nDEFAULT op=EXECUTE action=DENY\n\
                 op=EXECUTE anonymous_memory=FALSE action=ALLOW";
    assert_eq!(found(files), [(4, "allows-everything")]);
    let both = format!("{files}\nop=EXECUTE anonymous_memory=TRUE action=DENY");
    assert_eq!(
        found(&both),
        [(3, "default-never-decides"), (4, "allows-everything")]
    );
    // To allow all memory, and no file without protection, is what the words are for.
    let memory = "DEFAULT action=DENY\nop=EXECUTE anonymous_memory=TRUE action=ALLOW";
    assert_eq!(found(&format!("{memory}\n{dmv}")), []);
    assert_eq!(found(memory), [(2, "denies-everything")]);
    // A digest of the program denies no file.
    let but = format!(
        "DEFAULT action=DENY\n\
         op=EXECUTE anonymous_memory=TRUE exe_fsverity_digest={HASH} action=DENY\n\
         op=EXECUTE action=ALLOW"
    );
    let source = Source::from_text("p.pol", policy(&but).as_bytes());
    let messages = check(&source, &Options::default()).diagnostics;
    let mut messages = messages.iter().map(|found| found.message.as_str());
    assert!(messages.any(|message| message == "EXECUTE is allowed for every file"));
}

#[test]
fn process_is_decided_by_programs() {
    let start = "DEFAULT action=DENY\nop=EXECUTE dmverity_signature=TRUE action=ALLOW\n";
    for (lines, expected) in [
        ("op=PTRACE action=ALLOW", &[(4, "allows-everything")][..]),
        ("op=PTRACE exe_boot_verified=TRUE action=ALLOW", &[]),
        (
            "DEFAULT op=PTRACE action=ALLOW\nop=PTRACE exe_boot_verified=TRUE action=ALLOW",
            &[(5, "allows-everything")],
        ),
        (
            "DEFAULT op=PTRACE action=ALLOW\nop=PTRACE exe_boot_verified=TRUE action=DENY",
            &[],
        ),
        (
            "DEFAULT op=PTRACE action=DENY\nop=PTRACE action=DENY",
            &[(4, "default-never-decides")],
        ),
        ("# op=PTRACE action=ALLOW", &[]),
    ] {
        assert_eq!(found(&format!("{start}{lines}")), expected, "{lines}");
    }
}

#[test]
fn stated_intent_is_not_a_finding() {
    for lines in [
        "DEFAULT action=ALLOW",
        "DEFAULT action=DENY\nDEFAULT op=EXECUTE action=ALLOW",
        "DEFAULT action=ALLOW\nop=EXECUTE dmverity_roothash=HASH action=DENY",
        "DEFAULT action=DENY\nop=EXECUTE dmverity_signature=TRUE boot_verified=FALSE action=ALLOW",
    ] {
        assert_eq!(found(lines), [], "{lines}");
    }
}
