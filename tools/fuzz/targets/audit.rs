// SPDX-License-Identifier: GPL-2.0-only

//! Records of decisions: `ipectl` reads back what the kernel writes, whatever names processes and
//! files have, and any other line does no harm.

#![no_main]

use arbitrary::Arbitrary;
use ipe_policy::policy::{Operation, Providers};
use ipectl::{
    audit::{self, parse, Access},
    command,
    object::hex,
    output::Output,
    policy::Policy,
    suggest::{self, Knowledge},
};
use libfuzzer_sys::fuzz_target;

/// A record as the kernel knows it, or any line of a log.
#[derive(Arbitrary, Debug)]
enum Line<'a> {
    Raw(&'a [u8]),
    Text(&'a str),
    Record(Record<'a>),
}

#[derive(Arbitrary, Debug)]
struct Record<'a> {
    operation: u8,
    enforcing: bool,
    pid: u32,
    comm: &'a [u8],
    file: Option<(&'a [u8], &'a [u8], u64)>,
    allow: bool,
    rule: Option<(bool, &'a [u8])>,
    log: Log,
}

#[derive(Arbitrary, Debug)]
enum Log {
    Kernel,
    Auditd,
    Journal,
}

const RULE: &str = "op=EXECUTE fsverity_digest=sha256:";

/// Text as `audit_log_untrustedstring` writes it.
fn untrusted(text: &[u8]) -> String {
    if text
        .iter()
        .any(|byte| !(0x21..0x7f).contains(byte) || *byte == b'"')
    {
        return hex(text).to_uppercase();
    }
    format!("\"{}\"", std::str::from_utf8(text).unwrap())
}

/// The part of these bytes that a C string can have; it is not empty.
fn name(bytes: &[u8]) -> &[u8] {
    match bytes.split(|byte| *byte == 0).next() {
        Some([]) | None => b"x",
        Some(name) => name,
    }
}

/// The line of a record, and the expected result of reading it.
fn record(record: &Record<'_>) -> (Vec<u8>, Access) {
    let lossy = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned());
    let operation = Operation::ALL[record.operation as usize % Operation::COUNT].name();
    let action = if record.allow { "ALLOW" } else { "DENY" };
    let comm = name(record.comm);
    let mut access = Access {
        stamp: Some("1.002:3".to_owned()),
        operation: operation.to_owned(),
        hook: "MMAP".to_owned(),
        enforcing: record.enforcing,
        pid: Some(record.pid),
        comm: lossy(comm),
        ..Access::default()
    };
    let file = match record.file {
        None => "path=? dev=? ino=?".to_owned(),
        Some((path, device, inode)) => {
            let (path, device) = (name(path), name(device));
            access.path = lossy(path);
            access.device = lossy(device);
            access.inode = Some(inode);
            let (path, device) = (untrusted(path), untrusted(device));
            format!("path={path} dev={device} ino={inode}")
        }
    };
    let rule = match record.rule {
        None => {
            access.rule = format!("DEFAULT action={action}");
            access.rule.clone()
        }
        Some((boot_verified, digest)) => {
            let digits = hex(digest).to_uppercase();
            let boot = if boot_verified {
                " boot_verified=TRUE"
            } else {
                ""
            };
            let digits_read = digits.to_lowercase();
            access.rule = format!("{RULE}{digits_read}{boot} action={action}");
            format!("op=EXECUTE fsverity_digest=\"sha256\":{digits}{boot} action={action}")
        }
    };
    let text = format!(
        "ipe_op={operation} ipe_hook=MMAP enforcing={} pid={} comm={} {file} rule=\"{rule}\"",
        u8::from(record.enforcing),
        record.pid,
        untrusted(comm),
    );
    let line = match record.log {
        Log::Kernel => format!("[  1.2] audit: type=1420 audit(1.002:3): {text}"),
        Log::Auditd => {
            format!("type=UNKNOWN[1420] msg=audit(1.002:3): {text}\x1dUID=\"root\" rule=\"x\"")
        }
        Log::Journal => serde_json::json!({
            "_TRANSPORT": "audit",
            "MESSAGE": format!("IPE_ACCESS {text}"),
            "_SOURCE_REALTIME_TIMESTAMP": "1002000",
            "_AUDIT_ID": "3",
        })
        .to_string(),
    };
    (line.into_bytes(), access)
}

/// The output of a command, which must not control a terminal.
fn written(command: impl FnOnce(&mut Output<'_>)) -> String {
    let mut shown = Vec::new();
    command(&mut Output::new(&mut shown, false, false));
    let shown = String::from_utf8(shown).expect("UTF-8");
    assert!(
        shown.chars().all(|c| c == '\n' || !c.is_control()),
        "{shown:?}"
    );
    shown
}

fuzz_target!(|line: Line<'_>| {
    let access = match line {
        Line::Raw(line) => parse(line).record(),
        Line::Text(line) => parse(line.as_bytes()).record(),
        Line::Record(fields) => {
            let (line, expected) = record(&fields);
            let access = parse(&line);
            assert_eq!(access, audit::Line::Record(expected.clone()));
            Some(expected)
        }
    };
    let Some(access) = access else { return };

    let mut denials = suggest::Denials::default();
    denials.add(&audit::Record::from(&access));
    let outcome = denials.suggest(&Knowledge::default());
    let text = written(|out| {
        command::suggest::show(&outcome, out).expect("writing to memory succeeds");
    });
    // Suggestions go into policies: every line is a rule that the program found, or a comment.
    let rules = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert!(rules.eq(outcome.rules.iter().map(|suggestion| &suggestion.rule)));

    let policy =
        format!("policy_name=a policy_version=1.0.0\nDEFAULT action=DENY\n{RULE}00 action=ALLOW\n");
    let policy = Policy::compile(policy.as_bytes(), Providers::ALL).expect("it is a policy");
    written(|out| {
        let _ = command::explain::explain_record(&policy, "policy", &access, out);
    });
});
