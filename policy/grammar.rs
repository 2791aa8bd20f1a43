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
        split_once,
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
use core::ops::Range;

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
    let first = lexer.next_token()?;
    let name = match first.text.strip_prefix(NAME) {
        None => return Err(first.fault(ErrorKind::HeaderMissing)),
        Some([]) => return Err(first.fault(ErrorKind::NameEmpty)),
        Some(name) => name,
    };
    if first.last {
        return Err(first.fault(ErrorKind::VersionMissing));
    }

    let second = lexer.next_token()?;
    let version = match second.text.strip_prefix(VERSION) {
        None | Some([]) => return Err(second.fault(ErrorKind::VersionMissing)),
        Some(text) => {
            let start = second.end() - text.len();
            Version::parse(text).map_err(|fault| fault.after(start))?
        }
    };
    if !second.last {
        return Err(lexer.next_token()?.fault(ErrorKind::HeaderTrailing));
    }

    Ok(Header {
        name_start: first.end() - name.len(),
        name_length: name.len(),
        version,
    })
}

/// A line after the header.
pub(super) enum Statement {
    /// The default of an operation, or of all, and its range in the text.
    Default(Option<Operation>, Action, Range<usize>),
    /// A rule.
    Rule(Operation, Action),
}

/// The receiver of a rule's operation and properties, in the order of the text.
pub(super) trait Visitor {
    /// Takes the operation of a rule or a default, and its token.
    ///
    /// # Errors
    ///
    /// The parser stops, and returns the error.
    fn operation(&mut self, _: Operation, _: &Token<'_>) -> Result<(), Fault> {
        Ok(())
    }

    /// Takes the property in a token of the lexer's current line.
    ///
    /// # Errors
    ///
    /// The parser stops, and returns the error.
    fn property(
        &mut self,
        lexer: &Lexer<'_>,
        token: &Token<'_>,
        property: &Property<'_>,
    ) -> Result<(), Fault>;
}

/// A receiver that drops the properties.
pub(super) struct Ignore;

impl Visitor for Ignore {
    fn property(&mut self, _: &Lexer<'_>, _: &Token<'_>, _: &Property<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

/// A receiver that passes the properties to a function.
struct Each<'f>(&'f mut dyn FnMut(&Property<'_>));

impl Visitor for Each<'_> {
    fn property(
        &mut self,
        _: &Lexer<'_>,
        _: &Token<'_>,
        property: &Property<'_>,
    ) -> Result<(), Fault> {
        (self.0)(property);
        Ok(())
    }
}

/// Parses a line after the header, and passes its operation and its properties to the visitor.
///
/// # Errors
///
/// Those of the visitor, and the first error from the left.
#[inline(never)]
pub(super) fn statement(
    lexer: &mut Lexer<'_>,
    visitor: &mut dyn Visitor,
) -> Result<Statement, Fault> {
    let mut operation = None;
    let mut property_fault = None;
    let mut token = lexer.next_token()?;

    let default = (token.text == DEFAULT && !token.last).then_some(token.start);
    if default.is_some() {
        token = lexer.next_token()?;
    }
    while !token.last {
        if operation.is_none() {
            let parsed = parse_operation(&token)?;
            visitor.operation(parsed, &token)?;
            operation = Some(parsed);
        } else {
            match &parse_property(&token) {
                Ok(property) => visitor.property(lexer, &token, property)?,
                Err(fault) => return Err(*fault),
            }
            property_fault.get_or_insert(token.fault(ErrorKind::DefaultWithProperty));
        }
        token = lexer.next_token()?;
    }
    let action = parse_action(&token)?;

    match (default, operation, property_fault) {
        (Some(_), _, Some(fault)) => Err(fault),
        (Some(start), _, None) => Ok(Statement::Default(operation, action, start..token.end())),
        (None, Some(operation), _) => Ok(Statement::Rule(operation, action)),
        (None, None, _) => Err(token.fault(ErrorKind::OperationMissing)),
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
#[inline(never)]
fn parse_property<'a>(token: &Token<'a>) -> Result<Property<'a>, Fault> {
    let (name, value) = split_once(token.text, b'=').unwrap_or((token.text, &[]));
    let Some(kind) = PropertyKind::from_name(name) else {
        return Err(token.fault(match token.text {
            text if text.starts_with(ACTION) => ErrorKind::ActionNotLast,
            text if text.starts_with(OPERATION) => ErrorKind::OperationNotFirst,
            _ => ErrorKind::PropertyUnknown,
        }));
    };
    if value.is_empty() {
        return Err(token.fault(ErrorKind::ValueMissing));
    }
    Property::parse(kind, value)
        .map_err(|kind| Fault::new(kind, token.end() - value.len(), value.len()))
}

/// Parses `action=…`.
fn parse_action(token: &Token<'_>) -> Result<Action, Fault> {
    match token.text.strip_prefix(ACTION) {
        Some(name) => Action::from_name(name).ok_or(token.fault(ErrorKind::ActionUnknown)),
        None => Err(token.fault(ErrorKind::ActionMissing)),
    }
}

/// A rule of a policy, as written.
#[derive(Clone)]
pub struct Rule<'a> {
    /// The operation that the rule is about.
    pub operation: Operation,
    /// The decision of the rule.
    pub action: Action,
    /// Stands at the beginning of its line.
    line: Lexer<'a>,
}

impl<'a> Rule<'a> {
    /// Returns the properties that the rule asks for, in the order of the text.
    pub fn properties(&self) -> impl Iterator<Item = Property<'a>> {
        let mut line = self.line.clone();
        // The operation comes first.
        let _ = line.next_token();
        core::iter::from_fn(move || line.next_token().ok())
            .take_while(|token| !token.last)
            .map_while(|token| parse_property(&token).ok())
    }
}

/// Returns the rule in the line that begins at `offset` of a policy.
///
/// A verdict names a rule by this offset. Returns `None` where no line begins, or where the line is
/// not a rule.
pub fn rule_at(text: &[u8], offset: u32) -> Option<Rule<'_>> {
    let line = line_at(text, offset)?;
    match statement(&mut line.clone(), &mut Ignore).ok()? {
        Statement::Default(..) => None,
        Statement::Rule(operation, action) => Some(Rule {
            operation,
            action,
            line,
        }),
    }
}

/// Passes the properties of the rule in the line that begins at `offset` to `take`, in the order of
/// the text. Reads the line once, where [`rule_at`] and [`Rule::properties`] read it twice.
///
/// Returns whether there is such a rule. If not, some properties may have been passed.
pub fn visit_rule(text: &[u8], offset: u32, take: &mut dyn FnMut(&Property<'_>)) -> bool {
    line_at(text, offset)
        .and_then(|mut line| statement(&mut line, &mut Each(take)).ok())
        .is_some_and(|statement| matches!(statement, Statement::Rule(..)))
}

/// Returns a lexer of the line that begins at `offset`, if it is not empty.
fn line_at(text: &[u8], offset: u32) -> Option<Lexer<'_>> {
    let start = usize::try_from(offset).ok()?;
    let (before, rest) = text.split_at_checked(start)?;
    if !matches!(before, [] | [.., b'\n' | b'\r']) {
        return None;
    }
    let mut lexer = Lexer::new(rest);
    (lexer.next_line().ok()? && lexer.in_first_line()).then_some(lexer)
}
