// SPDX-License-Identifier: GPL-2.0-only

//! The cover of a set of combinations.

use super::*;

#[test]
fn cover_has_all_wanted_combinations() {
    assert_eq!(cover(0, 0xff), Vec::<Cube>::new());
    assert_eq!(cover(0xff, 0), [[None, None, None]]);
    // Flag 1 alone, as long as flag 0 is not true.
    assert_eq!(cover(0b0100_0100, 0b1010_1010), [[None, Some(true), None]]);
    assert_eq!(cover(0b0000_0001, 0), [[Some(false); 3]]);
    for wanted in 0..=255u8 {
        let covered = cover(wanted, 0).into_iter().map(members);
        assert_eq!(covered.fold(0, |all, set| all | set), wanted);
    }
}
