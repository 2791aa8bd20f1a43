// SPDX-License-Identifier: GPL-2.0-only

//! The tracepoint of a security module's decisions.
//!
//! While somebody traces, there is a request, so that [`super::static_key::is_requested`].
//!
//! C header: `tracepoints.h`, beside this file.

use super::fs::Inode;

#[cfg(CONFIG_TRACEPOINTS)]
use super::bindings;

/// Traces a decision about the object with this inode, if it has one.
///
/// `rule` is a number for what decided, such as an offset.
///
/// # Context
///
/// Any in which RCU watches.
#[cfg_attr(
    not(CONFIG_TRACEPOINTS),
    expect(unused_variables, reason = "nobody can trace")
)]
pub(crate) fn decision(
    operation: &'static str,
    hook: &'static str,
    allowed: bool,
    rule: i32,
    inode: Option<&Inode>,
) {
    #[cfg(CONFIG_TRACEPOINTS)]
    // SAFETY: Each name is as long as the length beside it tells. The inode is null, or lives for
    // the call, and holds its superblock. Nothing is kept but copies.
    unsafe {
        bindings::rust_lsm_trace_decision(
            operation.as_ptr(),
            operation.len(),
            hook.as_ptr(),
            hook.len(),
            allowed,
            rule,
            inode.map_or(core::ptr::null(), |inode| inode.as_ptr().cast_const()),
        )
    };
}
