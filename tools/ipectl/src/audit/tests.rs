// SPDX-License-Identifier: GPL-2.0-only

//! Records in the form of each log, and lines that only look like records.

use super::*;

const RECORD: &str = r#"ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=2241 comm="ld-linux.so" path="/deny/lib/libc.so.6" dev="sda2" ino=14549020 rule="DEFAULT action=DENY""#;

fn expected(stamp: Option<&str>) -> Access {
    Access {
        stamp: stamp.map(str::to_owned),
        operation: "EXECUTE".to_owned(),
        hook: "MMAP".to_owned(),
        enforcing: true,
        pid: Some(2241),
        comm: Some("ld-linux.so".to_owned()),
        path: Some("/deny/lib/libc.so.6".to_owned()),
        device: Some("sda2".to_owned()),
        inode: Some(14549020),
        rule: "DEFAULT action=DENY".to_owned(),
        trial: None,
        modified: None,
    }
}

#[test]
fn fields_after_the_rule_do_not_belong_to_it() {
    let read = |end: &str| {
        let line = format!("type=1420 audit(1653364370.067:61): {RECORD}{end}");
        parse(line.as_bytes()).record()
    };
    let plain = expected(Some("1653364370.067:61"));
    for (end, modified) in [
        (" modified=TRUE", Some(true)),
        (" modified=FALSE", Some(false)),
        (" exe_dev=\"dm-0\" exe_ino=7 exe_boot_verified=TRUE", None),
        (" exe_dev=? exe_ino=?", None),
    ] {
        let expected = Access {
            modified,
            ..plain.clone()
        };
        assert_eq!(read(end), Some(expected), "{end}");
    }
}

#[test]
fn digests_of_the_program_are_written_as_ipectl_does() {
    let rule = "op=EXECUTE anonymous_memory=TRUE exe_fsverity_digest=\"sha256\":0AB1 action=ALLOW";
    let line = format!(
        "audit: type=1420 audit(1.2:3): ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=1 comm=\"x\" \
         path=? dev=? ino=? rule=\"{rule}\" exe_dev=\"dm-0\" exe_ino=7"
    );
    let access = parse(line.as_bytes()).record().unwrap();
    assert_eq!(
        access.rule,
        "op=EXECUTE anonymous_memory=TRUE exe_fsverity_digest=sha256:0ab1 action=ALLOW"
    );
}

#[test]
fn every_log_has_the_same_record() {
    let of_kernel = format!("audit: type=1420 audit(1653364370.067:61): {RECORD}");
    let logs = [
        format!("type=1420 audit(1653364370.067:61): {RECORD}"),
        format!("type=UNKNOWN[1420] msg=audit(1653364370.067:61): {RECORD}"),
        format!("type=IPE_ACCESS msg=audit(1653364370.067:61): {RECORD}\x1dAUID=\"unset\""),
        format!("[   12.345678] audit: type=1420 audit(1653364370.067:61): {RECORD}\n"),
        format!("5,412,12345678,-;audit: type=1420 audit(1653364370.067:61): {RECORD}"),
        format!("node=device type=1420 msg=audit(1653364370.067:61): {RECORD}"),
        format!("<5>[   12.345678][    T1] audit: type=1420 audit(1653364370.067:61): {RECORD}"),
        // `dmesg -x`, `dmesg --time-format iso`, both, and `dmesg -T`.
        format!("kern  :notice: [   12.345678] {of_kernel}"),
        format!("2022-05-24T12:32:50,067000+00:00 {of_kernel}"),
        format!("kern  :warn  : 2022-05-24T12:32:50,067000-03:30 {of_kernel}"),
        format!("[Tue May 24 12:32:50 2022] {of_kernel}"),
        entry("audit", &format!("IPE_ACCESS {RECORD}")),
        entry("audit", &format!("AUDIT1420 {RECORD}")),
        entry(
            "kernel",
            &format!("audit: type=1420 audit(1653364370.067:61): {RECORD}"),
        ),
    ];
    for log in logs {
        let access = parse(log.as_bytes());
        let expected = Line::Record(expected(Some("1653364370.067:61")));
        assert_eq!(access, expected, "{log}");
    }
}

/// An entry of the journal that came this way.
fn entry(transport: &str, message: &str) -> String {
    serde_json::json!({
        "_TRANSPORT": transport,
        "MESSAGE": message,
        "_SOURCE_REALTIME_TIMESTAMP": "1653364370067000",
        "_AUDIT_ID": "61",
    })
    .to_string()
}

