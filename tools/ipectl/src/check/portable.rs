// SPDX-License-Identifier: GPL-2.0-only

//! Everything in a policy that the C implementation of mainline refuses, or understands otherwise.

use super::{
    diagnostic::{Diagnostic, Severity, Span},
    lint,
};
use crate::source::Source;
use ipe_policy::policy::{
    envelope::Form, lines, Algorithm, FileProperty, Line, Operation, Parameter, Property,
    PropertyKind, RootHash, Statement,
};

/// The reason why C does something else.
struct Reason {
    code: &'static str,
    message: String,
    hint: &'static str,
    /// The errno with which C refuses the policy, if it does.
    errno: Option<&'static str>,
}

/// The next step for the words of an extension.
const WORD: &str = "write a policy without it for such kernels";

/// Returns all findings. They are errors, because the policy is not one for both.
pub(super) fn of_source(source: &Source) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut header = None;
    let mut has_global_default = false;
    for line in lines(&source.text) {
        match line.statement {
            Statement::Header => header = Some(lint::span(&line)),
            Statement::Default(None, _) => has_global_default = true,
            _ => {}
        }
        for token in line.tokens() {
            if let Some(reason) = of_token(&line, token) {
                found.push(diagnostic(source, within(&line, token), reason));
            }
        }
    }
    if let Some(span) = header {
        if !has_global_default {
            found.push(diagnostic(source, span, no_global_default()));
        }
        if let Some(reason) = of_message(source) {
            found.push(diagnostic(source, span, reason));
        }
    }
    found
}

/// Returns the place of a token of a line, which is a part of its code.
fn within(line: &Line<'_>, token: &[u8]) -> Span {
    let start = token.as_ptr().addr() - line.code.as_ptr().addr();
    let start = u32::try_from(start).unwrap_or(u32::MAX);
    let line = lint::span(line);
    Span {
        column: line.column + start,
        offset: line.offset + start,
        length: u32::try_from(token.len()).unwrap_or(u32::MAX),
        ..line
    }
}

fn diagnostic(source: &Source, span: Span, reason: Reason) -> Diagnostic {
    let (name, text) = (&source.name, &source.text);
    let (severity, code) = (Severity::Error, reason.code);
    let diagnostic = Diagnostic::at(name, text, span, severity, code, reason.message);
    let mut diagnostic = diagnostic.hint(reason.hint);
    diagnostic.errno = reason.errno;
    diagnostic
}

/// Returns why C does not understand a word of a rule or a default as it is meant.
fn of_token(line: &Line<'_>, token: &[u8]) -> Option<Reason> {
    if !matches!(line.statement, Statement::Rule(_) | Statement::Default(..)) {
        return None;
    }
    let equals = token.iter().position(|&byte| byte == b'=')?;
    let (name, value) = (&token[..equals], &token[equals + 1..]);
    if name == b"op" {
        let operation = Operation::from_name(value)?;
        return operation.extension().map(|_| Reason {
            code: "portable-operation",
            message: format!("C does not know the operation {}", operation.name()),
            hint: WORD,
            errno: Some("EBADMSG"),
        });
    }
    let kind = PropertyKind::from_name(name)?;
    if kind.extension().is_some() {
        return Some(Reason {
            code: "portable-property",
            message: format!("C does not know the property {}", kind.name()),
            hint: WORD,
            errno: Some("EBADMSG"),
        });
    }
    let mut properties = line.rule()?.properties();
    properties.find_map(|property| match property {
        Property::File(FileProperty::DmverityRoothash(hash)) => of_root_hash(hash, value),
        _ => None,
    })
}

/// Returns why C does not understand the root hash in a value as it is meant.
fn of_root_hash(hash: RootHash<'_>, value: &[u8]) -> Option<Reason> {
    match hash {
        RootHash::CommandLine(parameter)
            if value.strip_prefix(Parameter::PREFIX.as_bytes())
                == Some(parameter.name().as_bytes()) =>
        {
            Some(Reason {
                code: "portable-command-line",
                message: "C has no root hashes from the kernel's command line".to_owned(),
                hint: "name the root hash, for example sha256:…",
                errno: Some("EINVAL"),
            })
        }
        RootHash::Digest(text)
            if value.starts_with(text.algorithm)
                && value.ends_with(text.hex)
                && Algorithm::from_name(text.algorithm).is_none() =>
        {
            Some(Reason {
                code: "portable-algorithm",
                message: "C takes any word for the algorithm of a root hash, and the rule matches \
                          where dm-verity reports this one"
                    .to_owned(),
                hint: "name a root hash of an algorithm that protects, for example sha256",
                errno: None,
            })
        }
        _ => None,
    }
}

fn no_global_default() -> Reason {
    Reason {
        code: "portable-default",
        message: "without a global DEFAULT, C allows the operations that the language does not \
                  know, and warns with a stack trace"
            .to_owned(),
        hint: "add 'DEFAULT action=DENY'",
        errno: None,
    }
}

/// Returns why C does not take the signed message, or the one that the text will become.
fn of_message(source: &Source) -> Option<Reason> {
    let length = match source.signed {
        Some((Form::Appended, _)) => {
            return Some(Reason {
                code: "portable-form",
                message: "the signature is appended, and C takes PKCS#7 messages only".to_owned(),
                hint: "sign it with 'ipectl sign'",
                errno: Some("EBADMSG"),
            });
        }
        Some((Form::Pkcs7, length)) => length,
        None => source.text.len() + lint::PKCS7_OVERHEAD,
    };
    lint::TooLong::find(Form::Pkcs7, length).map(|too_long| Reason {
        code: "portable-length",
        message: too_long.message,
        hint: "trust a volume instead of that many files",
        errno: Some("EMSGSIZE"),
    })
}

#[cfg(test)]
mod tests;
