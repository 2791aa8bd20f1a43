// SPDX-License-Identifier: GPL-2.0-only

//! Messages that C does not take, and policies that both understand alike.

use super::*;
use crate::check::{check, Options};

const HEADER: &str = "policy_name=p policy_version=1.0.0\n";

/// The codes of what is found about a source that is to be portable.
fn found(source: &Source) -> Vec<&'static str> {
    let options = Options {
        portable: true,
        ..Options::default()
    };
    let found = check(source, &options).diagnostics;
    let found = found
        .iter()
        .filter(|found| found.severity == Severity::Error);
    found.map(|found| found.code).collect()
}

fn text(lines: &str) -> Source {
    Source::from_text("p", format!("{HEADER}{lines}").as_bytes())
}

#[test]
fn policy_of_c_is_portable() {
    let lines = "DEFAULT action=DENY # op=PTRACE\n# op=PTRACE anonymous_memory=TRUE\n\
                 op=EXECUTE boot_verified=TRUE dmverity_signature=FALSE action=ALLOW\n\
                 op=KMODULE dmverity_roothash=sha1:00112233445566778899aabbccddeeff00112233 \
                 action=DENY\n";
    assert_eq!(found(&text(lines)), [] as [&str; 0]);
    // Only the digests that were asked for are found.
    let report = check(
        &text("DEFAULT action=DENY\nop=PTRACE action=DENY"),
        &Options::default(),
    );
    assert!(report.first_error().is_none());
}

#[test]
fn signature_must_be_in_a_pkcs7_message() {
    let mut source = text("DEFAULT action=DENY");
    source.signed = Some((Form::Pkcs7, 2000));
    assert_eq!(found(&source), [] as [&str; 0]);
    source.signed = Some((Form::Appended, 2000));
    assert_eq!(found(&source), ["portable-form"]);
}

#[test]
fn message_must_be_short() {
    let comment = format!("DEFAULT action=DENY\n#{}", "x".repeat(65_000));
    let source = text(&comment);
    assert_eq!(found(&source), ["portable-length"]);
    let report = check(&source, &Options::default());
    assert!(report.first_error().is_none());
}

#[test]
fn every_word_of_an_extension_is_found() {
    for operation in Operation::ALL {
        let source = text(&format!(
            "DEFAULT action=DENY\nop={} action=DENY",
            operation.name()
        ));
        let expected = operation.extension().map(|_| "portable-operation");
        assert_eq!(found(&source), expected.into_iter().collect::<Vec<_>>());
    }
    for kind in PropertyKind::ALL {
        let value = if kind.is_digest() {
            "sha256:00"
        } else {
            "TRUE"
        };
        let (operation, other) = match kind {
            PropertyKind::Program(_) => ("PTRACE", Some("portable-operation")),
            _ => ("EXECUTE", None),
        };
        let property = format!("{}={value}", kind.name());
        let source = text(&format!(
            "DEFAULT action=DENY\nop={operation} {property} action=DENY"
        ));
        let expected = kind.extension().map(|_| "portable-property");
        assert_eq!(
            found(&source),
            other.into_iter().chain(expected).collect::<Vec<_>>()
        );
    }
}
