// SPDX-License-Identifier: GPL-2.0-only

//! The forms of a line of text that only auditd and the kernel write.

use super::{record::Record, OF_AUDITD};

/// A line of auditd's log: `type=1420 msg=audit(…): `, after the machine's name if it has one.
pub(super) fn of_auditd(line: &str) -> Option<Record<'_>> {
    let line = match line.strip_prefix("node=") {
        Some(named) => named.split_once(' ')?.1,
        None => line,
    };
    let line = after_any(line.strip_prefix("type=")?, &OF_AUDITD)?;
    stamped(line.strip_prefix(" msg=")?)
}

/// A line of the kernel's log: `audit: type=1420 audit(…): `, after its priority and its time.
pub(super) fn of_kernel(line: &str) -> Option<Record<'_>> {
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
pub(super) fn after_any<'t>(text: &'t str, words: &[&str]) -> Option<&'t str> {
    words.iter().find_map(|word| text.strip_prefix(word))
}

/// A record after its time and serial number: `audit(1653364370.067:61): `.
fn stamped(text: &str) -> Option<Record<'_>> {
    let text = text.strip_prefix("audit(")?;
    // `ausearch -i` shows a date, and what users chose without quotes.
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b':');
    let end = text.bytes().position(|byte| !plain(byte))?;
    let (stamp, rest) = text.split_at(end);
    let record = rest.strip_prefix("): ")?;
    Some(Record {
        stamp: Some(stamp.into()),
        ..Record::parse(record)?
    })
}
