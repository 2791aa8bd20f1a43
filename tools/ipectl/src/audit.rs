// SPDX-License-Identifier: GPL-2.0-only

//! Record 1420 as auditd, the journal and the kernel log have it.

use crate::subject::decode_hex;
use ipe_policy::policy::Operation;
use serde::Serialize;

/// What the record of a decision says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Access {
    /// The record's time and serial number: what stands in `audit(…)`.
    pub stamp: Option<String>,
    /// The operation.
    pub operation: String,
    /// The hook that asked.
    pub hook: String,
    /// Whether IPE enforced.
    pub enforcing: bool,
    /// The process.
    pub pid: Option<u32>,
    /// The program's name.
    pub comm: Option<String>,
    /// The file, none for memory that no file backs.
    pub path: Option<String>,
    /// The device or file system that the file is on.
    pub device: Option<String>,
    /// The file's inode.
    pub inode: Option<u64>,
    /// The rule or default that decided, in the one form that all its spellings have.
    pub rule: String,
}

impl Access {
    /// The operation, if this version knows it.
    pub fn known_operation(&self) -> Option<Operation> {
        Operation::from_name(self.operation.as_bytes())
    }

    /// Whether access was denied, or would have been if IPE enforced.
    pub fn is_denial(&self) -> bool {
        self.rule.ends_with("action=DENY")
    }
}

/// What marks a record of a decision, whatever the type is called.
const MARK: &str = "ipe_op=";

/// Parses a line of a log; none where it is not the record of a decision.
pub fn parse(line: &[u8]) -> Option<Access> {
    let line = line.trim_ascii();
    if line.first() == Some(&b'{') {
        return parse_journal(line);
    }
    parse_text(&String::from_utf8_lossy(line))
}

/// An entry of `journalctl -o json`.
fn parse_journal(line: &[u8]) -> Option<Access> {
    let entry: serde_json::Value = serde_json::from_slice(line).ok()?;
    // What is not UTF-8 is a list of bytes.
    let message = match entry.get("MESSAGE")? {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(bytes) => {
            let bytes = bytes.iter().map(|byte| u8::try_from(byte.as_u64()?).ok());
            String::from_utf8_lossy(&bytes.collect::<Option<Vec<u8>>>()?).into_owned()
        }
        _ => return None,
    };
    let mut access = parse_text(&message)?;
    if access.stamp.is_none() {
        let time = entry.get("_SOURCE_REALTIME_TIMESTAMP");
        let time = time.or(entry.get("__REALTIME_TIMESTAMP"));
        let time = time.and_then(|time| time.as_str()?.parse::<u64>().ok());
        let serial = entry.get("_AUDIT_ID").and_then(|id| id.as_str());
        access.stamp = time.map(|time| {
            let (seconds, rest) = (time / 1_000_000, time % 1_000_000 / 1000);
            format!("{seconds}.{rest:03}:{}", serial.unwrap_or("?"))
        });
    }
    Some(access)
}

/// A line of text, whatever precedes the record.
fn parse_text(line: &str) -> Option<Access> {
    let start = line.find(MARK)?;
    // auditd appends what it found out itself after this character.
    let record = line[start..].split('\x1d').next()?.trim_end();
    let mut access = Access {
        stamp: stamp(&line[..start]),
        ..Access::default()
    };

    let mut rest = record;
    while let Some((key, after)) = rest.split_once('=') {
        let (value, quoted, next) = value(key, after);
        match key {
            "ipe_op" => access.operation = value.to_owned(),
            "ipe_hook" => access.hook = value.to_owned(),
            "enforcing" => access.enforcing = value == "1",
            "pid" => access.pid = value.parse().ok(),
            "comm" => access.comm = untrusted(value, quoted),
            "path" => access.path = untrusted(value, quoted),
            "dev" => access.device = untrusted(value, quoted),
            "ino" => access.inode = value.parse().ok(),
            "rule" => access.rule = canonical(value),
            _ => {}
        }
        rest = next.trim_start();
    }
    (!access.operation.is_empty() && !access.rule.is_empty()).then_some(access)
}

