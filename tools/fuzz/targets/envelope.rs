// SPDX-License-Identifier: GPL-2.0-only

//! Signed messages in pieces: after each piece, the result is that of a second parser; a final
//! result stays, and `ipectl` extracts the same text.
//!
//! The first bytes are the lengths of the pieces, up to a zero.

#![no_main]

use ipe_policy::policy::envelope::{form, split_appended, Form, Unusable, MAGIC};
use ipectl::source::Source;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

/// The longest message: the kernel's bound.
const MAX: u64 = 16 * 1024 * 1024;

/// Returns the length of a message as DER has it: its header and its contents.
fn der(message: &[u8]) -> Result<Option<u64>, Unusable> {
    let total = match message {
        [] | [_] => return Ok(None),
        [_, short @ 0..=127, ..] => 2 + u64::from(*short),
        [_, 0x81, a, ..] => 3 + u64::from(*a),
        [_, 0x82, a, b, ..] => 4 + u64::from(u16::from_be_bytes([*a, *b])),
        [_, 0x83, a, b, c, ..] => 5 + u64::from(u32::from_be_bytes([0, *a, *b, *c])),
        [_, 0x84, a, b, c, d, ..] => 6 + u64::from(u32::from_be_bytes([*a, *b, *c, *d])),
        [_, 0x81..=0x84, ..] => return Ok(None),
        _ => return Err(Unusable::Malformed),
    };
    if total > MAX {
        return Err(Unusable::TooLong);
    }
    Ok(Some(total))
}

/// Where text and signature end, if the message ends as one with an appended signature does.
fn appended(message: &[u8]) -> Option<(usize, usize)> {
    let end = message.len().checked_sub(MAGIC.len() + 12)?;
    let trailer = &message[end..];
    let length = u32::from_be_bytes(trailer[8..12].try_into().unwrap()) as usize;
    let good = trailer[12..] == MAGIC[..]
        && trailer[..8] == [0, 0, 2, 0, 0, 0, 0, 0]
        && length > 0
        && length < end;
    good.then(|| (end - length, end))
}

/// The answer, in other words.
fn expected(message: &[u8]) -> Result<Option<Form>, Unusable> {
    match message {
        [] => Ok(None),
        [0x30, ..] => {
            let complete = der(message)?.is_some_and(|total| message.len() as u64 >= total);
            Ok(complete.then_some(Form::Pkcs7))
        }
        [9..=13 | b' ' | 0xa0 | b'#' | b'p', ..] => Ok(appended(message).map(|_| Form::Appended)),
        _ => Err(Unusable::Malformed),
    }
}

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let pieces = parts.next().unwrap_or_default();
    let message = parts.next().unwrap_or_default();

    let mut arrived = 0;
    let mut last = Ok(None);
    for piece in pieces
        .iter()
        .map(|piece| usize::from(*piece))
        .chain([message.len()])
    {
        arrived = message.len().min(arrived + piece);
        let answer = form(&message[..arrived]);
        assert_eq!(answer, expected(&message[..arrived]));
        // A final answer stays final, except for more text after an appended signature.
        if !matches!(last, Ok(None | Some(Form::Appended))) {
            assert_eq!(answer, last);
        }
        last = answer;
    }

    let split = split_appended(message);
    let places = split
        .as_ref()
        .map(|parts| (parts.text.end, parts.signature.end));
    assert_eq!(places, appended(message));
    let source = Source::parse(Path::new("message"), message);
    if let Some(parts) = split {
        assert!(parts.text.start == 0 && parts.signature.start == parts.text.end);
        assert_eq!(source.unwrap().text, message[parts.text]);
    }
});
