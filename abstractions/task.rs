// SPDX-License-Identifier: GPL-2.0-only

//! What hooks and nodes need to know of the calling task.
//!
//! C headers: [`include/linux/sched.h`](srctree/include/linux/sched.h),
//! [`include/linux/audit.h`](srctree/include/linux/audit.h)

use super::bindings;

/// The length of a task's name with its terminating NUL: C's `TASK_COMM_LEN`.
const COMM_LENGTH: usize = 16;

/// The name of the calling task.
pub(crate) struct Comm([u8; COMM_LENGTH]);

impl Comm {
    /// The bytes before the NUL. They are the task's own choice: never to be trusted.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|&byte| byte == 0);
        &self.0[..end.unwrap_or(COMM_LENGTH)]
    }
}

/// The name of the calling task. Any context with a task.
pub(crate) fn comm() -> Comm {
    let mut comm = [0u8; COMM_LENGTH];
    // SAFETY: The buffer has the length that C fills.
    unsafe { bindings::ipe_helper_current_comm(comm.as_mut_ptr().cast()) };
    Comm(comm)
}

/// The process ID, in the initial namespace, of the calling task. Any context with a task.
pub(crate) fn process_id() -> i32 {
    // SAFETY: Always safe to call from a task.
    unsafe { bindings::ipe_helper_current_tgid() }
}

/// The user ID, in the initial namespace, that the calling task's session logged in with;
/// `u32::MAX` for none. Any context with a task.
pub(crate) fn login_uid() -> u32 {
    // SAFETY: Always safe to call from a task.
    unsafe { bindings::ipe_helper_current_loginuid() }
}

/// The audit session of the calling task; `u32::MAX` for none. Any context with a task.
pub(crate) fn session_id() -> u32 {
    // SAFETY: Always safe to call from a task.
    unsafe { bindings::ipe_helper_current_sessionid() }
}
