// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl fmt`: one way to write a policy.
//!
//! Single blanks between words, digits in lower case, no blanks at the ends of lines, at most one
//! empty line in a row. Comments and the order of the lines stay.

use crate::policy::Policy;
use ipe_policy::policy::{lines, Line, PropertyKind};

/// Writes a policy anew.
pub fn format(policy: &Policy) -> Vec<u8> {
    let mut text = Vec::new();
    let mut empty_lines = 0;
    for line in policy.lines() {
        let written = write(&line);
        if written.is_empty() {
            empty_lines += 1;
            continue;
        }
        if empty_lines > 0 && !text.is_empty() {
            text.push(b'\n');
        }
        empty_lines = 0;
        text.extend(written);
        text.push(b'\n');
    }
    debug_assert_eq!(meaning(policy.text()), meaning(&text));
    text
}

fn write(line: &Line<'_>) -> Vec<u8> {
    let mut written = write_code(line);
    if let Some(comment) = line.comment {
        if !written.is_empty() {
            written.push(b' ');
        }
        written.extend(comment.trim_ascii_end());
    }
    written
}

/// Writes a line without its comment.
fn write_code(line: &Line<'_>) -> Vec<u8> {
    let is_rule = line.rule().is_some();
    let word = |word: &[u8]| {
        if is_rule {
            write_word(word)
        } else {
            word.to_vec()
        }
    };
    line.tokens().map(word).collect::<Vec<_>>().join(&b' ')
}

/// Writes a word of a rule, of which only the digits of a digest may change: an algorithm that no
/// kernel knows can have any bytes in its name.
fn write_word(word: &[u8]) -> Vec<u8> {
    let digest = [PropertyKind::DmverityRoothash, PropertyKind::FsverityDigest]
        .iter()
        .any(|kind| word.starts_with(kind.name().as_bytes()));
    let mut word = word.to_vec();
    if digest {
        if let Some(colon) = word.iter().position(|&byte| byte == b':') {
            word[colon..].make_ascii_lowercase();
        }
    }
    word
}

/// What a text says, whatever way it is written.
pub fn meaning(text: &[u8]) -> Vec<Vec<u8>> {
    let written = lines(text).map(|line| write_code(&line));
    written.filter(|written| !written.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipe_policy::policy::Providers;

    fn formatted(text: &str) -> String {
        let policy = Policy::compile(text.as_bytes(), Providers::ALL).unwrap();
        let once = format(&policy);
        assert_eq!(meaning(text.as_bytes()), meaning(&once));
        let policy = Policy::compile(&once, Providers::ALL).unwrap();
        assert_eq!(format(&policy), once, "twice is as once");
        String::from_utf8(once).unwrap()
    }

    #[test]
    fn blanks_lines_and_digits() {
        let text = "\n\n#  who \t\r\n\tpolicy_name=a\t policy_version=1.0.0  \r\n\r\n\n\n\
            DEFAULT  action=DENY#all\r op=EXECUTE   fsverity_digest=sha256:\
            FD88F2B8824E197F850BF4C5109BEA5CF0EE38104F710843BB72DA796BA5AF9E action=ALLOW\n\n\n";
        assert_eq!(
            formatted(text),
            "#  who\npolicy_name=a policy_version=1.0.0\n\nDEFAULT action=DENY #all\n\
            op=EXECUTE fsverity_digest=sha256:\
            fd88f2b8824e197f850bf4c5109bea5cf0ee38104f710843bb72da796ba5af9e action=ALLOW\n"
        );
    }

    #[test]
    fn digests_that_can_not_match_stay() {
        let text = "policy_name=a policy_version=1.0.0\nDEFAULT action=DENY\n\
            op=EXECUTE dmverity_roothash=CRC:: action=DENY\n";
        let policy = Policy::compile(text.as_bytes(), Providers::ALL);
        // The colon is no digit; what loads keeps its algorithm's spelling.
        assert!(policy.is_err());
        let text = text.replace("CRC::", "CRC:AB");
        assert!(formatted(&text).contains("dmverity_roothash=CRC:ab"));
    }

    #[test]
    fn an_algorithm_of_any_bytes_stays() {
        let text = b"policy_name=a policy_version=1.0.0\nDEFAULT action=DENY\n\
            op=EXECUTE dmverity_roothash=X\xff\x1b:AB action=DENY\n";
        let policy = Policy::compile(text, Providers::ALL).unwrap();
        let line = b"op=EXECUTE dmverity_roothash=X\xff\x1b:ab action=DENY\n";
        assert!(format(&policy).ends_with(line));
    }
}
