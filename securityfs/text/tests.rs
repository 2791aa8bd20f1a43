// SPDX-License-Identifier: GPL-2.0-only

//! The forms of a boolean.

#[kernel::prelude::kunit_tests(ipe_securityfs_text)]
mod cases {
    use super::super::*;

    /// Returns the meaning of a boolean that begins with these bytes, as `lib/kstrtox.c` has it.
    fn meaning(first: u8, second: u8) -> Option<bool> {
        // "enable" and "disable", which not every kernel knows.
        let enable = kstrtobool_bytes(b"e").is_ok();
        match (first, second) {
            (b'e' | b'E' | b'd' | b'D', _) if !enable => None,
            (b'e' | b'E' | b'y' | b'Y' | b't' | b'T' | b'1', _) => Some(true),
            (b'd' | b'D' | b'n' | b'N' | b'f' | b'F' | b'0', _) => Some(false),
            (b'o' | b'O', b'n' | b'N') => Some(true),
            (b'o' | b'O', b'f' | b'F') => Some(false),
            _ => None,
        }
    }

    #[test]
    fn first_byte_makes_a_boolean() {
        for first in 0..=u8::MAX {
            assert_eq!(kstrtobool_bytes(&[first]).ok(), meaning(first, 0));
        }
        assert_eq!(kstrtobool_bytes(b""), Err(EINVAL));
    }

    #[test]
    fn first_two_bytes_make_a_longer_boolean() {
        let mut different = 0;
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                for third in [0, b'\n', b'f', 0xff] {
                    let parsed = kstrtobool_bytes(&[first, second, third]);
                    different += usize::from(parsed.ok() != meaning(first, second));
                }
            }
        }
        assert_eq!(different, 0);
    }
}
