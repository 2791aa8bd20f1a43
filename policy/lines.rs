// SPDX-License-Identifier: GPL-2.0-only

//! The lines of a policy, with comments and empty ones, for programs that show or rewrite it, and for
//! the list of rules that have not decided.
//!
//! All functions are inlined, as the kernel calls them in one place only.

use super::{
    error::Position,
    grammar::{
        self,
        rule_at,
        Rule, //
    },
    lexer::Lexer,
    vocabulary::{
        Action,
        Operation, //
    },
};

/// What a line of a policy says.
#[derive(Clone)]
pub enum Statement<'a> {
    /// Nothing, or only a comment.
    Empty,
    /// The header: the first line that says something.
    Header,
    /// A default, of an operation or of all.
    Default(Option<Operation>, Action),
    /// A rule.
    Rule(Rule<'a>),
    /// Something that [`measure`](super::measure) refuses.
    Invalid,
}

/// A line of a policy.
#[derive(Clone)]
pub struct Line<'a> {
    /// Where the line begins. A verdict names its rule by this offset.
    pub offset: u32,
    /// Where the code begins, or would begin if there were any.
    pub position: Position,
    /// Its first to its last token, without the comment and the white space around them.
    pub code: &'a [u8],
    /// The comment, from its `#` on.
    pub comment: Option<&'a [u8]>,
    /// The meaning of the code.
    pub statement: Statement<'a>,
    /// Stands at the beginning of the line.
    lexer: Lexer<'a>,
}

impl<'a> Line<'a> {
    /// Returns the tokens of the line.
    #[inline]
    pub fn tokens(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut lexer = self.lexer.clone();
        core::iter::from_fn(move || lexer.next_token().ok())
            .map(|token| token.text)
            .take_while(|text| !text.is_empty())
    }

    /// Returns the rule, if the line is one.
    #[inline]
    pub fn rule(&self) -> Option<&Rule<'a>> {
        match &self.statement {
            Statement::Rule(rule) => Some(rule),
            _ => None,
        }
    }
}

/// Returns the lines of a policy, in order, each of them read by the parser.
///
/// The text should be one that [`measure`](super::measure) accepts. In any other text, the lines
/// that the parser refuses are [`Statement::Invalid`].
///
/// # Examples
///
/// ```
/// use ipe_policy::policy::{lines, Statement};
///
/// let text = b"policy_name=p policy_version=1.0.0\nDEFAULT action=DENY # all\n";
/// let last = lines(text).last().unwrap();
/// assert_eq!(last.position.line, 2);
/// assert_eq!(last.code, b"DEFAULT action=DENY");
/// assert!(matches!(last.statement, Statement::Default(None, _)));
/// ```
#[inline]
pub fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut lexer = Lexer::new(text);
    let mut in_header = true;
    core::iter::from_fn(move || {
        let found = loop {
            // After a NUL byte, the lexer stands at the end of the line.
            if let Ok(found) = lexer.step() {
                break found;
            }
        };
        let offset = lexer.line_offset();
        if !found || offset as usize >= text.len() {
            return None;
        }

        let mut rest = lexer.clone();
        let (mut start, mut end) = (None, 0);
        while let Some(token) = rest
            .next_token()
            .ok()
            .filter(|token| !token.text.is_empty())
        {
            start.get_or_insert(token.start);
            end = token.end();
        }
        let code = start.and_then(|start| text.get(start..end));
        let comment = text.get(rest.end().offset as usize..rest.line_end());

        let statement = match code {
            None => Statement::Empty,
            Some(_) if in_header => {
                in_header = false;
                Statement::Header
            }
            Some(_) => after_header(text, offset, &lexer),
        };
        Some(Line {
            offset,
            position: start.map_or(rest.end(), |start| lexer.position(start)),
            code: code.unwrap_or(&[]),
            comment: comment.filter(|comment| !comment.is_empty()),
            statement,
            lexer: lexer.clone(),
        })
    })
}

/// Reads a line after the header.
#[inline]
fn after_header<'a>(text: &'a [u8], offset: u32, lexer: &Lexer<'a>) -> Statement<'a> {
    if let Some(rule) = rule_at(text, offset) {
        return Statement::Rule(rule);
    }
    match grammar::statement(&mut lexer.clone(), &mut grammar::Ignore) {
        Ok(grammar::Statement::Default(operation, action, _)) => {
            Statement::Default(operation, action)
        }
        _ => Statement::Invalid,
    }
}
