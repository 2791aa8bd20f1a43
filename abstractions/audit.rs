// SPDX-License-Identifier: GPL-2.0-only

//! Records for the audit subsystem.
//!
//! C header: [`include/linux/audit.h`](srctree/include/linux/audit.h)

use super::bindings;
use super::fs::File;
use core::fmt;
use core::ptr::NonNull;
use kernel::ffi::c_int;
use kernel::str::CStrExt as _;

/// The type of a record: a number of `include/uapi/linux/audit.h`.
#[derive(Copy, Clone)]
pub(crate) enum Kind {
    /// `AUDIT_MAC_STATUS`, 1404: a security module's mode was changed.
    MacStatus,
    /// `AUDIT_IPE_ACCESS`, 1420: a decision of IPE.
    IpeAccess,
    /// `AUDIT_IPE_CONFIG_CHANGE`, 1421: another policy of IPE became active.
    IpeConfigChange,
    /// `AUDIT_IPE_POLICY_LOAD`, 1422: a policy of IPE was loaded or refused.
    IpePolicyLoad,
}

impl Kind {
    fn number(self) -> u32 {
        match self {
            Self::MacStatus => bindings::AUDIT_MAC_STATUS,
            Self::IpeAccess => bindings::AUDIT_IPE_ACCESS,
            Self::IpeConfigChange => bindings::AUDIT_IPE_CONFIG_CHANGE,
            Self::IpePolicyLoad => bindings::AUDIT_IPE_POLICY_LOAD,
        }
    }
}

/// What a record's fields are written to.
///
/// What `write!` writes is taken as it is: only for text of the kernel's own. What a user may have
/// chosen goes through [`Fields::untrusted`].
pub(crate) trait Fields: fmt::Write {
    /// Writes what a user may have chosen: in quotes, or in hexadecimal where it holds a quote, a
    /// space, a control character or anything beyond ASCII, so that it cannot pass for a field.
    fn untrusted(&mut self, bytes: &[u8]);

    /// Writes bytes in hexadecimal, upper case.
    fn hex(&mut self, bytes: &[u8]);

    /// Writes the path that a file was opened by, as [`Fields::untrusted`] would.
    fn path(&mut self, file: &File);
}

/// How much text is collected before it is handed to audit, and a NUL.
const PENDING_LENGTH: usize = 96;

/// A record that is being written. It is sent when dropped.
///
/// Each call of `audit_log_format` costs some 300 instructions and more, whatever it writes. So the
/// pieces that `write!` is made of are collected first.
///
/// # Invariants
///
/// - The buffer came from `audit_log_start` and has not been ended.
/// - `pending_length` is less than [`PENDING_LENGTH`].
pub(crate) struct Record {
    buffer: NonNull<bindings::audit_buffer>,
    /// Text that comes next in the record, as long as `pending_length` says.
    pending: [u8; PENDING_LENGTH],
    pending_length: usize,
}

impl Record {
    /// Begins a record from a context that may sleep.
    ///
    /// `None` where audit is off, a filter excludes the record, or there is no memory, which audit
    /// itself counts and reports.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, bindings::GFP_KERNEL)
    }

    /// The same from a context that must not sleep.
    pub(crate) fn start_atomic(kind: Kind) -> Option<Self> {
        Self::start_with(kind, bindings::GFP_ATOMIC | bindings::__GFP_NOWARN)
    }

    fn start_with(kind: Kind, flags: bindings::gfp_t) -> Option<Self> {
        // SAFETY: The context is the calling task's, and the flags allow sleeping only where the
        // caller may.
        let buffer = unsafe {
            bindings::audit_log_start(
                bindings::ipe_helper_audit_context(),
                flags,
                kind.number() as c_int,
            )
        };
        // INVARIANT: The buffer comes from `audit_log_start`, and nothing is pending.
        Some(Self {
            buffer: NonNull::new(buffer)?,
            pending: [0; PENDING_LENGTH],
            pending_length: 0,
        })
    }

    /// Hands over what is pending: before all that goes to audit another way.
    fn flush(&mut self) {
        let length = core::mem::take(&mut self.pending_length);
        if length == 0 {
            return;
        }
        self.pending[length] = 0;
        let text = self.pending.as_ptr();
        // C copies what a format says faster than what an argument does.
        if self.pending[..length].contains(&b'%') {
            // SAFETY: The buffer is live by the type invariant. The format takes one string, which
            // ends with a NUL, at the latest behind what was pending.
            unsafe { bindings::audit_log_format(self.buffer.as_ptr(), c"%s".as_char_ptr(), text) };
        } else {
            // SAFETY: The same. Without a percent sign, the text is a format that takes nothing.
            unsafe { bindings::audit_log_format(self.buffer.as_ptr(), text) };
        }
    }
}

/// None of these sleeps if the record was started so.
impl Fields for Record {
    fn untrusted(&mut self, bytes: &[u8]) {
        self.flush();
        // SAFETY: The buffer is live by the type invariant, the bytes are valid for their length.
        unsafe {
            bindings::audit_log_n_untrustedstring(
                self.buffer.as_ptr(),
                bytes.as_ptr().cast(),
                bytes.len(),
            )
        };
    }

    fn hex(&mut self, bytes: &[u8]) {
        self.flush();
        // SAFETY: The buffer is live by the type invariant, the bytes are valid for their length.
        unsafe { bindings::audit_log_n_hex(self.buffer.as_ptr(), bytes.as_ptr(), bytes.len()) };
    }

    fn path(&mut self, file: &File) {
        self.flush();
        // SAFETY: The buffer is live by the type invariant; the path is an open file's.
        unsafe {
            bindings::audit_log_d_path(self.buffer.as_ptr(), core::ptr::null(), file.path());
        }
    }
}

impl fmt::Write for Record {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            if self.pending_length == PENDING_LENGTH - 1 {
                self.flush();
            }
            let free = &mut self.pending[self.pending_length..PENDING_LENGTH - 1];
            let (piece, after) = rest.split_at(rest.len().min(free.len()));
            free[..piece.len()].copy_from_slice(piece);
            // INVARIANT: The piece has found room before the last byte.
            self.pending_length += piece.len();
            rest = after;
        }
        Ok(())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.flush();
        // SAFETY: The buffer is live by the type invariant, and nobody uses it after this.
        unsafe { bindings::audit_log_end(self.buffer.as_ptr()) };
    }
}
