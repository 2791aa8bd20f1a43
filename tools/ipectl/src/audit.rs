// SPDX-License-Identifier: GPL-2.0-only

//! Record 1420 as auditd, the journal and the kernel log have it.

mod doubt;
mod form;
mod journal;
mod record;

pub(crate) use self::record::{canonical, is_denial};
pub use self::{doubt::Doubt, record::Record};

use self::form::{after_any, of_auditd, of_kernel};
use ipe_policy::policy::Operation;
use memchr::memmem;
use serde::Serialize;
use std::{borrow::Cow, sync::LazyLock};

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
    /// Whether the mapping of the file was modified, if the policy told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<bool>,
    /// The policy on trial, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<OnTrial>,
}

/// What the policy on trial said of the same access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OnTrial {
    /// Its name.
    pub policy: String,
    /// Its version.
    pub version: String,
    /// The rule or default that decided, or `?`, as for [`record::Trial`].
    pub rule: String,
}

impl Access {
    /// The operation, if this version knows it.
    pub fn known_operation(&self) -> Option<Operation> {
        Operation::from_name(self.operation.as_bytes())
    }

    /// Returns the question that the hook asked.
    pub fn question(&self) -> Question {
        Question::of(&self.hook)
    }

    /// Whether access was denied, or would have been if IPE enforced.
    pub fn is_denial(&self) -> bool {
        is_denial(&self.rule)
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

impl Question {
    /// Returns the question of a hook.
    fn of(hook: &str) -> Self {
        match hook {
            "EXEC_OPEN" => Self::Interpreter,
            "BPRM_CREDS_FROM_FILE" => Self::ReadImpliesExec,
            _ => Self::Plain,
        }
    }
}

/// A line of a log, with what was made of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<T = Access> {
    /// The record of a decision, in the form that the kernel's audit gives to it.
    Record(T),
    /// It reads like one, but is cut off, or anybody could have written it.
    Doubtful,
    /// Anything else.
    Other,
}

impl<T> Line<T> {
    /// The record, if it is one.
    pub fn record(self) -> Option<T> {
        match self {
            Self::Record(record) => Some(record),
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
    read(line, |record| Access::from(record))
}

/// Parses a line likewise, and hands a record on as it stands there.
pub fn read<T>(line: &[u8], take: impl FnOnce(&Record<'_>) -> T) -> Line<T> {
    if line.first() == Some(&b'{') {
        return journal::parse(line, take);
    }
    if !is_marked(line) {
        return Line::Other;
    }
    // Not trimmed at its beginning: where a message of the kernel has several lines, the later ones
    // are indented, and may hold what a user chose.
    let line = text_of(line.trim_ascii_end());
    judge(of_auditd(&line).or_else(|| of_kernel(&line)), &line, take)
}

/// Returns whether a line has what a record begins with.
pub fn is_marked(line: &[u8]) -> bool {
    static FINDER: LazyLock<memmem::Finder<'_>> = LazyLock::new(|| memmem::Finder::new(MARK));
    FINDER.find(line).is_some()
}

/// Returns bytes as text. Most lines need no copy, and to find that out without looking for what
/// is wrong takes a fraction of the time.
fn text_of(line: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(line) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(line),
    }
}

/// Parses the fields of a record alone, as `journalctl -o cat` shows them. The caller must know
/// that
/// the kernel wrote them.
pub fn parse_bare(text: &[u8]) -> Option<Access> {
    let text = String::from_utf8_lossy(text.trim_ascii());
    let record = Record::parse(after_any(&text, &OF_JOURNALD).unwrap_or(&text))?;
    Some(Access::from(&record))
}

/// Classifies the text in which a record was found, or not.
fn judge<T>(
    record: Option<Record<'_>>,
    text: &str,
    take: impl FnOnce(&Record<'_>) -> T,
) -> Line<T> {
    match record {
        Some(record) => Line::Record(take(&record)),
        None if text.contains(MARK) => Line::Doubtful,
        None => Line::Other,
    }
}

#[cfg(test)]
mod tests;
