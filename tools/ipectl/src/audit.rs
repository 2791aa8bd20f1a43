// SPDX-License-Identifier: GPL-2.0-only

//! Record 1420 as auditd, the journal and the kernel log have it.

mod doubt;

pub use self::doubt::Doubt;

use crate::object::decode_hex;
use ipe_policy::policy::Operation;
use serde::Serialize;

/// The record of a decision.
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

    /// Returns the question that the hook asked.
    pub fn question(&self) -> Question {
        match self.hook.as_str() {
            "EXEC_OPEN" => Question::Interpreter,
            "BPRM_CREDS_FROM_FILE" => Question::ReadImpliesExec,
            _ => Question::Plain,
        }
    }

    /// Whether access was denied, or would have been if IPE enforced.
    pub fn is_denial(&self) -> bool {
        self.rule.ends_with("action=DENY")
    }
}

/// The question of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// That of the operation.
    Plain,
    /// Whether a file may interpret the program that is being started.
    Interpreter,
    /// Whether the program that is being started may keep READ_IMPLIES_EXEC, which makes all memory
    /// that it can read executable. Where it may not, it starts without.
    ReadImpliesExec,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The record of a decision, in the form that the kernel's audit gives to it.
    Record(Access),
    /// It reads like one, but is cut off, or anybody could have written it.
    Doubtful,
    /// Anything else.
    Other,
}

impl Line {
    /// The record, if it is one.
    pub fn record(self) -> Option<Access> {
        match self {
            Self::Record(access) => Some(access),
            Self::Doubtful | Self::Other => None,
        }
    }
}

/// The beginning of a record of a decision.
const MARK: &str = "ipe_op=";

/// The names of its type: auditd's tables may not have it, nor those of journald.
const OF_AUDITD: [&str; 3] = ["IPE_ACCESS", "UNKNOWN[1420]", "1420"];
const OF_JOURNALD: [&str; 2] = ["IPE_ACCESS ", "AUDIT1420 "];

/// Parses a line of auditd's log, of `journalctl -o json` or of the kernel's log.
///
/// Every program can write to a log. Only its place shows that audit wrote a record: an entry of the
/// journal has its transport in a field that only journald sets, and a line of text begins like those
/// of auditd or of the kernel. The fields need no more care, because the kernel writes in hexadecimal
/// everything that could pass for another field. But only the caller knows where a text comes from:
/// among the lines that `journalctl` shows, those of a user may look like any other.
pub fn parse(line: &[u8]) -> Line {
    if line.first() == Some(&b'{') {
        return parse_journal(line);
    }
    // Not trimmed at its beginning: where a message of the kernel has several lines, the later ones
    // are indented, and may hold what a user chose.
    let line = String::from_utf8_lossy(line.trim_ascii_end());
    judge(of_auditd(&line).or_else(|| of_kernel(&line)), &line)
}

/// Parses the fields of a record alone, as `journalctl -o cat` shows them. The caller must know
/// that
/// the kernel wrote them.
pub fn parse_bare(text: &[u8]) -> Option<Access> {
    let text = String::from_utf8_lossy(text.trim_ascii());
    fields(after_any(&text, &OF_JOURNALD).unwrap_or(&text))
}

/// Classifies the text in which a record was found, or not.
fn judge(record: Option<Access>, text: &str) -> Line {
    match record {
        Some(access) => Line::Record(access),
        None if text.contains(MARK) => Line::Doubtful,
        None => Line::Other,
    }
}

/// An entry of `journalctl -o json`.
fn parse_journal(line: &[u8]) -> Line {
    let Ok(entry) = serde_json::from_slice::<serde_json::Value>(line) else {
        return judge(None, &String::from_utf8_lossy(line));
    };
    let field = |name| entry.get(name).and_then(serde_json::Value::as_str);
    let Some(message) = entry.get("MESSAGE").and_then(text) else {
        // Long fields are only shown with --all.
        return match field("_AUDIT_TYPE") {
            Some("1420") => Line::Doubtful,
            _ => Line::Other,
        };
    };
    let record = match field("_TRANSPORT") {
        Some("audit") => after_any(&message, &OF_JOURNALD)
            .and_then(fields)
            .map(|access| Access {
                stamp: stamp_of_entry(&entry),
                ..access
            }),
        // Lines of programs in /dev/kmsg have the same transport, but never the kernel's facility.
        Some("kernel") if matches!(field("SYSLOG_FACILITY"), None | Some("0")) => {
            of_kernel(&message)
        }
        _ => None,
    };
    judge(record, &message)
}

