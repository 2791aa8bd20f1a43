// SPDX-License-Identifier: GPL-2.0-only

//! Messages that arrive in pieces.

#[kernel::prelude::kunit_tests(ipe_securityfs_collector)]
mod cases {
    use super::super::*;
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

    /// Writes nothing, with or without permission.
    fn write_nothing(collector: &mut Collector, permitted: Result) -> Result<Option<CString>> {
        let nothing = UserSlice::new(UserPtr::from_addr(0), 0).reader();
        collector.write(permitted, nothing, |_, _| Err(EIO.into()))
    }

    #[test]
    fn message_may_arrive_in_one_piece() -> Result {
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
    fn message_may_arrive_byte_by_byte() -> Result {
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
    fn one_message_may_follow_another() -> Result {
        let mut collector = Collector::default();
        for message in [DER, APPENDED, APPENDED, DER] {
            assert!(arrive(&mut collector, &message[..2])?.is_none());
            let got = arrive(&mut collector, &message[2..])?.ok_or(EINVAL)?;
            assert!(*got.bytes == *message);
        }
        Ok(())
    }

    #[test]
    fn bytes_after_a_message_in_the_same_piece_belong_to_it() -> Result {
        let mut collector = Collector::default();
        let got = arrive(&mut collector, b"\x30\x02\x05\x00more")?.ok_or(EINVAL)?;
        assert_eq!(got.bytes.len(), 8);
        Ok(())
    }

    #[test]
    fn empty_write_is_not_a_message() -> Result {
        let mut collector = Collector::default();
        assert_eq!(arrive(&mut collector, b"").err(), Some(EBADMSG));
        // Between two pieces it changes nothing.
        assert!(arrive(&mut collector, &DER[..1])?.is_none());
        assert!(arrive(&mut collector, b"")?.is_none());
        assert!(arrive(&mut collector, &DER[1..])?.is_some());
        Ok(())
    }

    #[test]
    fn error_discards_all_bytes() -> Result {
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
    fn limit_counts_all_pieces() -> Result {
        let mut collector = Collector::default();
        let most = PageExactVec::from_elem(b'#', envelope::MAX_LENGTH, GFP_KERNEL)?;
        assert!(collector.look(most)?.is_none());
        assert_eq!(collector.0.len(), envelope::MAX_LENGTH);
        assert_eq!(arrive(&mut collector, b"#").err(), Some(EFBIG));
        assert!(collector.0.is_empty());
        Ok(())
    }

    #[test]
    fn complete_message_has_no_spare_memory() -> Result {
        let mut collector = Collector::default();
        for byte in &APPENDED[..APPENDED.len() - 1] {
            arrive(&mut collector, &[*byte])?;
        }
        let got = arrive(&mut collector, b"\n")?.ok_or(EINVAL)?;
        // The allocator may give more than it was asked for, growing asks for twice as much.
        assert!(got.bytes.capacity() < 2 * got.bytes.len());
        Ok(())
    }

    #[cfg(CONFIG_IPE_POLICY_ORIGIN)]
    #[test]
    fn write_may_be_a_path() -> Result {
        assert_eq!(path(b"/a/b\n")?.ok_or(EINVAL)?.to_bytes(), b"/a/b");
        assert!(path(DER)?.is_none());
        assert!(path(APPENDED)?.is_none());
        assert_eq!(path(b"/a\0").err(), Some(EINVAL));
        let mut long = KVec::from_elem(b'/', 4097, GFP_KERNEL)?;
        assert_eq!(path(&long).err(), Some(ENAMETOOLONG));
        long.truncate(4095);
        assert!(path(&long)?.is_some());
        Ok(())
    }

    #[test]
    fn last_close_discards_an_incomplete_message() -> Result {
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
    fn write_without_permission_discards_all_bytes() -> Result {
        let mut collector = Collector::default();
        assert!(arrive(&mut collector, &APPENDED[..4])?.is_none());
        assert_eq!(write_nothing(&mut collector, Err(EPERM)).err(), Some(EPERM));
        assert!(collector.0.is_empty());
        assert_eq!(write_nothing(&mut collector, Ok(())).err(), Some(EBADMSG));
        assert!(arrive(&mut collector, &APPENDED[..4])?.is_none());
        write_nothing(&mut collector, Ok(()))?;
        assert_eq!(collector.0.len(), 4);
        Ok(())
    }
}
