// SPDX-License-Identifier: GPL-2.0-only

//! Records for the audit subsystem.
//!
//! C header: [`include/linux/audit.h`](srctree/include/linux/audit.h)

use super::bindings;
use super::fs::File;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use kernel::ffi::{
    c_int,
    c_void, //
};
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
/// [`Fields::text`] and [`Fields::format`] add text unchanged: only for the kernel's own text. Text
/// that a user may have chosen goes through [`Fields::untrusted`].
///
/// Nothing here fails: a record takes as much as there is memory for, and audit reports a loss.
pub(crate) trait Fields {
    /// Writes text of the kernel.
    fn text(&mut self, text: &str);

    /// Begins text of the kernel that is in quotes.
    fn open_quote(&mut self);

    /// Ends text in quotes.
    fn close_quote(&mut self);

    /// Writes a number in decimal digits, with fewer instructions than [`Fields::format`].
    fn number(&mut self, number: u64);

    /// Writes text that a user may have chosen: in quotes, or in hexadecimal where it holds a
    /// quote, a space, a control character or anything beyond ASCII. So it cannot pass for a field.
    fn untrusted(&mut self, bytes: &[u8]);

    /// Writes bytes in hexadecimal, upper case.
    fn hex(&mut self, bytes: &[u8]);

    /// Writes the path that a file was opened by, with the rules of [`Fields::untrusted`].
    fn path(&mut self, file: &File);

    /// Writes text of the kernel that is made while it is written.
    fn format(&mut self, text: fmt::Arguments<'_>);
}

/// The size of the buffer of text that is not yet handed to audit, with a NUL.
const PENDING_LENGTH: usize = 192;

/// The number of digits of the largest number.
const MAX_DIGITS: usize = 20;

/// A record that is being written. Dropping it sends it.
///
/// Each call of `audit_log_format` costs 300 instructions and more, even for a single byte. So the
/// record first collects the pieces of its text.
///
/// # Invariants
///
/// - The buffer came from `audit_log_start` and has not been ended.
/// - `pending_length` is less than [`PENDING_LENGTH`], and so many bytes of `pending` are
///   initialised.
pub(crate) struct Record {
    buffer: NonNull<bindings::audit_buffer>,
    /// Text that comes next in the record, of `pending_length` bytes.
    pending: MaybeUninit<[u8; PENDING_LENGTH]>,
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
            // Zeros would cost more than most of what is written.
            pending: MaybeUninit::uninit(),
            pending_length: 0,
        })
    }

    /// Hands the pending text over. Needed before anything reaches audit another way.
    #[inline(never)]
    fn flush(&mut self) {
        let length = core::mem::take(&mut self.pending_length);
        if length == 0 {
            return;
        }
        let start = self.pending.as_mut_ptr().cast::<u8>();
        // SAFETY: By the type invariant there is room for one more byte.
        unsafe { start.add(length).write(0) };
        // SAFETY: By the type invariant so many bytes are initialised.
        let text = unsafe { core::slice::from_raw_parts(start, length) };
        let buffer = self.buffer.as_ptr();
        // C copies the text of a format faster than that of an argument.
        if text.contains(&b'%') {
            // SAFETY: The buffer is live by the type invariant. The format takes one string, which
            // ends with a NUL, at the latest behind what was pending.
            unsafe { bindings::audit_log_format(buffer, c"%s".as_char_ptr(), start) };
        } else {
            // SAFETY: The same. Without a percent sign, the text is a format that takes nothing.
            unsafe { bindings::audit_log_format(buffer, start.cast()) };
        }
    }

    /// Adds bytes to the pending text.
    #[inline(never)]
    fn append(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        loop {
            let room = PENDING_LENGTH - 1 - self.pending_length;
            let (piece, after) = rest.split_at(rest.len().min(room));
            // SAFETY: The pending text and the piece fit into the buffer, before its last byte.
            unsafe {
                let end = (self.pending.as_mut_ptr().cast::<u8>()).add(self.pending_length);
                end.copy_from_nonoverlapping(piece.as_ptr(), piece.len());
            }
            // INVARIANT: The piece was copied behind the bytes before.
            self.pending_length += piece.len();
            if after.is_empty() {
                return;
            }
            rest = after;
            self.flush();
        }
    }
}

/// None of these sleeps, if the record was started with [`Record::start_atomic`].
impl Fields for Record {
    fn text(&mut self, text: &str) {
        self.append(text.as_bytes());
    }

    fn open_quote(&mut self) {
        self.flush();
        self.append(b"\"");
    }

    /// Where the quote that begins the text is still pending, audit adds both, and copies the text
    /// with fewer instructions than that of a format.
    fn close_quote(&mut self) {
        let length = self.pending_length;
        // SAFETY: By the type invariant so many bytes are initialised.
        let text = unsafe { core::slice::from_raw_parts(self.pending.as_ptr().cast(), length) };
        let [b'"', quoted @ ..] = text else {
            return self.append(b"\"");
        };
        // SAFETY: The buffer is live by the type invariant, the bytes are valid for their length.
        unsafe {
            bindings::audit_log_n_string(self.buffer.as_ptr(), quoted.as_ptr().cast(), quoted.len())
        };
        self.pending_length = 0;
    }

    #[inline(never)]
    fn number(&mut self, number: u64) {
        let mut digits = [0; MAX_DIGITS];
        let mut first = MAX_DIGITS;
        let mut rest = number;
        for (index, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            first = index;
            if rest == 0 {
                break;
            }
        }
        self.append(digits.get(first..).unwrap_or_default());
    }

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

    fn format(&mut self, text: fmt::Arguments<'_>) {
        self.flush();
        let pointer = core::ptr::from_ref(&text).cast::<c_void>();
        // SAFETY: The buffer is live by the type invariant. The format takes one pointer to
        // `fmt::Arguments`, which live during the call.
        unsafe {
            bindings::audit_log_format(self.buffer.as_ptr(), c"%pA".as_char_ptr(), pointer);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.flush();
        // SAFETY: The buffer is live by the type invariant, and not used after this.
        unsafe { bindings::audit_log_end(self.buffer.as_ptr()) };
    }
}
