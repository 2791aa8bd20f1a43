// SPDX-License-Identifier: GPL-2.0-only

//! `trial` and `trial_stats`: the files by which a policy is put on trial, and what came of it.

use super::entry::Entry;
use super::text;
use crate::abstractions::alloc::PageExactVec;
use crate::abstractions::securityfs::{
    OpenFile,
    Opener, //
};
use kernel::fs::file::Offset;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::uaccess::{
    UserSliceReader,
    UserSliceWriter, //
};

/// `trial`.
pub(super) struct TrialFile {
    entry: Arc<Entry>,
}

impl TrialFile {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    #[inline(never)]
    pub(super) fn open(entry: Arc<Entry>) -> Result<KBox<dyn OpenFile>> {
        Ok(KBox::new(Self { entry }, GFP_KERNEL)?)
    }
}

impl OpenFile for TrialFile {
    /// # Errors
    ///
    /// `ENOENT` where the policy was deleted, `EFAULT`, `EINVAL` for a negative offset.
    fn read(&mut self, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        text::write_bool(self.entry.trial()?.is_some(), to, offset)
    }

    /// A true boolean begins a trial, anew if there is one of this policy; a false one ends it.
    ///
    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, `EINVAL` where it is not a boolean, `EFAULT`, and those of
    /// [`Entry::begin_trial`] or [`Entry::end_trial`].
    fn write(&mut self, opener: &Opener<'_>, mut from: UserSliceReader) -> Result {
        text::administrator(opener)?;
        if text::read_bool(&mut from)? {
            self.entry.begin_trial()
        } else {
            self.entry.end_trial()
        }
    }
}

/// `trial_stats`. A read in pieces is of the counts at the first piece.
pub(super) struct Stats {
    entry: Arc<Entry>,
    /// The counts that are being read.
    counts: PageExactVec<u8>,
}

impl Stats {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    #[inline(never)]
    pub(super) fn open(entry: Arc<Entry>) -> Result<KBox<dyn OpenFile>> {
        let stats = Self {
            entry,
            counts: PageExactVec::new(),
        };
        Ok(KBox::new(stats, GFP_KERNEL)?)
    }
}

impl OpenFile for Stats {
    /// # Errors
    ///
    /// `ENOENT` where the policy was deleted, `ENODATA` where it is not on trial, `ENOMEM`, `EFAULT`,
    /// `EINVAL` for a negative offset.
    fn read(&mut self, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        if *offset == 0 {
            self.counts = self.entry.trial()?.ok_or(ENODATA)?.counts()?;
        }
        to.write_slice_file(&self.counts, offset)
    }
}
