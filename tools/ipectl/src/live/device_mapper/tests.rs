// SPDX-License-Identifier: GPL-2.0-only

//! Parsing of device-mapper's answers.

use super::*;

#[test]
fn answer_is_parsed() {
    let mut answer = vec![0; 24];
    answer.extend(b"verity\0\0\0\0\0\0\0\0\0\0");
    answer.extend(b"1 254:1 254:1\0more");
    let target = parse(&answer).unwrap();
    assert_eq!(target.kind, "verity");
    assert_eq!(target.parameters, "1 254:1 254:1");
    assert!(parse(b"short").is_none());
}
