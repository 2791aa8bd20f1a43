// SPDX-License-Identifier: GPL-2.0-only

//! `unused`: a file that lists the rules of a policy that have not decided since `1` was written.

use super::entry::Entry;
use super::text;
use crate::abstractions::alloc::PageExactVec;
use crate::abstractions::securityfs::{
    OpenFile,
    Opener, //
};
use crate::loaded::usage::Usage;
use kernel::fs::file::Offset;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::uaccess::{
    UserSliceReader,
    UserSliceWriter, //
};

/// The file. A read in pieces is of the list at the first piece.
pub(super) struct Unused {
    entry: Arc<Entry>,
    /// The list that is being read.
    list: PageExactVec<u8>,
}

impl Unused {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    #[inline(never)]
    pub(super) fn open(entry: Arc<Entry>) -> Result<KBox<dyn OpenFile>> {
        let unused = Self {
            entry,
            list: PageExactVec::new(),
        };
        Ok(KBox::new(unused, GFP_KERNEL)?)
    }
}

impl OpenFile for Unused {
    /// # Errors
    ///
    /// `ENOENT` where the policy was deleted, `ENODATA` where nothing is noted, `ENOMEM`, `EFAULT`,
    /// `EINVAL` for a negative offset.
    fn read(&mut self, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        let policy = self.entry.policy()?;
        if *offset == 0 {
            self.list = policy.usage().ok_or(ENODATA)?.unused(policy.text())?;
        }
        to.write_slice_file(&self.list, offset)
    }

    /// A true boolean starts anew, a false one ends it.
    ///
    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, `EINVAL` where it is not a boolean, `EFAULT`, `ENOENT` where
    /// the policy was deleted, `ENOMEM`.
    fn write(&mut self, opener: &Opener<'_>, mut from: UserSliceReader) -> Result {
        text::administrator(opener)?;
        let on = text::read_bool(&mut from)?;
        let policy = self.entry.policy()?;
        let usage = if on {
            Some(Usage::new(policy.text())?)
        } else {
            None
        };
        drop(policy.record_usage(usage));
        Ok(())
    }
}
