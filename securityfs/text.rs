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

/// Checks that the opener was an administrator when it opened the file.
///
/// # Errors
///
/// `EPERM`.
pub(super) fn administrator(opener: &Opener<'_>) -> Result {
    opener.may_administer().then_some(()).ok_or(EPERM)
}

/// The number of bytes of a boolean that are read: as many as C's `kstrtobool_from_user` reads.
const BOOL_LENGTH: usize = 3;

/// Reads a boolean in any form of `kstrtobool`.
///
/// # Errors
///
/// `EINVAL`, `EFAULT`.
#[inline(never)]
pub(super) fn read_bool(from: &mut UserSliceReader) -> Result<bool> {
    let mut bytes = [0; BOOL_LENGTH];
    let bytes = &mut bytes[..from.len().min(BOOL_LENGTH)];
    from.read_slice(bytes)?;
    kstrtobool_bytes(bytes)
}

/// Copies `0` or `1` to userspace.
///
/// # Errors
///
/// `EFAULT`, `EINVAL` for a negative offset.
pub(super) fn write_bool(on: bool, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
    to.write_slice_file(if on { b"1" } else { b"0" }, offset)
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
