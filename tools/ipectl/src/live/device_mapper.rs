// SPDX-License-Identifier: GPL-2.0-only

//! Asks device-mapper for the table of a volume, as `dmsetup table` does.

#![allow(unsafe_code, reason = "an ioctl")]

use std::{fs::OpenOptions, io, os::fd::AsRawFd};

/// Where device-mapper is asked.
const CONTROL: &str = "/dev/mapper/control";
/// `DM_TABLE_STATUS`
const TABLE_STATUS: libc::c_ulong = 0xc138_fd0c;
/// `DM_STATUS_TABLE_FLAG`: the table, not the state.
const STATUS_TABLE: u32 = 1 << 4;
/// `DM_BUFFER_FULL_FLAG`: the answer did not fit.
const BUFFER_FULL: u32 = 1 << 8;
/// `sizeof(struct dm_target_spec)`
const TARGET_SPEC: usize = 40;
/// Room for the table of any dm-verity volume, which has a few hundred bytes.
const ROOM: usize = 16 << 10;

/// `struct dm_ioctl`, with room for the answer.
#[repr(C)]
struct Request {
    version: [u32; 3],
    data_size: u32,
    data_start: u32,
    target_count: u32,
    open_count: i32,
    flags: u32,
    event_number: u32,
    padding: u32,
    device: u64,
    name: [u8; 128],
    uuid: [u8; 129],
    padding_to_end: [u8; 7],
    data: [u8; ROOM],
}

/// Where the kernel's `struct dm_ioctl` ends.
const HEADER: usize = size_of::<Request>() - ROOM;
const _: () = assert!(HEADER == 312);

/// A target: its type and its parameters.
pub(super) struct Target {
    pub(super) kind: String,
    pub(super) parameters: String,
}

/// Returns the only target of a volume, or none if there are several: a dm-verity volume has one.
pub(super) fn target(device: u64) -> io::Result<Option<Target>> {
    let control = OpenOptions::new().read(true).write(true).open(CONTROL)?;
    let mut request = Box::new(Request {
        version: [4, 0, 0],
        data_size: size_of::<Request>() as u32,
        data_start: HEADER as u32,
        target_count: 0,
        open_count: 0,
        flags: STATUS_TABLE,
        event_number: 0,
        padding: 0,
        device,
        name: [0; 128],
        uuid: [0; 129],
        padding_to_end: [0; 7],
        data: [0; ROOM],
    });
    // SAFETY: the argument is a `struct dm_ioctl` followed by room for the answer, `data_size`
    // bytes in all, and outlives the call.
    let result = unsafe { libc::ioctl(control.as_raw_fd(), TABLE_STATUS as _, &raw mut *request) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    if request.flags & BUFFER_FULL != 0 || request.target_count != 1 {
        return Ok(None);
    }
    Ok(parse(&request.data))
}

/// A `struct dm_target_spec`, whose type are the last 16 bytes, and the parameters after it.
fn parse(answer: &[u8]) -> Option<Target> {
    let text = |bytes: &[u8]| {
        let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    };
    let (spec, parameters) = answer.split_at_checked(TARGET_SPEC)?;
    Some(Target {
        kind: text(&spec[TARGET_SPEC - 16..]),
        parameters: text(parameters),
    })
}

#[cfg(test)]
mod tests;
