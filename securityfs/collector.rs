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
#[kunit_tests(ipe_securityfs_collector)]
mod tests {
    use super::*;
    use kernel::uaccess::{
        UserPtr,
        UserSlice, //
    };

    /// The smallest message of each form.
    const DER: &[u8] = b"\x30\x02\x05\x00";
    const APPENDED: &[u8] = b"p=1\xaa\0\0\x02\0\0\0\0\0\0\0\0\x01~Module signature appended~\n";

    /// A piece arrives, as `take` gets it from userspace.
    fn arrive(collector: &mut Collector, piece: &[u8]) -> Result<Option<Message>> {
        let mut bytes = core::mem::take(&mut collector.0);
        bytes.extend_from_slice(piece, GFP_KERNEL)?;
        collector.look(bytes)
    }

    /// Nothing is written, by somebody who may or may not.
    fn write_nothing(collector: &mut Collector, permitted: Result) -> Result {
        let nothing = UserSlice::new(UserPtr::from_addr(0), 0).reader();
        collector.write(permitted, nothing, |_, _| Err(EIO.into()))
    }

    #[test]
    fn a_message_in_one_piece() -> Result {
        for (message, form) in [(DER, Form::Pkcs7), (APPENDED, Form::Appended)] {
            let mut collector = Collector::default();
            let got = arrive(&mut collector, message)?.ok_or(EINVAL)?;
            assert_eq!(got.form, form);
            assert!(*got.bytes == *message);
            assert!(collector.0.is_empty());
            collector.flush()?;
        }
        Ok(())
    }

    #[test]
    fn a_message_byte_by_byte() -> Result {
        for (message, form) in [(DER, Form::Pkcs7), (APPENDED, Form::Appended)] {
            let mut collector = Collector::default();
            let (last, rest) = message.split_last().ok_or(EINVAL)?;
            for (index, &byte) in rest.iter().enumerate() {
                assert!(arrive(&mut collector, &[byte])?.is_none());
                assert!(*collector.0 == message[..=index]);
                assert_eq!(collector.flush(), Err(EBADMSG));
            }
            let got = arrive(&mut collector, &[*last])?.ok_or(EINVAL)?;
            assert_eq!(got.form, form);
            assert!(*got.bytes == *message);
            collector.flush()?;
        }
        Ok(())
    }

    #[test]
    fn one_message_after_another() -> Result {
        let mut collector = Collector::default();
        for message in [DER, APPENDED, APPENDED, DER] {
            assert!(arrive(&mut collector, &message[..2])?.is_none());
            let got = arrive(&mut collector, &message[2..])?.ok_or(EINVAL)?;
            assert!(*got.bytes == *message);
        }
        Ok(())
    }

    #[test]
    fn what_follows_a_message_in_the_same_piece_is_part_of_it() -> Result {
        let mut collector = Collector::default();
        let got = arrive(&mut collector, b"\x30\x02\x05\x00more")?.ok_or(EINVAL)?;
        assert_eq!(got.bytes.len(), 8);
        Ok(())
    }

    #[test]
    fn nothing_is_no_message() -> Result {
        let mut collector = Collector::default();
        assert_eq!(arrive(&mut collector, b"").err(), Some(EBADMSG));
        // Between two pieces it changes nothing.
        assert!(arrive(&mut collector, &DER[..1])?.is_none());
        assert!(arrive(&mut collector, b"")?.is_none());
        assert!(arrive(&mut collector, &DER[1..])?.is_some());
        Ok(())
    }

    #[test]
    fn after_an_error_nothing_is_left() -> Result {
        let mut collector = Collector::default();
        for bad in [b"\x30\x80".as_slice(), b"x", b"\x7fELF", b"\x30\x85"] {
            assert_eq!(arrive(&mut collector, bad).err(), Some(EBADMSG));
            assert!(collector.0.is_empty());
            collector.flush()?;
        }
        let too_long = b"\x30\x84\x01\x00\x00\x00";
        assert!(arrive(&mut collector, &too_long[..2])?.is_none());
        assert_eq!(arrive(&mut collector, &too_long[2..]).err(), Some(EFBIG));
        assert!(collector.0.is_empty());
        assert!(arrive(&mut collector, DER)?.is_some());
        Ok(())
    }

    #[test]
    fn the_bound_is_on_the_whole() -> Result {
        let mut collector = Collector::default();
        let most = PageExactVec::from_elem(b'#', envelope::MAX_LENGTH, GFP_KERNEL)?;
        assert!(collector.look(most)?.is_none());
        assert_eq!(collector.0.len(), envelope::MAX_LENGTH);
        assert_eq!(arrive(&mut collector, b"#").err(), Some(EFBIG));
        assert!(collector.0.is_empty());
        Ok(())
    }

    #[test]
    fn what_is_complete_takes_no_more_memory_than_it_needs() -> Result {
        let mut collector = Collector::default();
        for byte in &APPENDED[..APPENDED.len() - 1] {
            arrive(&mut collector, &[*byte])?;
        }
        let got = arrive(&mut collector, b"\n")?.ok_or(EINVAL)?;
        // The allocator may give more than it was asked for, growing asks for twice as much.
        assert!(got.bytes.capacity() < 2 * got.bytes.len());
        Ok(())
    }

    #[test]
    fn closing_discards_what_is_incomplete() -> Result {
        let mut collector = Collector::default();
        assert!(arrive(&mut collector, &APPENDED[..4])?.is_none());
        // Twice: of several descriptors, each is closed.
        assert_eq!(collector.flush(), Err(EBADMSG));
        assert_eq!(collector.flush(), Err(EBADMSG));
        assert_eq!(collector.0.len(), 4);
        collector.release();
        assert!(collector.0.is_empty());
        collector.flush()
    }

    #[test]
    fn who_may_not_write_discards_as_well() -> Result {
        let mut collector = Collector::default();
        assert!(arrive(&mut collector, &APPENDED[..4])?.is_none());
        assert_eq!(write_nothing(&mut collector, Err(EPERM)), Err(EPERM));
        assert!(collector.0.is_empty());
        assert_eq!(write_nothing(&mut collector, Ok(())), Err(EBADMSG));
        assert!(arrive(&mut collector, &APPENDED[..4])?.is_none());
        write_nothing(&mut collector, Ok(()))?;
        assert_eq!(collector.0.len(), 4);
        Ok(())
    }
}