/// The value after a key: its text, whether it was quoted, and what follows.
fn value<'a>(key: &str, after: &'a str) -> (&'a str, bool, &'a str) {
    if let Some(open) = after.strip_prefix('"') {
        // The rule is last, and has quotes in it where it names a digest.
        let end = if key == "rule" {
            open.rfind('"')
        } else {
            open.find('"')
        };
        let end = end.unwrap_or(open.len());
        return (&open[..end], true, open.get(end + 1..).unwrap_or(""));
    }
    let end = after.find(' ').unwrap_or(after.len());
    (&after[..end], false, &after[end..])
}

/// A value that a user chose: quoted, or in hexadecimal digits where it has odd characters.
fn untrusted(value: &str, quoted: bool) -> Option<String> {
    if quoted {
        return Some(value.to_owned());
    }
    if matches!(value, "?" | "(null)" | "") {
        return None;
    }
    match decode_hex(value.as_bytes()) {
        Some(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        None => Some(value.to_owned()),
    }
}

/// A rule as `ipectl` writes them.
fn canonical(rule: &str) -> String {
    let words = rule.split_ascii_whitespace().map(|word| {
        let word = word.replace('"', "");
        match word.split_once('=') {
            Some((key @ ("dmverity_roothash" | "fsverity_digest"), digest)) => {
                format!("{key}={}", digest.to_ascii_lowercase())
            }
            _ => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What stands in `audit(…)`.
fn stamp(before: &str) -> Option<String> {
    let (_, after) = before.rsplit_once("audit(")?;
    Some(after.split_once(')')?.0.to_owned())
}

#[cfg(test)]
mod tests {
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
        }
    }

    #[test]
    fn every_log_has_the_same_record() {
        let logs = [
            format!("type=1420 audit(1653364370.067:61): {RECORD}"),
            format!("type=UNKNOWN[1420] msg=audit(1653364370.067:61): {RECORD}"),
            format!("type=IPE_ACCESS msg=audit(1653364370.067:61): {RECORD}\x1dAUID=\"unset\""),
            format!("[   12.345678] audit: type=1420 audit(1653364370.067:61): {RECORD}\n"),
            format!("5,412,12345678,-;audit: type=1420 audit(1653364370.067:61): {RECORD}"),
            serde_json::json!({
                "MESSAGE": format!("IPE_ACCESS {RECORD}"),
                "_SOURCE_REALTIME_TIMESTAMP": "1653364370067000",
                "_AUDIT_ID": "61",
            })
            .to_string(),
        ];
        for log in logs {
            let access = parse(log.as_bytes());
            assert_eq!(access, Some(expected(Some("1653364370.067:61"))), "{log}");
        }
    }

    #[test]
    fn a_message_of_the_journal_that_is_not_utf8() {
        let bytes: Vec<u8> = RECORD.bytes().chain([0xff]).collect();
        let entry = serde_json::json!({ "MESSAGE": bytes }).to_string();
        assert_eq!(parse(entry.as_bytes()).unwrap().inode, Some(14549020));
    }

    #[test]
    fn odd_names_are_hexadecimal() {
        let access = parse(
            br#"ipe_op=EXECUTE ipe_hook=BPRM_CHECK enforcing=0 pid=1 comm=6120622263 path=2F746D702F6120 dev="vda" ino=7 rule="DEFAULT action=DENY""#,
        )
        .unwrap();
        assert_eq!(access.comm.as_deref(), Some("a b\"c"));
        assert_eq!(access.path.as_deref(), Some("/tmp/a "));
        assert!(!access.enforcing);
    }

    #[test]
    fn memory_without_a_file() {
        let access = parse(
            br#"ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=2472 comm="mmap_test" path=? dev=? ino=? rule="DEFAULT action=DENY""#,
        )
        .unwrap();
        assert_eq!(
            (access.path, access.device, access.inode),
            (None, None, None)
        );
    }

    #[test]
    fn a_rule_with_a_digest_has_quotes_in_it() {
        let access = parse(
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
    fn other_lines() {
        assert_eq!(parse(b""), None);
        assert_eq!(
            parse(b"type=1300 audit(1.2:3): arch=c000003e syscall=9"),
            None
        );
        assert_eq!(parse(b"{\"MESSAGE\": \"hello\"}"), None);
        assert_eq!(parse(b"{"), None);
    }
}
