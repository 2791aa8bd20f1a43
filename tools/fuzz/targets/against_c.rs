// SPDX-License-Identifier: GPL-2.0-only

//! Any text without NUL: the errno is that of the C parser. C refuses policies with words of the
//! extensions.

#![no_main]

use ipe_fuzz::common::errno;
use ipe_policy::policy::{lines, Operation, PropertyKind};
use libfuzzer_sys::fuzz_target;
use std::ffi::{c_char, c_int};

extern "C" {
    fn ipe_c_parse(text: *const c_char, length: usize) -> c_int;
}

/// Whether a word belongs to an extension.
fn is_extension(word: &[u8]) -> bool {
    let Some(equals) = word.iter().position(|byte| *byte == b'=') else {
        return false;
    };
    let (name, value) = (&word[..equals], &word[equals + 1..]);
    let extension = match name {
        b"op" => Operation::from_name(value).and_then(Operation::extension),
        name => PropertyKind::from_name(name).and_then(PropertyKind::extension),
    };
    extension.is_some()
}

fuzz_target!(|text: &[u8]| {
    // The intended differences: in C, a NUL ends the policy, and no value refers to the kernel's
    // command line.
    if text.contains(&0) || text.windows(9).any(|word| word == b"=cmdline:") {
        return;
    }
    // SAFETY: `text` can be read for its length, which is all that the function needs; it keeps
    // nothing.
    let expected = unsafe { ipe_c_parse(text.as_ptr().cast(), text.len()) };
    if lines(text).any(|line| line.tokens().any(is_extension)) {
        assert_ne!(expected, 0);
        return;
    }
    assert_eq!(errno(text), expected);
});
