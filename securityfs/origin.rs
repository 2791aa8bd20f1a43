// SPDX-License-Identifier: GPL-2.0-only

//! Loading a policy without a signature from the file whose path is written.
//!
//! The file is read when the write is over, without the lock of the open file: a file system may
//! take its time, or need another process that waits for this lock.

use super::destination::{
    Destination,
    Incoming, //
};
use super::refusal::refuse;
use crate::abstractions::securityfs::Work;
use crate::loaded::{
    Origin,
    Reader,
    Refusal,
    Report, //
};
use kernel::prelude::*;
use kernel::str::CString;
use kernel::sync::{
    Arc,
    SetOnce, //
};

/// Reads the files that the active policy allows; not set in a kernel that loads none.
static READER: SetOnce<Reader> = SetOnce::new();

/// Has policies without a signature read by `reader`.
pub(super) fn init(reader: Reader) {
    READER.populate(reader);
}

/// A policy that is to be loaded from a file.
pub(super) struct FromFile {
    destination: Arc<dyn Destination>,
    path: CString,
}

impl FromFile {
    /// Creates it, for [`OpenFile::work`](crate::abstractions::securityfs::OpenFile::work).
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn boxed(
        destination: Arc<dyn Destination>,
        path: CString,
    ) -> Result<KBox<dyn Work>> {
        Ok(KBox::new(Self { destination, path }, GFP_KERNEL)?)
    }

    /// Reads the file, and loads the policy.
    ///
    /// # Errors
    ///
    /// Those of [`Reader`] and of the destination.
    fn load(&self, report: &mut Report) -> Result<(), Refusal> {
        let read = READER.copy().ok_or(EBADMSG)?;
        let permitted = read(&self.path)?;
        let path = CString::try_from(&*self.path)?;
        let origin = Origin::new(path, permitted.allowed_by, permitted.rule);
        let incoming = Incoming::File {
            text: permitted.text,
            origin,
        };
        self.destination.as_arc_borrow().load(incoming, report)
    }
}

impl Work for FromFile {
    fn run(&self) -> Result {
        self.load(&mut Report::default())
            .map_err(|refusal| refuse(&refusal, Some(self.path.to_bytes())))
    }
}
