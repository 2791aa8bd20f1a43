// SPDX-License-Identifier: GPL-2.0-only

//! What the lines of a policy say.
//!
//! ```text
//! policy  = header { rule | default }
//! header  = "policy_name=" name  "policy_version=" number "." number "." number
//! rule    = "op=" operation { property "=" value } "action=" action
//! default = "DEFAULT" [ "op=" operation ] "action=" action
//! ```
//!
//! Errors are found from left to right; what concerns a whole line comes last.

use super::{
    error::{
        ErrorKind,
        Fault, //
    },
    lexer::{
        Line,
        Lines,
        Token,
        Tokens, //
    },
    version::Version,
    vocabulary::{
        Action,
        Operation,
        Property,
        PropertyKind, //
    },
};

const NAME: &[u8] = b"policy_name=";
const VERSION: &[u8] = b"policy_version=";
const DEFAULT: &[u8] = b"DEFAULT";
const OPERATION: &[u8] = b"op=";
const ACTION: &[u8] = b"action=";

/// The header of a policy.
pub(super) struct Header {
    /// Where the name begins in the line.
    pub(super) name_start: usize,
    /// The name's length, at least 1.
    pub(super) name_length: usize,
    /// The version.
    pub(super) version: Version,
}

/// Returns whether the line is meant to be a header.
pub(super) fn is_header(line: &Line<'_>) -> bool {
    line.tokens()
        .next()
        .is_some_and(|token| token.text.starts_with(NAME))
}

/// Parses a header.
pub(super) fn header(line: &Line<'_>) -> Result<Header, Fault> {
    let whole = |kind| Fault::new(kind, 0, line.text.len());
    let mut tokens = line.tokens();

    let token = tokens.next().ok_or(whole(ErrorKind::HeaderMissing))?;
    let name = token
        .text
        .strip_prefix(NAME)
        .ok_or(token.fault(ErrorKind::HeaderMissing))?;
    if name.is_empty() {
        return Err(token.fault(ErrorKind::NameEmpty));
    }
    let name_start = token.start + NAME.len();

    let token = tokens.next().ok_or(whole(ErrorKind::VersionMissing))?;
    let version = match token.text.strip_prefix(VERSION) {
        None | Some([]) => return Err(token.fault(ErrorKind::VersionMissing)),
        Some(text) => {
            Version::parse(text).map_err(|fault| fault.after(token.start + VERSION.len()))?
        }
    };

    match tokens.next() {
        None => Ok(Header {
            name_start,
            name_length: name.len(),
            version,
        }),
        Some(token) => Err(token.fault(ErrorKind::HeaderTrailing)),
    }
}

/// A line after the header.
pub(super) enum Statement {
    /// The default of an operation, or of all.
    Default(Option<Operation>, Action),
    /// A rule; its properties went to the function that took them.
    Rule(Operation, Action),
}

/// Parses a line after the header, and hands each of its properties to `take`.
#[inline]
pub(super) fn statement<'a>(
    line: &Line<'a>,
    mut take: impl FnMut(Property<'a>, &Token<'a>) -> Result<(), Fault>,
) -> Result<Statement, Fault> {
    let mut is_default = false;
    let mut operation = None;
    let mut first_property = None;
    let mut tokens = line.tokens();
    let mut next = tokens.next();

    if next.is_some_and(|token| token.text == DEFAULT && !token.last) {
        is_default = true;
        next = tokens.next();
    }
    while let Some(token) = next {
        if token.last {
            break;
        }
        if operation.is_none() {
            operation = Some(parse_operation(&token)?);
        } else {
            take(parse_property(&token)?, &token)?;
            first_property.get_or_insert(token);
        }
        next = tokens.next();
    }
    let token = next.ok_or(Fault::new(ErrorKind::ActionMissing, 0, line.text.len()))?;
    let action = parse_action(&token)?;

    match (is_default, operation, first_property) {
        (true, _, Some(property)) => Err(property.fault(ErrorKind::DefaultWithProperty)),
        (true, _, None) => Ok(Statement::Default(operation, action)),
        (false, Some(operation), _) => Ok(Statement::Rule(operation, action)),
        (false, None, _) => Err(token.fault(ErrorKind::OperationMissing)),
    }
}

/// Parses `op=…`.
fn parse_operation(token: &Token<'_>) -> Result<Operation, Fault> {
    match token.text.strip_prefix(OPERATION) {
        Some(name) => Operation::from_name(name).ok_or(token.fault(ErrorKind::OperationUnknown)),
        None if token.text.starts_with(NAME) => Err(token.fault(ErrorKind::HeaderRepeated)),
        None => Err(token.fault(ErrorKind::OperationMissing)),
    }
}

/// Parses a property and its value.
#[inline]
fn parse_property<'a>(token: &Token<'a>) -> Result<Property<'a>, Fault> {
    match Property::parse(token.text) {
        Some(property) => property.map_err(|fault| match fault.length {
            // What has no value at all is wrong as a whole.
            0 => token.fault(ErrorKind::ValueMissing),
            _ => fault.after(token.start),
        }),
        None => Err(token.fault(match token.text {
            text if PropertyKind::from_name(text).is_some() => ErrorKind::ValueMissing,
            text if text.starts_with(ACTION) => ErrorKind::ActionNotLast,
            text if text.starts_with(OPERATION) => ErrorKind::OperationNotFirst,
            _ => ErrorKind::PropertyUnknown,
        })),
    }
}

/// Parses `action=…`.
fn parse_action(token: &Token<'_>) -> Result<Action, Fault> {
    match token.text.strip_prefix(ACTION) {
        Some(name) => Action::from_name(name).ok_or(token.fault(ErrorKind::ActionUnknown)),
        None => Err(token.fault(ErrorKind::ActionMissing)),
    }
}

impl PropertyKind {
    /// Returns where the value begins in the line of a token that has this property.
    pub(super) const fn value_start(self, token: &Token<'_>) -> usize {
        token.start + self.name().len() + b"=".len()
    }
}

/// A rule of a policy, as written.
#[derive(Clone)]
pub struct Rule<'a> {
    /// What the rule is about.
    pub operation: Operation,
    /// What the rule decides.
    pub action: Action,
    properties: Tokens<'a>,
}

impl<'a> Rule<'a> {
    /// Returns the properties that the rule asks for, as they are written.
    pub fn properties(&self) -> impl Iterator<Item = Property<'a>> + '_ {
        let tokens = self.properties.clone();
        tokens.map_while(|token| parse_property(&token).ok())
    }
}

/// Returns the rule in the line that begins at `offset` of a policy.
///
/// This turns the offset by which a verdict names a rule into what the rule says. There is none
/// where no line begins, or where the line is not a rule.
pub fn rule_at(text: &[u8], offset: u32) -> Option<Rule<'_>> {
    let start = usize::try_from(offset).ok()?;
    let (before, rest) = text.split_at_checked(start)?;
    if !matches!(before, [] | [.., b'\n' | b'\r']) {
        return None;
    }
    let line_end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    let line = Lines::new(rest.get(..line_end.unwrap_or(rest.len()))?)
        .next()?
        .ok()?;

    match statement(&line, |_, _| Ok(())).ok()? {
        Statement::Default(..) => None,
        Statement::Rule(operation, action) => {
            let mut properties = line.tokens();
            properties.next();
            Some(Rule {
                operation,
                action,
                properties,
            })
        }
    }
}
