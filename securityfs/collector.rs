// SPDX-License-Identifier: GPL-2.0-only

//! Collects a signed policy that arrives in more than one write.
//!
//! Programs copy files in pieces, so a long policy takes several writes to one open file. The write
//! that completes it answers for the whole. If it is never completed, `close(2)` returns an error
//! and nothing has changed. The kernel log has a line, too, as many programs do not check
//! `close(2)`.

use crate::abstractions::alloc::PageExactVec;
use crate::abstractions::compat::EBADMSG;
use crate::audit;
use crate::loaded::{
    Refusal,
    Report, //
};
use crate::policy::envelope::{
    self,
    Form,
    Unusable, //
};
use kernel::prelude::*;
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

impl Collector {
    /// Adds a write to the bytes before it. Returns the message once it is complete.
    ///
    /// # Errors
    ///
    /// `EBADMSG` where it cannot be a signed policy, `EFBIG` where it is too long, `ENOMEM`,
    /// `EFAULT`.
    fn take(
        &mut self,
        mut bytes: PageExactVec<u8>,
        from: UserSliceReader,
    ) -> Result<Option<Message>> {
        if from.len() > envelope::MAX_LENGTH - bytes.len().min(envelope::MAX_LENGTH) {
            return Err(EFBIG);
        }
        from.read_all(&mut bytes, GFP_KERNEL)?;
        self.look(bytes)
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

    /// Takes a write. Hands a complete message to `load`, and records a refusal. After an error,
    /// the next write begins a new message.
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
    ) -> Result {
        // Taken before the checks, so that any error discards the bytes.
        let before = core::mem::take(&mut self.0);
        permitted
            .and_then(|()| self.take(before, from))
            .map_err(Refusal::from)
            .and_then(|message| match message {
                Some(message) => load(message, &mut Report::default()),
                None => Ok(()),
            })
            .map_err(|refusal| refuse(&refusal))
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
            refuse(&Refusal::Incomplete);
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

/// Reports a refusal to the log and to audit. Returns the errno for the system call.
fn refuse(refusal: &Refusal) -> Error {
    refusal.log();
    audit::refusal(refusal);
    refusal.errno()
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
