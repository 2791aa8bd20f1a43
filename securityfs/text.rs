// SPDX-License-Identifier: GPL-2.0-only

//! Small values as files of securityfs show and take them, and the right to write them.

use crate::abstractions::securityfs::Opener;
use kernel::fs::file::Offset;
use kernel::prelude::*;
use kernel::str::kstrtobool_bytes;
use kernel::uaccess::{
    UserSliceReader,
    UserSliceWriter, //
};

/// Who writes must have been an administrator when opening the file. Errors: `EPERM`.
pub(super) fn administrator(opener: &Opener<'_>) -> Result {
    opener.may_administer().then_some(()).ok_or(EPERM)
}

/// How many bytes of a boolean are looked at: as many as C's `kstrtobool_from_user` does.
const BOOL_LENGTH: usize = 3;

/// Reads a boolean in any of the forms of `kstrtobool`. Errors: `EINVAL`, `EFAULT`.
pub(super) fn read_bool(from: &mut UserSliceReader) -> Result<bool> {
    let mut bytes = [0; BOOL_LENGTH];
    let bytes = &mut bytes[..from.len().min(BOOL_LENGTH)];
    from.read_slice(bytes)?;
    kstrtobool_bytes(bytes)
}

/// Lets userspace read `0` or `1`.
pub(super) fn write_bool(on: bool, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
    to.write_slice_file(if on { b"1" } else { b"0" }, offset)
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
#[kunit_tests(ipe_securityfs_text)]
mod tests {
    use super::*;

    /// What a boolean that begins with these bytes means, as `lib/kstrtox.c` says.
    fn meaning(first: u8, second: u8) -> Option<bool> {
        match (first, second) {
            (b'e' | b'E' | b'y' | b'Y' | b't' | b'T' | b'1', _) => Some(true),
            (b'd' | b'D' | b'n' | b'N' | b'f' | b'F' | b'0', _) => Some(false),
            (b'o' | b'O', b'n' | b'N') => Some(true),
            (b'o' | b'O', b'f' | b'F') => Some(false),
            _ => None,
        }
    }

    #[test]
    fn booleans_of_one_byte() {
        for first in 0..=u8::MAX {
            assert_eq!(kstrtobool_bytes(&[first]).ok(), meaning(first, 0));
        }
        assert_eq!(kstrtobool_bytes(b""), Err(EINVAL));
    }

    #[test]
    fn booleans_of_more_bytes() {
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
