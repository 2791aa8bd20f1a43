// SPDX-License-Identifier: GPL-2.0-only

//! Asks the kernel about the fs-verity of a file.

#![allow(unsafe_code, reason = "ioctls")]

use crate::object::Digest;
use ipe_policy::policy::{Algorithm, MAX_DIGEST_LEN};
use std::{fs::File, io, os::fd::AsRawFd};

/// `FS_IOC_MEASURE_VERITY`
const MEASURE: libc::c_ulong = 0xc004_6686;
/// `FS_IOC_READ_VERITY_METADATA`
const READ_METADATA: libc::c_ulong = 0xc028_6687;
/// `FS_VERITY_METADATA_TYPE_SIGNATURE`
const SIGNATURE: u64 = 3;

/// `struct fsverity_digest`, with room for the longest one.
#[repr(C)]
struct Measurement {
    algorithm: u16,
    size: u16,
    digest: [u8; MAX_DIGEST_LEN],
}

/// `struct fsverity_read_metadata_arg`
#[repr(C)]
struct Metadata {
    kind: u64,
    offset: u64,
    length: u64,
    buffer: u64,
    reserved: u64,
}

/// Returns the fs-verity digest of a file, or none if it has no fs-verity.
pub(super) fn digest(file: &File) -> io::Result<Option<Digest>> {
    let mut measurement = Measurement {
        algorithm: 0,
        size: MAX_DIGEST_LEN as u16,
        digest: [0; MAX_DIGEST_LEN],
    };
    // SAFETY: the argument is a `struct fsverity_digest` followed by as many bytes as `size` says.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), MEASURE as _, &mut measurement) };
    if result != 0 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::ENODATA | libc::ENOTTY | libc::EOPNOTSUPP) => Ok(None),
            _ => Err(error),
        };
    }
    let algorithm = match measurement.algorithm {
        1 => Algorithm::Sha256,
        2 => Algorithm::Sha512,
        _ => return Ok(None),
    };
    let bytes = measurement.digest.get(..usize::from(measurement.size));
    Ok(bytes.and_then(|bytes| Digest::new(algorithm, bytes)))
}

/// Whether the file has a built-in signature, which the kernel verified when it was opened.
pub(super) fn has_signature(file: &File) -> bool {
    let mut byte = 0u8;
    let mut metadata = Metadata {
        kind: SIGNATURE,
        offset: 0,
        length: 1,
        buffer: &raw mut byte as u64,
        reserved: 0,
    };
    // SAFETY: the argument is a `struct fsverity_read_metadata_arg` whose buffer has `length`
    // bytes, and outlives the call.
    unsafe { libc::ioctl(file.as_raw_fd(), READ_METADATA as _, &mut metadata) > 0 }
}
