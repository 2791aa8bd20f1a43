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
pub(crate) struct Kind(u32);

impl Kind {
    /// Creates the type with this number.
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }
}

/// The destination of a record's fields.
///
/// `write!` adds its text unchanged: only for the kernel's own text. Text that a user may have
/// chosen goes through [`Fields::untrusted`].
pub(crate) trait Fields: fmt::Write {
    /// Writes text that a user may have chosen: in quotes, or in hexadecimal where it holds a
    /// quote, a space, a control character or anything beyond ASCII. So it cannot pass for a field.
    fn untrusted(&mut self, bytes: &[u8]);

    /// Writes bytes in hexadecimal, upper case.
    fn hex(&mut self, bytes: &[u8]);

    /// Writes the path that a file was opened by, with the rules of [`Fields::untrusted`].
    fn path(&mut self, file: &File);
}

/// The size of the buffer of text that is not yet handed to audit, with a NUL.
const PENDING_LENGTH: usize = 96;

/// A record that is being written. Dropping it sends it.
///
/// Each call of `audit_log_format` costs 300 instructions and more, even for a single byte. So the
/// record first collects the pieces that `write!` consists of.
///
/// # Invariants
///
/// - The buffer came from `audit_log_start` and has not been ended.
/// - `pending_length` is less than [`PENDING_LENGTH`].
pub(crate) struct Record {
    buffer: NonNull<bindings::audit_buffer>,
    /// Text that comes next in the record, of `pending_length` bytes.
    pending: [u8; PENDING_LENGTH],
    pending_length: usize,
}

impl Record {
    /// Begins a record.
    ///
    /// Returns `None` where audit is off, a filter excludes the record, or there is no memory.
    /// Audit itself counts and reports the last case.
    ///
    /// # Context
    ///
    /// May sleep.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, bindings::GFP_KERNEL)
    }

    /// Begins a record, like [`Record::start`].
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub(crate) fn start_atomic(kind: Kind) -> Option<Self> {
        Self::start_with(kind, bindings::GFP_ATOMIC | bindings::__GFP_NOWARN)
    }

    fn start_with(kind: Kind, flags: bindings::gfp_t) -> Option<Self> {
        // SAFETY: The context is the calling task's, and the flags allow sleeping only where the
        // caller may.
        let buffer = unsafe {
            bindings::audit_log_start(bindings::rust_lsm_audit_context(), flags, kind.0 as c_int)
        };
        // INVARIANT: The buffer comes from `audit_log_start`, and nothing is pending.
        Some(Self {
            buffer: NonNull::new(buffer)?,
            pending: [0; PENDING_LENGTH],
            pending_length: 0,
        })
    }

    /// Hands the pending text over. Needed before anything reaches audit another way.
    fn flush(&mut self) {
        let length = core::mem::take(&mut self.pending_length);
        if length == 0 {
            return;
        }
        self.pending[length] = 0;
        let text = self.pending.as_ptr();
        // C copies the text of a format faster than that of an argument.
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

/// None of these sleeps, if the record was started with [`Record::start_atomic`].
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
            bindings::audit_log_d_path(
                self.buffer.as_ptr(),
                core::ptr::null(),
                file.path().as_ptr(),
            );
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
        // SAFETY: The buffer is live by the type invariant, and not used after this.
        unsafe { bindings::audit_log_end(self.buffer.as_ptr()) };
    }
}
