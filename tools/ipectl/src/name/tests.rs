// SPDX-License-Identifier: GPL-2.0-only

//! Names, good and bad.

use super::*;

#[test]
fn names_of_directories() {
    for name in ["a", "...", "a..", ".a", &"a".repeat(255)] {
        assert_eq!(refusal(name.as_bytes()), None, "{name}");
    }
    let long_path = format!("{}/", "a".repeat(300));
    for name in ["", ".", "..", "/", "a/b", "../a", "a/", &long_path] {
        assert_eq!(refusal(name.as_bytes()), Some(Refusal::Path), "{name}");
    }
    let long = refusal("a".repeat(256).as_bytes());
    assert_eq!(long, Some(Refusal::TooLong));
}
