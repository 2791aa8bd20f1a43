// SPDX-License-Identifier: GPL-2.0-only

//! Texts and logs that want to be expensive, to move a terminal's cursor, or to become rules.

mod common;

use cms::{
    content_info::{CmsVersion, ContentInfo},
    signed_data::{EncapsulatedContentInfo, SignedData, SignerInfos},
};
use common::ipectl;
use const_oid::db::rfc5911::{ID_DATA, ID_SIGNED_DATA};
use der::{asn1::OctetString, Any, Encode};
use ipe_policy::policy::Providers;
use ipectl::{
    audit,
    check::{self, Options},
    command,
    failure::Result,
    object::hex,
    output::Output,
    policy::Policy,
    source::Source,
    suggest::{self, Knowledge},
};
use std::{
    fs,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const HEADER: &str = "policy_name=large policy_version=0.0.0\nDEFAULT action=DENY\n";

/// Returns the output of a check, which must not take long: a second, or some hundred seconds if
/// the time grows with the square of the text.
fn checked(text: &str) -> String {
    let start = Instant::now();
    let source = Source::from_text("large.pol", text.as_bytes());
    let report = check::check(&source, &Options::default());
    let mut shown = Vec::new();
    let mut out = Output::new(&mut shown, false, false);
    command::check::show(&[report], false, false, &mut out).unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(120),
        "{:?}",
        start.elapsed()
    );
    String::from_utf8(shown).unwrap()
}

#[test]
fn findings_in_a_long_line_take_linear_time() {
    let words = format!("dmverity_roothash=x: {}", " ".repeat(80)).repeat(10_000);
    let shown = checked(&format!("{HEADER}op=EXECUTE {words}action=DENY\n"));
    assert!(shown.contains("10000 warnings"), "{}", &shown[..400]);
    assert!(shown.lines().all(|line| line.chars().count() < 300));
}

#[test]
fn errors_take_linear_time() {
    let shown = checked(&format!("{HEADER}{}", "x y\n".repeat(1 << 18)));
    assert!(shown.contains("100 errors"), "{}", &shown[..400]);
}

/// Returns whether a terminal shows all characters of a text, and in their order.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| {
        (c.is_control() && c != '\n')
            || "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}".contains(c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    })
}

/// Returns the output of a command, which a terminal must show and not obey.
fn written(command: impl FnOnce(&mut Output<'_>) -> Result) -> String {
    let mut shown = Vec::new();
    command(&mut Output::new(&mut shown, false, false)).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(is_plain(&shown), "{shown:?}");
    shown
}

#[test]
fn messages_about_a_text_move_no_cursor() {
    for line in [
        "op=EXECUT\x1b action=DENY",
        "op=\u{202e}EXECUTE action=\u{2066}DENY\u{61c}\u{200f}",
        "op=EXECUTE boot_verifie\x1b=TRUE action=DENY",
        "op=EXECUTE action=DEN\x1b",
        "op=EXECUTE fsverity_digest=sha25\x1b:00 action=DENY",
        "op=EXECUTE boot_verified=TRU\x1b action=DENY",
        "\x1b\x0b\x7f\u{9b}",
    ] {
        let text = format!("{HEADER}{line}\n");
        checked(&text);
        let source = Source::from_text("text", text.as_bytes());
        let report = check::check(&source, &Options::default());
        written(|out| command::check::show(&[report], false, false, out));
    }
    for version in ["1.0.0.\x1b.0.0", "1\x1b", "1.0"] {
        let text = format!("policy_name=a policy_version={version}\nDEFAULT action=DENY\n");
        let source = Source::from_text("text", text.as_bytes());
        let report = check::check(&source, &Options::default());
        written(|out| command::check::show(&[report], false, false, out));
    }
}

#[test]
fn names_of_policies_and_algorithms_move_no_cursor() {
    let text = b"policy_name=\x1b[2J policy_version=1.0.0\nDEFAULT action=DENY\n\
        op=EXECUTE dmverity_roothash=\x1b[1m:AB action=ALLOW\n";
    let policy = Policy::compile(text, Providers::ALL).unwrap();
    written(|out| command::diff::show(&policy, &policy, out));
    let record = br#"ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=1 comm="x" path="/a" dev="vda" ino=1 rule="DEFAULT action=DENY""#;
    let access = audit::parse_bare(record).unwrap();
    written(|out| command::explain::explain_record(&policy, "policy", &access, out));
}

#[test]
fn no_part_of_a_record_becomes_a_rule() {
    // dm-, the end of a line, and a rule, in the digits of a name with odd characters.
    let device = b"dm-\nop=EXECUTE action=ALLOW";
    let device = hex(device).to_uppercase();
    let record = format!(
        "ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=1 comm={device} path={device} dev={device} \
        ino=1 rule=\"DEFAULT action=DENY\""
    );
    let access = audit::parse_bare(record.as_bytes()).unwrap();
    assert!(access.device.as_ref().unwrap().contains('\n'));
    let mut denials = suggest::Denials::default();
    denials.add(&audit::Record::from(&access));
    let outcome = denials.suggest(&Knowledge::default());
    let shown = written(|out| command::suggest::show(&outcome, out));
    assert!(
        shown
            .lines()
            .all(|line| line.is_empty() || line.starts_with('#')),
        "{shown}"
    );
}

/// A message with this policy, but without a signature.
fn message(policy: &str) -> Vec<u8> {
    let text = OctetString::new(policy.as_bytes()).unwrap();
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: Default::default(),
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: ID_DATA,
            econtent: Some(Any::encode_from(&text).unwrap()),
        },
        certificates: None,
        crls: None,
        signer_infos: SignerInfos(Default::default()),
    };
    let info = ContentInfo {
        content_type: ID_SIGNED_DATA,
        content: Any::encode_from(&data).unwrap(),
    };
    info.to_der().unwrap()
}