#[test]
fn forgeable_line_is_not_a_record() {
    let of_audit = format!("type=1420 msg=audit(1653364370.067:61): {RECORD}");
    let of_kernel = format!("audit: type=1420 audit(1653364370.067:61): {RECORD}");
    let of_journald = format!("IPE_ACCESS {RECORD}");
    let mut logs = vec![
        // As `logger` leaves it in the journal, whatever it says.
        serde_json::json!({ "MESSAGE": of_journald, "_AUDIT_TYPE_NAME": "IPE_ACCESS" }).to_string(),
        // A program's line in /dev/kmsg.
        serde_json::json!({
            "_TRANSPORT": "kernel",
            "SYSLOG_FACILITY": "1",
            "SYSLOG_IDENTIFIER": "kernel",
            "MESSAGE": of_kernel,
        })
        .to_string(),
        format!("13,412,12345678,-;{of_kernel}"),
        format!("<13>[   12.345678] {of_kernel}"),
        format!("user  :notice: [   12.345678] {of_kernel}"),
        format!("daemon:info  : 2022-05-24T12:32:50,067000+00:00 {of_kernel}"),
        format!("2022-05-24T12:32:50+00:00 host kernel: {of_kernel}"),
        format!("2022-05-24T12:32:50,067000+00:00 usb 1-1: Product: {of_kernel}"),
        // The text of `journalctl` and of syslog.
        of_journald.clone(),
        format!("May 24 12:32:50 host audit[2241]: {of_journald}"),
        format!("May 24 12:32:50 host kernel: {of_kernel}"),
        RECORD.to_owned(),
        // Inside of another record, or of another message of the kernel.
        format!("type=USER_CMD msg=audit(1653364370.067:61): pid=1 uid=0 msg='{of_audit}'"),
        format!("[   12.345678] usb 1-1: Product: {of_kernel}"),
        format!("               {of_kernel}"),
        // `ausearch -i` has removed the quotes.
        "type=UNKNOWN[1420] msg=audit(05/24/22 12:32:50.067:61) : ipe_op=EXECUTE path=/x"
            .to_owned(),
    ];
    for transport in ["syslog", "journal", "stdout", "driver"] {
        let messages = [&of_audit, &of_kernel, &of_journald];
        logs.extend(messages.map(|message| entry(transport, message)));
    }
    // The other's form.
    logs.push(entry(
        "audit",
        &format!("USER_CMD pid=1 msg='{of_journald}'"),
    ));
    logs.push(entry("kernel", &of_journald));
    for log in logs {
        assert_eq!(parse(log.as_bytes()), Line::Doubtful, "{log}");
    }
}

