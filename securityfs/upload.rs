// SPDX-License-Identifier: GPL-2.0-only

//! `ipe/new_policy` and `update`: files that take signed policies.

use super::collector::{
    Collector,
    Message, //
};
use super::text;
use crate::abstractions::securityfs::{
    OpenFile,
    Opener, //
};
use crate::loaded::{
    Refusal,
    Report, //
};
use kernel::prelude::*;
use kernel::sync::{
    Arc,
    ArcBorrow, //
};
use kernel::uaccess::UserSliceReader;

/// The place that a policy is loaded into.
pub(super) trait Destination: Send + Sync {
    /// Checks that there is such a place.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted.
    fn check(&self) -> Result;

    /// Loads a policy.
    ///
    /// # Errors
    ///
    /// Those of [`Policy::signed`](crate::loaded::Policy::signed), and its own.
    ///
    /// # Context
    ///
    /// May sleep.
    fn load(
        self: ArcBorrow<'_, Self>,
        message: Message,
        report: &mut Report,
    ) -> Result<(), Refusal>;
}

/// A file that takes signed policies for one destination.
pub(super) struct Upload {
    destination: Arc<dyn Destination>,
    collector: Collector,
}

impl Upload {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    #[inline(never)]
    pub(super) fn open(destination: Arc<dyn Destination>) -> Result<KBox<dyn OpenFile>> {
        let upload = Self {
            destination,
            collector: Collector::default(),
        };
        Ok(KBox::new(upload, GFP_KERNEL)?)
    }
}

impl OpenFile for Upload {
    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, those of [`Collector::write`], and those of the destination.
    fn write(&mut self, opener: &Opener<'_>, from: UserSliceReader) -> Result {
        let destination = self.destination.as_arc_borrow();
        let permitted = text::administrator(opener).and_then(|()| destination.check());
        (self.collector).write(permitted, from, |message, report| {
            destination.load(message, report)
        })
    }

    fn flush(&mut self) -> Result {
        self.collector.flush()
    }

    fn release(&mut self) {
        self.collector.release();
    }
}