/// Returns the text of a field. The journal writes text that is not UTF-8 as a list of bytes.
fn text(field: &serde_json::Value) -> Option<String> {
    match field {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Array(bytes) => {
            let bytes = bytes.iter().map(|byte| u8::try_from(byte.as_u64()?).ok());
            let bytes = bytes.collect::<Option<Vec<u8>>>()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
}

/// The time and serial number of an entry of the journal.
fn stamp_of_entry(entry: &serde_json::Value) -> Option<String> {
    let time = entry.get("_SOURCE_REALTIME_TIMESTAMP");
    let time = time.or(entry.get("__REALTIME_TIMESTAMP"));
    let time = time.and_then(|time| time.as_str()?.parse::<u64>().ok())?;
    let serial = entry.get("_AUDIT_ID").and_then(|id| id.as_str());
    let (seconds, rest) = (time / 1_000_000, time % 1_000_000 / 1000);
    Some(format!("{seconds}.{rest:03}:{}", serial.unwrap_or("?")))
}

/// A line of auditd's log: `type=1420 msg=audit(…): `, after the machine's name if it has one.
fn of_auditd(line: &str) -> Option<Access> {
    let line = match line.strip_prefix("node=") {
        Some(named) => named.split_once(' ')?.1,
        None => line,
    };
    let line = after_any(line.strip_prefix("type=")?, &OF_AUDITD)?;
    stamped(line.strip_prefix(" msg=")?)
}

/// A line of the kernel's log: `audit: type=1420 audit(…): `, after its priority and its time.
fn of_kernel(line: &str) -> Option<Access> {
    let line = after_time(line)?;
    let line = line.strip_prefix("audit: ").unwrap_or(line);
    stamped(line.strip_prefix("type=1420 ")?)
}

/// Returns the text after the priority and the time of a line of the kernel's log: `5,412,12345678,-;`
/// from `/dev/kmsg`, `<5>[   12.345678][    T1] ` from `dmesg`, `kern  :notice: ` of `dmesg -x`, and
/// `2022-05-24T12:32:50,067000+00:00 ` of `dmesg --time-format iso`; none where the priority or the
/// facility is one that programs use.
fn after_time(line: &str) -> Option<&str> {
    let of_kernel = |priority: &str| priority.parse::<u32>().is_ok_and(|number| number < 8);
    let (numbers, message) = line.split_once(';').unwrap_or_default();
    let of_kmsg = |byte: u8| byte.is_ascii_digit() || matches!(byte, b',' | b'-' | b'c' | b'=');
    if line.starts_with(|c: char| c.is_ascii_digit()) && numbers.bytes().all(of_kmsg) {
        if let Some(priority) = numbers.split(',').next().filter(|_| !numbers.is_empty()) {
            return of_kernel(priority).then_some(message);
        }
    }
    let mut rest = line;
    if let Some(after) = rest.strip_prefix('<') {
        let (priority, message) = after.split_once('>')?;
        rest = of_kernel(priority).then_some(message)?;
    } else if let Some((facility, after)) = decoded(rest) {
        rest = (facility == "kern").then_some(after)?;
    }
    if let Some(after) = after_iso_time(rest) {
        return Some(after);
    }
    while let Some(after) = rest.strip_prefix('[') {
        rest = after.split_once(']')?.1.trim_ascii_start();
    }
    Some(rest)
}

/// The facility that `dmesg -x` writes before the level, and the rest of the line.
fn decoded(line: &str) -> Option<(&str, &str)> {
    const LEVELS: [&str; 8] = [
        "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
    ];
    let (facility, after) = line.split_once(':')?;
    let (level, after) = after.split_once(": ")?;
    LEVELS.contains(&level.trim_ascii_end()).then_some(())?;
    Some((facility.trim_ascii_end(), after))
}

/// The text after a time such as `2022-05-24T12:32:50,067000+00:00 `.
fn after_iso_time(line: &str) -> Option<&str> {
    const FORM: &[u8] = b"0000-00-00T00:00:00,000000+00:00 ";
    let time = line.as_bytes().get(..FORM.len())?;
    let fits = time.iter().zip(FORM).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        b'+' => matches!(byte, b'+' | b'-'),
        form => byte == form,
    });
    fits.then(|| &line[FORM.len()..])
}

/// Returns the rest of a text that begins with one of these words.
fn after_any<'t>(text: &'t str, words: &[&str]) -> Option<&'t str> {
    words.iter().find_map(|word| text.strip_prefix(word))
}

/// A record after its time and serial number: `audit(1653364370.067:61): `.
fn stamped(text: &str) -> Option<Access> {
    let (stamp, record) = text.strip_prefix("audit(")?.split_once("): ")?;
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b':');
    // `ausearch -i` shows a date, and what users chose without quotes.
    stamp.bytes().all(plain).then_some(())?;
    Some(Access {
        stamp: Some(stamp.to_owned()),
        ..fields(record)?
    })
}

/// Returns the fields of a record, or none if the text is not a record or is cut off.
fn fields(text: &str) -> Option<Access> {
    // auditd appends what it found out itself after this character.
    let record = text.split('\x1d').next()?.trim_end();
    if !record.starts_with(MARK) {
        return None;
    }
    let mut access = Access::default();
    let mut rest = record;
    while let Some((key, after)) = rest.split_once('=') {
        let (value, quoted, next) = value(key, after)?;
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
    let last = access.rule.rsplit(' ').next()?;
    (!access.operation.is_empty() && last.starts_with("action=")).then_some(access)
}

/// Returns the value after a key: its text, whether it was quoted, and the rest; none if its last
/// quote is missing.
fn value<'a>(key: &str, after: &'a str) -> Option<(&'a str, bool, &'a str)> {
    if let Some(open) = after.strip_prefix('"') {
        // The rule is last, and has quotes in it where it names a digest.
        let end = if key == "rule" {
            open.rfind('"')
        } else {
            open.find('"')
        };
        let end = end?;
        return Some((&open[..end], true, &open[end + 1..]));
    }
    let end = after.find(' ').unwrap_or(after.len());
    Some((&after[..end], false, &after[end..]))
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

#[cfg(test)]
mod tests;
