// SPDX-License-Identifier: GPL-2.0-only

//! Causes of errors that the place of the error does not show: the word around it, its line, or the
//! whole file do.

use super::similar;
use crate::output::printable;
use ipe_policy::policy::{ErrorKind, FilePropertyKind, PropertyKind};

/// The byte order mark of UTF-8, which some editors write at the beginning of a file.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The byte order marks of UTF-16.
const MARKS_OF_UTF16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The operation of older drafts of the language, and the operations that took its place.
const KERNEL_READ: &str = "KERNEL_READ";

/// Whether a text begins with a byte order mark, because of which its first line is not a header.
pub(super) fn is_marked(text: &[u8]) -> bool {
    text.starts_with(MARK)
}

/// Returns a hint that names the cause of an error at this offset of a text, if it is known.
pub(super) fn of_error(kind: &ErrorKind, name: &str, text: &[u8], offset: usize) -> Option<String> {
    let word = word_at(text, offset);
    match kind {
        ErrorKind::HeaderMissing if is_marked(text) => Some(format!(
            "the file begins with a byte order mark, which the kernel takes for a part of the \
             first word; remove it: sed -i '1s/^\\xef\\xbb\\xbf//' {name}"
        )),
        ErrorKind::Nul | ErrorKind::HeaderMissing
            if MARKS_OF_UTF16.iter().any(|mark| text.starts_with(mark)) =>
        {
            Some(format!(
                "the file is UTF-16, and the kernel reads ASCII and UTF-8: iconv -f UTF-16 -t \
                 UTF-8 {name}"
            ))
        }
        ErrorKind::VersionMissing => name_with_blanks(text, offset),
        ErrorKind::OperationUnknown => {
            let (_, operation) = word.split_once('=')?;
            operation.eq_ignore_ascii_case(KERNEL_READ).then(|| {
                "older drafts had KERNEL_READ for everything that the kernel reads; write a rule \
                 for each that is meant: FIRMWARE, KMODULE, KEXEC_IMAGE, KEXEC_INITRAMFS, POLICY, \
                 X509_CERT"
                    .to_owned()
            })
        }
        ErrorKind::PropertyUnknown => {
            let (name, value) = word.split_once('=')?;
            let meant = other_form(similar::property(name)?, value)?;
            let meant = meant.name();
            Some(format!("no property {name}; did you mean {meant}={value}?"))
        }
        ErrorKind::BooleanInvalid | ErrorKind::DigestSeparatorMissing => {
            let (name, value) = word.split_once('=')?;
            let is = PropertyKind::ALL
                .into_iter()
                .find(|kind| kind.name() == name)?;
            let meant = other_form(is, value)?.name();
            Some(match kind {
                ErrorKind::BooleanInvalid => format!("to name the digest, write {meant}={value}"),
                _ => format!("to trust every valid signature, write {meant}={value}"),
            })
        }
        _ => None,
    }
}

/// Returns the property of the same provider whose values look like this one, if that is another.
fn other_form(kind: PropertyKind, value: &str) -> Option<PropertyKind> {
    let digest = value.contains(':')
        || value.len() >= 40 && value.chars().all(|digit| digit.is_ascii_hexdigit());
    let boolean = similar::boolean(value).is_some() && !digest;
    let other = |kind| match kind {
        FilePropertyKind::DmverityRoothash if boolean => Some(FilePropertyKind::DmveritySignature),
        FilePropertyKind::FsverityDigest if boolean => Some(FilePropertyKind::FsveritySignature),
        FilePropertyKind::DmveritySignature if digest => Some(FilePropertyKind::DmverityRoothash),
        FilePropertyKind::FsveritySignature if digest => Some(FilePropertyKind::FsverityDigest),
        _ => None,
    };
    match kind {
        PropertyKind::File(kind) => other(kind).map(PropertyKind::File),
        PropertyKind::Program(kind) => other(kind).map(PropertyKind::Program),
        PropertyKind::AnonymousMemory | PropertyKind::Modified => None,
    }
}

/// Returns the word at an offset.
fn word_at(text: &[u8], offset: usize) -> String {
    let (before, after) = text.split_at(offset.min(text.len()));
    let blank = |byte: &u8| byte.is_ascii_whitespace();
    let start = before.iter().rposition(blank).map_or(0, |at| at + 1);
    let length = after.iter().position(blank).unwrap_or(after.len());
    printable(&text[start..before.len() + length])
}

/// Returns a hint about a name that goes on after a blank.
fn name_with_blanks(text: &[u8], offset: usize) -> Option<String> {
    let line = text.get(..offset)?.iter().rposition(|byte| *byte == b'\n');
    let line = &text[line.map_or(0, |at| at + 1)..];
    let line = line.split(|byte| *byte == b'\n').next()?;
    let line = printable(line);
    let (_, after) = line.split_once("policy_name=")?;
    let (name, _) = after.split_once(" policy_version=")?;
    let name = name.trim().trim_matches(['"', '\'']);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    let words = name
        .split(|c: char| !plain(c))
        .filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("_");
    Some(format!(
        "a name cannot contain blanks, even in quotes: write policy_name={name}"
    ))
}
