// SPDX-License-Identifier: GPL-2.0-only

//! Loading a new policy, with a directory of its own: a write to `ipe/new_policy`.

use super::destination::{
    Destination,
    Incoming, //
};
use super::entry::Entry;
use super::root::Root;
use crate::audit;
use crate::loaded::{
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
    /// Those of [`Incoming::compile`] and of [`Entry::create`]: `EEXIST` where a policy of that name
    /// is loaded or about to be. `EACCES` where another policy has become active that might not allow
    /// it.
    fn load(
        self: ArcBorrow<'_, Self>,
        incoming: Incoming,
        report: &mut Report,
    ) -> Result<(), Refusal> {
        let (policy, origin) = incoming.compile(report)?;
        // Without the lock: a process that lists the policies can delay this, but no other writer.
        let unpublished = Entry::create(&self.into(), policy.clone())?;
        let checked = {
            // So that its record precedes the records of its activation and deletion.
            let _writers = self.writers.lock();
            match origin
                .as_ref()
                .map_or(Ok(()), |origin| origin.check(self.active))
            {
                Ok(()) => {
                    unpublished.publish();
                    audit::load(&policy, report, origin.as_ref());
                    Ok(())
                }
                // The directory is removed without the lock.
                Err(refusal) => Err((refusal, unpublished)),
            }
        };
        checked.map_err(|(refusal, _)| refusal)
    }
}
