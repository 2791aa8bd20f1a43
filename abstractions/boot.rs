// SPDX-License-Identifier: GPL-2.0-only

//! How the kernel was booted.
//!
//! C header: [`include/linux/init.h`](srctree/include/linux/init.h)

use super::bindings;

/// Returns the command line with which the kernel was booted, as `/proc/cmdline` shows it.
///
/// It includes what the kernel's configuration and bootconfig add. Parameters are parsed in another
/// copy, in place. This one never changes.
///
/// # Context
///
/// Any, from the initialisation of security modules on.
pub(crate) fn command_line() -> &'static [u8] {
    // SAFETY: `setup_command_line()` writes both variables, before security modules are
    // initialised, and nothing does so later.
    let (start, length) = unsafe {
        (
            bindings::saved_command_line,
            bindings::saved_command_line_len,
        )
    };
    if start.is_null() {
        return &[];
    }
    // SAFETY: `setup_command_line()` has allocated the line, which has this length, from memory that
    // is never freed. Nothing writes to it afterwards: its readers make copies.
    unsafe { core::slice::from_raw_parts(start.cast(), length as usize) }
}
