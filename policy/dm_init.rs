// SPDX-License-Identifier: GPL-2.0-only

//! The value of `dm-mod.create=`, from which the kernel sets up volumes by itself
//! (`drivers/md/dm-init.c`).
//!
//! ```text
//! value  = device { ";" device }
//! device = name "," uuid "," minor "," flags "," table { "," table }
//! table  = start " " length " " target " " arguments
//! ```
//!
//! For the target `verity`, the arguments are: version, device, device of the hashes, both block
//! sizes, number of blocks, first block of the hashes, *algorithm*, *root hash*, salt, options.
//!
//! Only what is needed to find the root hashes is checked. The kernel checks the rest when it sets
//! the volumes up. It may set up fewer of them.

use super::{
    algorithm::Algorithm,
    parameter::Unresolved,
    space::{
        is_space,
        skip_spaces, //
    },
};

/// The least number of arguments of the target `verity`.
const VERITY_ARGUMENTS: usize = 10;

/// Passes each root hash to `take`, with its algorithm.
///
/// # Errors
///
/// The value is not well-formed, has a root hash that is not a digest of its algorithm, or has
/// none.
pub(super) fn each(value: &[u8], take: &mut dyn FnMut(Algorithm, &[u8])) -> Result<(), Unresolved> {
    let mut found = Err(Unresolved::Invalid);
    let mut devices = Some(value);
    while let Some(device) = devices {
        let table = nth_field(device, b',', 4).ok_or(Unresolved::Invalid)?;
        let (table, next) = split(table, b';');
        devices = next;

        let mut entries = Some(table);
        while let Some(entry) = entries {
            let target = nth_field(entry, b' ', 2).ok_or(Unresolved::Invalid)?;
            let (target, arguments) = split(target, b' ');
            let (arguments, next) = split(arguments.ok_or(Unresolved::Invalid)?, b',');
            entries = next;
            if target == b"verity" {
                let (algorithm, hex) = verity(arguments).ok_or(Unresolved::Invalid)?;
                take(algorithm, hex);
                found = Ok(());
            }
        }
    }
    found
}

/// Splits a text at a separator, as `str_field_delimit()` does: the field without white space
/// around it, and what follows the separator.
fn split(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let text = skip_spaces(text);
    let at = text.iter().position(|&byte| byte == separator);
    let (mut field, rest) = match at.and_then(|at| text.split_at_checked(at)) {
        Some((field, [_, rest @ ..])) => (field, Some(rest)),
        _ => (text, None),
    };
    while let [start @ .., last] = field {
        if !is_space(*last) {
            break;
        }
        field = start;
    }
    (field, rest)
}

/// Returns the text after `count` fields.
fn nth_field(text: &[u8], separator: u8, count: usize) -> Option<&[u8]> {
    (0..count).try_fold(text, |rest, _| split(rest, separator).1)
}

/// Returns the algorithm and the root hash in the arguments of the target `verity`.
fn verity(arguments: &[u8]) -> Option<(Algorithm, &[u8])> {
    let mut fields = [&[][..]; VERITY_ARGUMENTS];
    let mut rest = arguments;
    for field in &mut fields {
        *field = argument(&mut rest)?;
    }
    let [.., algorithm, hex, _] = fields;
    let algorithm = Algorithm::from_name(algorithm)?;
    algorithm.has_digest(hex).then_some((algorithm, hex))
}

/// Takes the next argument off a text, as `dm_split_args()` does: a backslash protects the byte
/// that follows it.
fn argument<'a>(text: &mut &'a [u8]) -> Option<&'a [u8]> {
    let start = skip_spaces(text);
    let mut protected = false;
    let end = start.iter().position(|&byte| {
        let ends = is_space(byte) && !protected;
        protected = byte == b'\\' && !protected;
        ends
    });
    let (argument, rest) = start.split_at_checked(end.unwrap_or(start.len()))?;
    *text = rest;
    (!argument.is_empty()).then_some(argument)
}
