// SPDX-License-Identifier: GPL-2.0-only

//! `ipe/new_policy`: takes a signed policy, and makes a directory for it.

use super::collector::{
    Collector,
    Message, //
};
use super::entry::Entry;
use super::root::Root;
use super::text;
use crate::abstractions::securityfs::{
    FileOperations,
    Opener, //
};
use crate::audit;
use crate::loaded::{
    Policy,
    Refusal,
    Report, //
};
use kernel::prelude::*;
use kernel::sync::ArcBorrow;
use kernel::uaccess::UserSliceReader;

/// `ipe/new_policy`.
pub(super) struct NewPolicy;

#[vtable]
impl FileOperations for NewPolicy {
    type Data = Root;
    type State = Collector;

    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN; those of [`Policy::signed`]; `EEXIST` where a policy of that
    /// name is loaded or about to be; `EACCES` or `ENAMETOOLONG` for a name that no directory can
    /// have.
    fn write(
        root: ArcBorrow<'_, Root>,
        collector: &mut Collector,
        opener: &Opener<'_>,
        from: UserSliceReader,
    ) -> Result {
        collector.write(text::administrator(opener), from, |message, report| {
            load(root, message, report)
        })
    }

    fn flush(collector: &mut Collector) -> Result {
        collector.flush()
    }

    fn release(_root: ArcBorrow<'_, Root>, collector: &mut Collector) {
        collector.release();
    }
}

/// Loads a message as a new policy.
///
/// # Errors
///
/// Those of [`Policy::signed`] and of [`Entry::create`].
fn load(root: ArcBorrow<'_, Root>, message: Message, report: &mut Report) -> Result<(), Refusal> {
    let policy = Policy::signed(message.bytes, message.form, report)?;
    // Without the lock: a process that lists the policies can delay this, but no other writer.
    let unpublished = Entry::create(&root.into(), policy.clone())?;
    // So that its record precedes the records of its activation and deletion.
    let _writers = root.writers.lock();
    unpublished.publish();
    audit::load(&policy, report);
    Ok(())
}
