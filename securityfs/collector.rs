// SPDX-License-Identifier: GPL-2.0-only

//! Collects a signed policy that arrives in more than one write.
//!
//! Programs copy files in pieces, so that a long policy comes in several writes to one open file.
//! The write that completes it answers for the whole. Where it is never completed, closing says so,
//! nothing has changed, and the kernel log has a line for whoever does not look at `close(2)`.

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

/// What has arrived at one open file.
#[derive(Default)]
pub(super) struct Collector(PageExactVec<u8>);

/// A message that is complete.
pub(super) struct Message {
    /// All that was written.
    pub(super) bytes: PageExactVec<u8>,
    /// How it is signed.
    pub(super) form: Form,
}

impl Collector {
    /// Adds what was written to the bytes that came before; returns the message once it is complete.
    ///
    /// Errors: `EBADMSG` where it can not be a signed policy, `EFBIG` where it is too long,
    /// `ENOMEM`, `EFAULT`.
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

    /// Looks at all that has arrived, and keeps it while it is incomplete.
    ///
    /// Errors: `EBADMSG`, `EFBIG` as above.
    fn look(&mut self, bytes: PageExactVec<u8>) -> Result<Option<Message>> {
        match envelope::form(&bytes) {
            // As before there were messages in pieces: nothing is no policy.
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

    /// A write: when the message is complete, hands it to `load`, and records a refusal. After an
    /// error, the next write begins a new message.
    ///
    /// `permitted` is why nothing may be written, if nothing may.
    pub(super) fn write(
        &mut self,
        permitted: Result,
        from: UserSliceReader,
        load: impl FnOnce(Message, &mut Report) -> Result<(), Refusal>,
    ) -> Result {
        // Before it is known whether anything may be written: after any error there is nothing left.
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

    /// A descriptor is closed. Errors: `EBADMSG` where a message is incomplete.
    ///
    /// There may be another descriptor, through which the rest arrives: nothing is discarded.
    pub(super) fn flush(&self) -> Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(EBADMSG)
        }
    }

    /// The last descriptor is closed: what is incomplete is refused.
    pub(super) fn release(&mut self) {
        if !core::mem::take(&mut self.0).is_empty() {
            refuse(&Refusal::Incomplete);
        }
    }
}

/// Gives back what growing has reserved beyond the message, which stays as long as the policy does.
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

/// Tells the log and the audit of a refusal; returns what the system call answers.
fn refuse(refusal: &Refusal) -> Error {
    refusal.log();
    audit::refusal(refusal);
    refusal.errno()
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
