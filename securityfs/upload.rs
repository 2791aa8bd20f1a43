// SPDX-License-Identifier: GPL-2.0-only

//! `ipe/new_policy` and `update`: files that take signed policies, or the path of a file that the
//! active policy allows as one.

use super::collector::Collector;
use super::destination::{
    Destination,
    Incoming, //
};
use super::origin::FromFile;
use super::refusal::refuse;
use super::text;
use crate::abstractions::securityfs::{
    OpenFile,
    Opener,
    Work, //
};
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::uaccess::UserSliceReader;

/// A file that takes policies for one destination.
pub(super) struct Upload {
    destination: Arc<dyn Destination>,
    collector: Collector,
    /// Loading the file that the last write has named.
    work: Option<KBox<dyn Work>>,
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
            work: None,
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
        let path = (self.collector).write(permitted, from, |message, report| {
            destination.load(Incoming::Signed(message), report)
        })?;
        if let Some(path) = path {
            let work = FromFile::boxed(self.destination.clone(), path)
                .map_err(|error| refuse(&error.into(), None))?;
            self.work = Some(work);
        }
        Ok(())
    }

    fn work(&mut self) -> Option<KBox<dyn Work>> {
        self.work.take()
    }

    fn flush(&mut self) -> Result {
        self.collector.flush()
    }

    fn release(&mut self) {
        self.collector.release();
    }
}