#[test]
fn no_message_moves_a_cursor() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(path("security/ipe/policies/\x1b[31mloaded")).unwrap();
    let policy = |name| format!("policy_name={name} policy_version=1.0.0\nDEFAULT action=DENY\n");
    for (file, name) in [
        ("name.p7b", "\x1b[31mx\u{202e}"),
        ("slash.p7b", "\x1b[31m/x"),
        ("loaded.p7b", "\x1b[31mloaded"),
        ("\x1b[31mfile.p7b", "x"),
    ] {
        fs::write(path(file), message(&policy(name))).unwrap();
    }
    fs::write(path("good.pol"), policy("x")).unwrap();
    fs::write(path("\x1b[31mwrong.pol"), policy("\x1b\nx")).unwrap();
    fs::create_dir(path("\x1b[31mempty")).unwrap();
    let (security, name) = (path("security"), "\x1b[31mloaded");
    let securityfs = ["--securityfs", security.as_str()];
    for (code, arguments) in [
        (0, vec!["deploy", "-n", "name.p7b"]),
        (0, vec!["deploy", "-n", "loaded.p7b"]),
        (4, vec!["deploy", "-n", "slash.p7b"]),
        (4, vec!["deploy", "-n", "\x1b[31mwrong.pol"]),
        (6, vec!["activate", name]),
        (6, vec!["activate", "other"]),
        (1, vec!["check", "\x1b[31mwrong.pol"]),
        (3, vec!["check", "\x1b[31mempty"]),
        (4, vec!["explain", "\x1b[31mwrong.pol"]),
        (1, vec!["explain", "\x1b[31mfile.p7b"]),
        (4, vec!["image", "good.pol", "\x1b[31mwrong.pol"]),
        (3, vec!["fmt", "\x1b[31mmissing\u{202e}"]),
    ] {
        let mut all: Vec<_> = arguments
            .iter()
            .map(|argument| {
                let file = path(argument);
                if fs::exists(&file).unwrap() {
                    file
                } else {
                    argument.to_string()
                }
            })
            .collect();
        if matches!(arguments[0], "deploy" | "activate") {
            all.extend(securityfs.map(str::to_owned));
        }
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        let run = ipectl(&all, b"");
        assert_eq!(
            run.code, code,
            "{arguments:?}: {}{}",
            run.stdout, run.stderr
        );
        assert!(is_plain(&run.stdout), "{arguments:?}: {:?}", run.stdout);
        assert!(is_plain(&run.stderr), "{arguments:?}: {:?}", run.stderr);
    }
}
