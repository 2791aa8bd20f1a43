// SPDX-License-Identifier: GPL-2.0-only

//! Collects a signed policy that arrives in more than one write, and tells it from a path.
//!
//! Programs copy files in pieces, so a long policy takes several writes to one open file. The write
//! that completes it answers for the whole. If it is never completed, `close(2)` returns an error
//! and nothing has changed. The kernel log has a line, too, as many programs do not check
//! `close(2)`.
//!
//! The path of a policy without a signature takes one write: it has no end by which more would be
//! expected.

use super::refusal::refuse;
use crate::abstractions::alloc::PageExactVec;
use crate::loaded::{
    Refusal,
    Report, //
};
use crate::policy::envelope::{
    self,
    Form,
    Unusable, //
};
use crate::policy::origin::{
    self,
    NoPath, //
};
use kernel::prelude::*;
use kernel::str::CString;
use kernel::uaccess::UserSliceReader;

/// The bytes that have arrived at one open file.
#[derive(Default)]
pub(super) struct Collector(PageExactVec<u8>);

/// A complete message.
pub(super) struct Message {
    /// All that was written.
    pub(super) bytes: PageExactVec<u8>,
    /// How it is signed.
    pub(super) form: Form,
}

/// What has arrived, and is complete.
enum Arrival {
    /// A signed policy.
    Message(Message),
    /// The path of one without a signature.
    Path(CString),
}

impl Collector {
    /// Adds a write to the bytes before it. Returns the message once it is complete, or the path
    /// that the write consists of.
    ///
    /// # Errors
    ///
    /// `EBADMSG` where it cannot be a signed policy, `EFBIG` where it is too long; those of
    /// [`path`]; `ENOMEM`, `EFAULT`.
    fn take(
        &mut self,
        mut bytes: PageExactVec<u8>,
        from: UserSliceReader,
    ) -> Result<Option<Arrival>> {
        let is_first = bytes.is_empty();
        if from.len() > envelope::MAX_LENGTH - bytes.len().min(envelope::MAX_LENGTH) {
            return Err(EFBIG);
        }
        from.read_all(&mut bytes, GFP_KERNEL)?;
        if is_first {
            if let Some(path) = path(&bytes)? {
                return Ok(Some(Arrival::Path(path)));
            }
        }
        Ok(self.look(bytes)?.map(Arrival::Message))
    }

    /// Looks at all bytes so far, and keeps them while the message is incomplete.
    ///
    /// # Errors
    ///
    /// `EBADMSG`, `EFBIG` as for [`Self::take`].
    fn look(&mut self, bytes: PageExactVec<u8>) -> Result<Option<Message>> {
        match envelope::form(&bytes) {
            // An empty write is not a policy, as before messages could arrive in pieces.
            Ok(None) if bytes.is_empty() => Err(EBADMSG),
            Ok(None) => {
                self.0 = bytes;
                Ok(None)
            }
            Ok(Some(form)) => Ok(Some(Message {
                bytes: trimmed(bytes),
                form,
            })),
            Err(Unusable::Malformed) => Err(EBADMSG),
            Err(Unusable::TooLong) => Err(EFBIG),
        }
    }

    /// Takes a write. Hands a complete message to `load`, and records a refusal. Returns the path,
    /// if the write names a file. After an error, the next write begins a new message.
    ///
    /// `permitted` is the error where the writer has no permission.
    ///
    /// # Errors
    ///
    /// Those of `permitted`, of [`Self::take`] and of `load`.
    ///
    /// # Context
    ///
    /// May sleep.
    pub(super) fn write(
        &mut self,
        permitted: Result,
        from: UserSliceReader,
        load: impl FnOnce(Message, &mut Report) -> Result<(), Refusal>,
    ) -> Result<Option<CString>> {
        // Taken before the checks, so that any error discards the bytes.
        let before = core::mem::take(&mut self.0);
        permitted
            .and_then(|()| self.take(before, from))
            .map_err(Refusal::from)
            .and_then(|arrival| match arrival {
                Some(Arrival::Message(message)) => {
                    load(message, &mut Report::default()).map(|()| None)
                }
                Some(Arrival::Path(path)) => Ok(Some(path)),
                None => Ok(None),
            })
            .map_err(|refusal| refuse(&refusal, None))
    }

    /// A descriptor is closed.
    ///
    /// Nothing is discarded: the rest may arrive through another descriptor.
    ///
    /// # Errors
    ///
    /// `EBADMSG` where a message is incomplete.
    pub(super) fn flush(&self) -> Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(EBADMSG)
        }
    }

    /// The last descriptor is closed: an incomplete message is refused.
    pub(super) fn release(&mut self) {
        if !core::mem::take(&mut self.0).is_empty() {
            refuse(&Refusal::Incomplete, None);
        }
    }
}

/// Frees the memory that growing has reserved beyond the message, which stays as long as the policy
/// does.
fn trimmed(bytes: PageExactVec<u8>) -> PageExactVec<u8> {
    if bytes.capacity() == bytes.len() {
        return bytes;
    }
    let mut exact = PageExactVec::new();
    match exact.extend_from_slice(&bytes, GFP_KERNEL) {
        Ok(()) => exact,
        Err(_) => bytes,
    }
}

/// Returns the path that a write consists of, if it begins like one. A kernel that loads no policy
/// without a signature knows none.
///
/// # Errors
///
/// `ENAMETOOLONG`; `EINVAL` for a path with a NUL; `ENOMEM`.
fn path(write: &[u8]) -> Result<Option<CString>> {
    if !cfg!(CONFIG_IPE_POLICY_ORIGIN) {
        return Ok(None);
    }
    let path = match origin::path(write) {
        None => return Ok(None),
        Some(Err(NoPath::TooLong)) => return Err(ENAMETOOLONG),
        Some(Err(NoPath::Nul)) => return Err(EINVAL),
        Some(Ok(path)) => path,
    };
    let mut string = KVec::with_capacity(path.len() + 1, GFP_KERNEL)?;
    string.extend_from_slice(path, GFP_KERNEL)?;
    string.push(0, GFP_KERNEL)?;
    let string = CStr::from_bytes_with_nul(&string).map_err(|_| EINVAL)?;
    Ok(Some(CString::try_from(string)?))
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
