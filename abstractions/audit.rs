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
    /// `AUDIT_IPE_CONFIG_CHANGE`, 1421: another policy of IPE is in force.
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

/// A record that is being written. It is sent when dropped.
///
/// What `write!` writes goes into the record as it is: only for text of the kernel's own. What a
/// user may have chosen goes through [`Record::untrusted`].
///
/// # Invariants
///
/// The buffer came from `audit_log_start` and has not been ended.
pub(crate) struct Record(NonNull<bindings::audit_buffer>);

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
        // INVARIANT: The buffer comes from `audit_log_start`.
        NonNull::new(buffer).map(Self)
    }

    /// Writes what a user may have chosen: in quotes, or in hexadecimal where it holds a quote, a
    /// space, a control character or anything beyond ASCII, so that it cannot pass for a field.
    pub(crate) fn untrusted(&mut self, bytes: &[u8]) {
        // SAFETY: The buffer is live by the type invariant, the bytes are valid for their length.
        unsafe {
            bindings::audit_log_n_untrustedstring(
                self.0.as_ptr(),
                bytes.as_ptr().cast(),
                bytes.len(),
            )
        };
    }

    /// Writes bytes in hexadecimal, upper case.
    pub(crate) fn hex(&mut self, bytes: &[u8]) {
        // SAFETY: The buffer is live by the type invariant, the bytes are valid for their length.
        unsafe { bindings::audit_log_n_hex(self.0.as_ptr(), bytes.as_ptr(), bytes.len()) };
    }

    /// Writes the path that a file was opened by, as [`Record::untrusted`] would. Does not sleep if
    /// the record was started so.
    pub(crate) fn path(&mut self, file: &File) {
        // SAFETY: The buffer is live by the type invariant; the path is an open file's.
        unsafe {
            bindings::audit_log_d_path(self.0.as_ptr(), core::ptr::null(), file.path());
        }
    }
}

impl fmt::Write for Record {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let length = c_int::try_from(text.len()).map_err(|_| fmt::Error)?;
        // SAFETY: The buffer is live by the type invariant. The format takes a length and that
        // many bytes, which are valid and, as C would stop there, are not expected to hold a NUL.
        unsafe {
            bindings::audit_log_format(
                self.0.as_ptr(),
                c"%.*s".as_char_ptr(),
                length,
                text.as_ptr(),
            )
        };
        Ok(())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // SAFETY: The buffer is live by the type invariant, and nobody uses it after this.
        unsafe { bindings::audit_log_end(self.0.as_ptr()) };
    }
}
