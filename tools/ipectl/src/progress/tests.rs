// SPDX-License-Identifier: GPL-2.0-only

//! The progress bar, and the bytes that it counts.

use super::*;

#[test]
fn bar_shows_the_part_that_is_done() {
    assert_eq!(line(0, 10), "[                              ]   0 %");
    assert_eq!(line(5, 10), "[###############               ]  50 %");
    assert_eq!(line(10, 10), "[##############################] 100 %");
    assert_eq!(line(11, 10), line(10, 10));
    assert_eq!(line(0, 0), line(0, 1));
    assert!(line(u64::MAX - 1, u64::MAX).ends_with(" 99 %"));
}

#[test]
fn bytes_that_are_read_count() {
    let progress = Progress::new(6);
    let mut text = String::new();
    let mut reader = progress.watch(&b"policy"[..]);
    reader.read_to_string(&mut text).unwrap();
    drop(reader);
    assert_eq!((text.as_str(), progress.done.get()), ("policy", 6));
}
