// SPDX-License-Identifier: GPL-2.0-only

//! Any text: the result is a located error, or a policy that decides as the naive implementation
//! does.
//!
//! The last byte selects the properties that the kernel provides.

#![no_main]

use ipe_fuzz::{
    common::{compile_for, parse, with_programs},
    naive,
    objects::{compare, objects, providers},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((options, text)) = data.split_last() else {
        return;
    };
    if !parse(text) {
        return;
    }
    let policy = naive::Policy::read(text);
    for providers in [providers(u8::MAX), providers(*options)] {
        let providers = with_programs(text, providers);
        let compiled = compile_for(text, providers);
        assert_eq!(compiled.name(text), policy.name);
        let version = compiled.version();
        assert_eq!(
            [version.major, version.minor, version.revision],
            policy.version
        );
        for object in objects(&policy) {
            compare(&compiled, &policy, &object, providers);
        }
    }
});
