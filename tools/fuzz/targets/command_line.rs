// SPDX-License-Identifier: GPL-2.0-only

//! Any command line: each parameter names the root hashes that the naive parser finds.

#![no_main]

use ipe_fuzz::naive_line;
use ipe_policy::policy::{CommandLine, Parameter, RootHashes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    // The kernel's line ends at its first NUL.
    if line.contains(&0) {
        return;
    }
    for parameter in Parameter::ALL {
        let mut found = Vec::new();
        let result = CommandLine::new(line).each(parameter, &mut |algorithm, hex| {
            let hex = String::from_utf8(hex.to_ascii_lowercase()).expect("digits are ASCII");
            assert_eq!(hex.len(), 2 * algorithm.digest_len());
            let algorithm = (parameter == Parameter::DmModCreate).then(|| algorithm.name().into());
            if algorithm.is_some() || found.is_empty() {
                found.push((algorithm, hex));
            }
        });
        let found = result.is_ok().then_some(found);
        assert_eq!(
            found,
            naive_line::named(line, parameter.name()),
            "{parameter:?}"
        );
    }
});