#[test]
fn truncated_record_is_doubtful() {
    let digest = r#"rule="op=EXECUTE fsverity_digest="sha256":AB12 action=DENY""#;
    let record = RECORD.replace(r#"rule="DEFAULT action=DENY""#, digest);
    let whole = format!("[   12.345678] audit: type=1420 audit(1.2:3): {record}");
    assert!(matches!(parse(whole.as_bytes()), Line::Record(_)));
    let start = whole.find(MARK).unwrap() + MARK.len();
    for end in start..whole.len() {
        assert_eq!(parse(&whole.as_bytes()[..end]), Line::Doubtful, "{end}");
    }
    let long = serde_json::json!({
        "_TRANSPORT": "audit",
        "_AUDIT_TYPE": "1420",
        "MESSAGE": serde_json::Value::Null,
    });
    assert_eq!(parse(long.to_string().as_bytes()), Line::Doubtful);
}

#[test]
fn journal_message_that_is_not_utf8_is_read() {
    let text = format!("IPE_ACCESS {RECORD}");
    let bytes: Vec<u8> = text.bytes().chain([0xff]).collect();
    let entry = serde_json::json!({ "_TRANSPORT": "audit", "MESSAGE": bytes }).to_string();
    let access = parse(entry.as_bytes()).record().unwrap();
    assert_eq!(access.inode, Some(14549020));
}

#[test]
fn bare_record_is_read() {
    for text in [RECORD.to_owned(), format!("IPE_ACCESS {RECORD}\n")] {
        assert_eq!(parse_bare(text.as_bytes()), Some(expected(None)));
    }
    assert_eq!(parse_bare(format!("x {RECORD}").as_bytes()), None);
}

#[test]
fn hexadecimal_names_are_decoded() {
    let access = parse_bare(
        br#"ipe_op=EXECUTE ipe_hook=BPRM_CHECK enforcing=0 pid=1 comm=6120622263 path=2F746D702F6120 dev="vda" ino=7 rule="DEFAULT action=DENY""#,
    )
    .unwrap();
    assert_eq!(access.comm.as_deref(), Some("a b\"c"));
    assert_eq!(access.path.as_deref(), Some("/tmp/a "));
    assert!(!access.enforcing);
}

#[test]
fn memory_has_no_path() {
    let access = parse_bare(
        br#"ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=2472 comm="mmap_test" path=? dev=? ino=? rule="DEFAULT action=DENY""#,
    )
    .unwrap();
    assert_eq!(
        (access.path, access.device, access.inode),
        (None, None, None)
    );
}

#[test]
fn quotes_in_a_rule_are_removed() {
    let access = parse_bare(
        br#"ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=1 comm="x" path="/a" dev="vda" ino=1 rule="op=EXECUTE fsverity_digest="sha256":AB12 action=DENY""#,
    )
    .unwrap();
    assert_eq!(
        access.rule,
        "op=EXECUTE fsverity_digest=sha256:ab12 action=DENY"
    );
    assert!(access.is_denial());
}

#[test]
fn other_lines_are_not_records() {
    for line in [
        "",
        "type=1300 audit(1.2:3): arch=c000003e syscall=9",
        "{\"MESSAGE\": \"hello\"}",
        "{\"_TRANSPORT\": \"audit\"}",
        "{",
    ] {
        assert_eq!(parse(line.as_bytes()), Line::Other, "{line}");
    }
}

#[test]
fn doubt_names_its_reason() {
    let of_journald = format!("May 24 12:32:50 host audit[2241]: IPE_ACCESS {RECORD}");
    let interpreted =
        "type=IPE_ACCESS msg=audit(05/24/22 12:32:50.067:61) : ipe_op=EXECUTE path=/x";
    let of_syslog = format!("May 24 12:32:50 host kernel: {RECORD}");
    for (line, doubt) in [
        (of_journald.as_str(), Doubt::JournalText),
        (interpreted, Doubt::Interpreted),
        (&of_syslog, Doubt::Unknown),
    ] {
        assert_eq!(parse(line.as_bytes()), Line::Doubtful, "{line}");
        assert_eq!(Doubt::of(line.as_bytes()), doubt, "{line}");
    }
}

/// A record of a trial in auditd's log.
fn on_trial(rule: &str, rest: &str) -> Option<Access> {
    let line = format!(
        "type=IPE_ACCESS msg=audit(1.2:3): ipe_op=EXECUTE ipe_hook=MMAP enforcing=0 pid=1 \
         comm=\"a\" path=? dev=? ino=? rule={rule} exe_dev=\"vda\" exe_ino=7 {rest}"
    );
    parse(line.as_bytes()).record()
}

#[test]
fn rule_ends_with_its_action() {
    let digest = "op=EXECUTE dmverity_roothash=\"sha256\":AB action=ALLOW";
    let access = on_trial(&format!("\"{digest}\""), "exe_boot_verified=TRUE").unwrap();
    assert_eq!(
        access.rule,
        "op=EXECUTE dmverity_roothash=sha256:ab action=ALLOW"
    );
    assert_eq!(access.trial, None);
}

#[test]
fn policy_on_trial_is_read() {
    let trial = "trial_policy_name=612062 trial_policy_version=1.2.3 trial_rule=";
    let denied = "\"op=EXECUTE fsverity_digest=\"sha256\":AB action=DENY\"";
    let allowed = "\"DEFAULT action=ALLOW\"";
    let access = on_trial(allowed, &format!("{trial}{denied}")).unwrap();
    assert!(!access.is_denial());
    assert_eq!(access.rule, "DEFAULT action=ALLOW");
    let expected = OnTrial {
        policy: "a b".to_owned(),
        version: "1.2.3".to_owned(),
        rule: "op=EXECUTE fsverity_digest=sha256:ab action=DENY".to_owned(),
    };
    assert_eq!(access.trial, Some(expected));
    for (rule, trial_rule) in [("?", denied), (denied, "?")] {
        assert!(on_trial(rule, &format!("{trial}{trial_rule}")).is_some());
    }
    // Cut off, or without a rule of any policy.
    for cut in ["", "\"op=EXECUTE action=DE", "\"op=EXECUTE"] {
        assert_eq!(on_trial(allowed, &format!("{trial}{cut}")), None, "{cut}");
    }
    assert_eq!(on_trial("?", ""), None);
}
