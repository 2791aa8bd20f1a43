// SPDX-License-Identifier: GPL-2.0-only

//! A finding about a place in a policy.

use crate::{
    failure::Result,
    output::{printable, Output, Style},
};
use serde::Serialize;
use std::fmt;

/// The severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The kernel refuses the policy, or root gets around it.
    Error,
    /// The kernel accepts the policy, but it does not do what it says.
    Warning,
    /// It depends on the use of the policy.
    Note,
}

impl Severity {
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    const fn style(self) -> Style {
        match self {
            Self::Error => Style::Error,
            Self::Warning => Style::Warning,
            Self::Note => Style::Note,
        }
    }
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in bytes.
    pub column: u32,
    /// The offset of its first byte.
    pub offset: u32,
    /// Its length in bytes.
    pub length: u32,
}

/// A finding.
#[derive(Clone, Debug, Serialize)]
pub struct Diagnostic {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; 0 if the finding is about the whole file.
    pub line: u32,
    /// The column, from 1, in bytes.
    pub column: u32,
    /// How many bytes it is about.
    pub length: u32,
    /// The severity.
    pub severity: Severity,
    /// The name of the finding, for programs.
    pub code: &'static str,
    /// The finding, for people.
    pub message: String,
    /// The next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The errno with which the kernel refuses the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errno: Option<&'static str>,
    /// The line of the policy, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where the place begins and how long it is in `source`, in characters.
    #[serde(skip)]
    caret: (usize, usize),
}

impl Diagnostic {
    /// Returns a finding about a place in `text`.
    pub fn at(
        file: &str,
        text: &[u8],
        span: Span,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let (source, caret) = excerpt(text, span);
        Self {
            file: file.to_owned(),
            line: span.line,
            column: span.column,
            length: span.length,
            severity,
            code,
            message: message.into(),
            hint: None,
            errno: None,
            source: Some(source),
            caret,
        }
    }

    /// Returns a finding about a whole file.
    pub fn about(
        file: &str,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            length: 0,
            severity,
            code,
            message: message.into(),
            hint: None,
            errno: None,
            source: None,
            caret: (0, 0),
        }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// `file:line:column`, or the file alone.
    fn place(&self) -> String {
        if self.line == 0 {
            self.file.clone()
        } else {
            format!("{}:{}:{}", self.file, self.line, self.column)
        }
    }

    /// Shows it, with the line that it is about.
    pub fn show(&self, out: &mut Output<'_>) -> Result<()> {
        out.line(format!(
            "{}: {}: {}",
            out.paint(Style::Bold, &self.place()),
            out.paint(self.severity.style(), self.severity.name()),
            self.message
        ))?;
        let gutter = self.line.to_string().len().max(4);
        if let Some(source) = self.source.as_ref().filter(|source| !source.is_empty()) {
            let (start, length) = self.caret;
            out.line(format!(
                "{} {source}",
                out.paint(Style::Dim, &format!("{:>gutter$} |", self.line))
            ))?;
            out.line(format!(
                "{} {}{}",
                out.paint(Style::Dim, &format!("{:>gutter$} |", "")),
                " ".repeat(start),
                out.paint(self.severity.style(), &"^".repeat(length.max(1)))
            ))?;
        }
        if let Some(hint) = &self.hint {
            out.line(format!(
                "{} {} {hint}",
                out.paint(Style::Dim, &format!("{:>gutter$} =", "")),
                out.paint(Style::Bold, "hint:")
            ))?;
        }
        Ok(())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.message)
    }
}

/// The longest line that is shown whole, in characters.
const MAX_WIDTH: usize = 160;

/// How far around a place the line is looked at, in bytes: farther than is shown, as a character
/// has four at most. A line of a mebibyte may have a finding in every word.
const REACH: usize = 5 * MAX_WIDTH;

/// The line of a place, and the place in it, in characters; long lines are cut around it.
fn excerpt(text: &[u8], span: Span) -> (String, (usize, usize)) {
    let at = (span.offset as usize).min(text.len());
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let (first, last) = (at.saturating_sub(REACH), text.len().min(at + REACH));
    let start = text[first..at].iter().rposition(is_end);
    let start = start.map_or(first, |end| first + end + 1);
    let length = text[at..last].iter().position(is_end);
    let end = length.map_or(last, |length| at + length);

    let before = printable(&text[start..at]);
    let place_end = end.min(at + span.length as usize);
    let place = printable(&text[at..place_end]);
    let after = printable(&text[place_end..end]);
    let (mut column, width) = (before.chars().count(), place.chars().count());
    let line: Vec<char> = [before, place, after].concat().chars().collect();
    if line.len() <= MAX_WIDTH {
        return (line.into_iter().collect(), (column, width));
    }

    let from = if column + width.min(MAX_WIDTH / 2) < MAX_WIDTH {
        0
    } else {
        column - MAX_WIDTH / 4
    };
    let to = line.len().min(from + MAX_WIDTH);
    let mut shown: String = line[from..to].iter().collect();
    column -= from;
    if from > 0 {
        shown.insert(0, '…');
        column += 1;
    }
    if to < line.len() {
        shown.push('…');
    }
    let width = width.min(shown.chars().count() - column);
    (shown, (column, width))
}
