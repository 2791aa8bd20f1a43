// SPDX-License-Identifier: GPL-2.0-only

//! The format of policies.
//!
//! Single spaces between words, digits in lower case, no spaces at the ends of lines, at most one
//! empty line in a row. Comments and the order of the lines do not change.

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
    let name = word.split(|&byte| byte == b'=').next().unwrap_or_default();
    let digest = PropertyKind::from_name(name).is_some_and(PropertyKind::is_digest);
    let mut word = word.to_vec();
    if digest {
        if let Some(colon) = word.iter().position(|&byte| byte == b':') {
            word[colon..].make_ascii_lowercase();
        }
    }
    word
}

/// Returns the meaning of a text, which does not depend on its formatting.
pub fn meaning(text: &[u8]) -> Vec<Vec<u8>> {
    let written = lines(text).map(|line| write_code(&line));
    written.filter(|written| !written.is_empty()).collect()
}

#[cfg(test)]
mod tests;
