// SPDX-License-Identifier: GPL-2.0-only

//! Any text without NUL: the errno is that of the C parser.

#![no_main]

use ipe_fuzz::common::errno;
use libfuzzer_sys::fuzz_target;
use std::ffi::{c_char, c_int};

extern "C" {
    fn ipe_c_parse(text: *const c_char, length: usize) -> c_int;
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
    assert_eq!(errno(text), expected);
});
