// SPDX-License-Identifier: GPL-2.0-only

//! The grammar of a policy's lines.
//!
//! ```text
//! policy  = header { rule | default }
//! header  = "policy_name=" name  "policy_version=" number "." number "." number
//! rule    = "op=" operation { property "=" value } "action=" action
//! default = "DEFAULT" [ "op=" operation ] "action=" action
//! ```
//!
//! Errors are found from left to right. Errors of a whole line come last.

use super::{
    error::{
        ErrorKind,
        Fault, //
    },
    lexer::{
        Lexer,
        Token, //
    },
    property::Property,
    version::Version,
    vocabulary::{
        Action,
        Operation,
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
    /// The offset of the name in the text.
    pub(super) name_start: usize,
    /// The name's length, at least 1.
    pub(super) name_length: usize,
    /// The version.
    pub(super) version: Version,
}

/// Parses a header.
///
/// # Errors
///
/// The first error from the left.
pub(super) fn header(lexer: &mut Lexer<'_>) -> Result<Header, Fault> {
    let Some(first) = lexer.next_token()? else {
        return Err(lexer.nothing(ErrorKind::HeaderMissing));
    };
    let name = match first.text.strip_prefix(NAME) {
        None => return Err(first.fault(ErrorKind::HeaderMissing)),
        Some([]) => return Err(first.fault(ErrorKind::NameEmpty)),
        Some(name) => name,
    };

    let Some(second) = lexer.next_token()? else {
        return Err(first.fault(ErrorKind::VersionMissing));
    };
    let version = match second.text.strip_prefix(VERSION) {
        None | Some([]) => return Err(second.fault(ErrorKind::VersionMissing)),
        Some(text) => {
            let start = second.start + VERSION.len();
            Version::parse(text).map_err(|fault| fault.after(start))?
        }
    };

    match lexer.next_token()? {
        None => Ok(Header {
            name_start: first.start + NAME.len(),
            name_length: name.len(),
            version,
        }),
        Some(third) => Err(third.fault(ErrorKind::HeaderTrailing)),
    }
}

/// A line after the header.
pub(super) enum Statement<'a> {
    /// The default of an operation, or of all, and its first and last token.
    Default(Option<Operation>, Action, [Token<'a>; 2]),
    /// A rule. The function that `statement` was given has its properties.
    Rule(Operation, Action),
}

/// Parses a line after the header, and passes each of its properties to `take`.
///
/// # Errors
///
/// Those of `take`, and the first error from the left.
pub(super) fn statement<'a>(
    lexer: &mut Lexer<'a>,
    take: &mut dyn FnMut(&Lexer<'a>, &Token<'a>, Property<'a>) -> Result<(), Fault>,
) -> Result<Statement<'a>, Fault> {
    let mut operation = None;
    let mut first_property = None;
    let mut next = lexer.next_token()?;

    let default = next.filter(|token| token.text == DEFAULT && !token.last);
    if default.is_some() {
        next = lexer.next_token()?;
    }
    let last = loop {
        let Some(token) = next else {
            return Err(lexer.nothing(ErrorKind::ActionMissing));
        };
        if token.last {
            break token;
        }
        if operation.is_none() {
            operation = Some(parse_operation(&token)?);
        } else {
            take(lexer, &token, parse_property(&token)?)?;
            first_property.get_or_insert(token);
        }
        next = lexer.next_token()?;
    };
    let action = parse_action(&last)?;

    match (default, operation, first_property) {
        (Some(_), _, Some(property)) => Err(property.fault(ErrorKind::DefaultWithProperty)),
        (Some(first), _, None) => Ok(Statement::Default(operation, action, [first, last])),
        (None, Some(operation), _) => Ok(Statement::Rule(operation, action)),
        (None, None, _) => Err(last.fault(ErrorKind::OperationMissing)),
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
            // Without a value, the whole property is the error.
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
    /// Returns the offset of the value in the line, for a token that has this property.
    pub(super) const fn value_start(self, token: &Token<'_>) -> usize {
        token.start + self.name().len() + b"=".len()
    }
}

/// A rule of a policy, as written.
#[derive(Clone)]
pub struct Rule<'a> {
    /// The operation that the rule is about.
    pub operation: Operation,
    /// The decision of the rule.
    pub action: Action,
    /// Its first property, and the line after that.
    first: Option<(Property<'a>, Lexer<'a>)>,
}

impl<'a> Rule<'a> {
    /// Returns the properties that the rule asks for, in the order of the text.
    pub fn properties(&self) -> impl Iterator<Item = Property<'a>> + '_ {
        let mut next = self.first.clone();
        core::iter::from_fn(move || {
            let (property, mut line) = next.take()?;
            let token = line.next_token().ok().flatten();
            next = token
                .filter(|token| !token.last)
                .and_then(|token| Some((parse_property(&token).ok()?, line)));
            Some(property)
        })
    }
}

/// Returns the rule in the line that begins at `offset` of a policy.
///
/// A verdict names a rule by this offset. Returns `None` where no line begins, or where the line is
/// not a rule.
pub fn rule_at(text: &[u8], offset: u32) -> Option<Rule<'_>> {
    let start = usize::try_from(offset).ok()?;
    let (before, rest) = text.split_at_checked(start)?;
    if !matches!(before, [] | [.., b'\n' | b'\r']) {
        return None;
    }
    let mut lexer = Lexer::new(rest);
    if !lexer.next_line().ok()? || !lexer.in_first_line() {
        return None;
    }
    let mut first = None;
    let statement = statement(&mut lexer, &mut |line, _, property| {
        first.get_or_insert_with(|| (property, line.clone()));
        Ok(())
    });

    match statement.ok()? {
        Statement::Default(..) => None,
        Statement::Rule(operation, action) => Some(Rule {
            operation,
            action,
            first,
        }),
    }
}
