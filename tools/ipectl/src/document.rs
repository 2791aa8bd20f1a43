// SPDX-License-Identifier: GPL-2.0-only

//! A policy's text as lines, with comments and empty ones, for those who show or rewrite it.
//!
//! What a line means is the parser's business; this only finds the lines that it found good.

use crate::output::printable;
use ipe_policy::policy::{rule_at, Action, Operation, Property, Rule};

/// What a line of a policy says.
#[derive(Clone)]
pub enum Statement<'a> {
    /// Nothing but white space or a comment.
    Empty,
    /// The header.
    Header,
    /// A default.
    Default(Option<Operation>, Action),
    /// A rule.
    Rule(Rule<'a>),
    /// Something that the parser refuses.
    Wrong,
}

/// A line of a policy.
#[derive(Clone)]
pub struct Line<'a> {
    /// The offset of its first byte.
    pub offset: u32,
    /// Its number, from 1.
    pub number: u32,
    /// All of it, without what ends it.
    pub text: &'a [u8],
    /// What it says, without the comment and the white space around it.
    pub code: &'a [u8],
    /// The comment, with its `#`.
    pub comment: Option<&'a [u8]>,
    /// What that means.
    pub statement: Statement<'a>,
}

impl<'a> Line<'a> {
    /// The words of the line.
    pub fn words(&self) -> impl Iterator<Item = &'a [u8]> {
        words(self.code)
    }

    /// The rule, if it is one.
    pub fn rule(&self) -> Option<&Rule<'a>> {
        match &self.statement {
            Statement::Rule(rule) => Some(rule),
            _ => None,
        }
    }
}

/// The words of a piece of text.
fn words(code: &[u8]) -> impl Iterator<Item = &[u8]> {
    code.split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty())
}

/// Whether the kernel takes the byte for white space at a line's end.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0xa0)
}

/// Splits a policy into its lines.
pub fn lines(text: &[u8]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut header_seen = false;

    while start < text.len() {
        let rest = &text[start..];
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        let raw = &rest[..length];
        let (code, comment) = match raw.iter().position(|&byte| byte == b'#') {
            Some(at) => (&raw[..at], Some(&raw[at..])),
            None => (raw, None),
        };
        let end = code.iter().rposition(|&byte| !is_space(byte));
        let code = &code[..end.map_or(0, |end| end + 1)];
        let begin = code.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
        let code = &code[begin.unwrap_or(code.len())..];

        let offset = u32::try_from(start).unwrap_or(u32::MAX);
        let statement = if code.is_empty() {
            Statement::Empty
        } else if !header_seen {
            header_seen = true;
            Statement::Header
        } else if let Some(rule) = rule_at(text, offset) {
            Statement::Rule(rule)
        } else {
            default(code).unwrap_or(Statement::Wrong)
        };
        lines.push(Line {
            offset,
            number: u32::try_from(lines.len() + 1).unwrap_or(u32::MAX),
            text: raw,
            code,
            comment,
            statement,
        });

        let ending = &rest[length..];
        start += length
            + match ending {
                [b'\r', b'\n', ..] => 2,
                [_, ..] => 1,
                [] => 0,
            };
    }
    lines
}

/// A default, if the line is one.
fn default(code: &[u8]) -> Option<Statement<'static>> {
    let words: Vec<_> = words(code).collect();
    let (operation, action) = match words.as_slice() {
        [b"DEFAULT", action] => (None, action),
        [b"DEFAULT", operation, action] => {
            let name = operation.strip_prefix(b"op=")?;
            (Some(Operation::from_name(name)?), action)
        }
        _ => return None,
    };
    let action = Action::from_name(action.strip_prefix(b"action=")?)?;
    Some(Statement::Default(operation, action))
}

/// A rule in the one form that all its spellings have, to be shown: single blanks, digits in lower
/// case.
pub fn canonical_rule(rule: &Rule<'_>) -> String {
    let mut text = format!("op={}", rule.operation.name());
    for property in rule.properties() {
        text.push(' ');
        text.push_str(&canonical_property(&property));
    }
    text.push_str(" action=");
    text.push_str(rule.action.name());
    text
}

/// A property in the one form that all its spellings have, to be shown.
pub fn canonical_property(property: &Property<'_>) -> String {
    let value = match property {
        Property::BootVerified(value)
        | Property::DmveritySignature(value)
        | Property::FsveritySignature(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        Property::DmverityRoothash(text) | Property::FsverityDigest(text) => format!(
            "{}:{}",
            printable(text.algorithm),
            String::from_utf8_lossy(text.hex).to_ascii_lowercase()
        ),
    };
    format!("{}={value}", property.kind().name())
}

/// A default in the one form that all its spellings have.
pub fn canonical_default(operation: Option<Operation>, action: Action) -> String {
    match operation {
        Some(operation) => format!("DEFAULT op={} action={}", operation.name(), action.name()),
        None => format!("DEFAULT action={}", action.name()),
    }
}
