// SPDX-License-Identifier: GPL-2.0-only

//! Loading a new policy, with a directory of its own: a write to `ipe/new_policy`.

use super::collector::Message;
use super::entry::Entry;
use super::root::Root;
use super::upload::Destination;
use crate::audit;
use crate::loaded::{
    Policy,
    Refusal,
    Report, //
};
use kernel::prelude::*;
use kernel::sync::ArcBorrow;

impl Destination for Root {
    fn check(&self) -> Result {
        Ok(())
    }

    /// # Errors
    ///
    /// Those of [`Policy::signed`] and of [`Entry::create`]: `EEXIST` where a policy of that name is
    /// loaded or about to be.
    fn load(
        self: ArcBorrow<'_, Self>,
        message: Message,
        report: &mut Report,
    ) -> Result<(), Refusal> {
        let policy = Policy::signed(message.bytes, message.form, report)?;
        // Without the lock: a process that lists the policies can delay this, but no other writer.
        let unpublished = Entry::create(&self.into(), policy.clone())?;
        // So that its record precedes the records of its activation and deletion.
        let _writers = self.writers.lock();
        unpublished.publish();
        audit::load(&policy, report);
        Ok(())
    }
}
