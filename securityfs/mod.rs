// SPDX-License-Identifier: GPL-2.0-only

//! The files under `/sys/kernel/security/ipe`.
//!
//! ```text
//! ipe/enforce          0600   whether denials deny
//! ipe/success_audit    0600   whether what is allowed is recorded
//! ipe/new_policy       0200   takes a signed policy
//! ipe/policies/<name>/        a policy that is loaded, see `entry`
//! ```
//!
//! Lock order: an open file's state, [`Root::writers`], an entry's `loaded`. Reading takes the first
//! and the third alone. What takes long happens with none held but the first: verification, and
//! whatever waits for userspace. That is copying from and to its memory, and also making and removing
//! directories: whoever lists one has it locked until their memory takes the names.

mod collector;
mod entry;
mod new_policy;
mod switches;
mod text;

use crate::abstractions::securityfs::Directory;
use crate::loaded::{
    Active,
    ACTIVE, //
};
use entry::Entry;
use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::{
    Arc,
    Mutex, //
};

/// What the files of `ipe/` share.
#[pin_data]
pub(crate) struct Root {
    /// `ipe/policies`, where each loaded policy has a directory.
    policies: Directory<()>,
    /// Which of them is active.
    active: &'static Active,
    /// Held by whoever loads, updates, activates or deletes a policy.
    #[pin]
    writers: Mutex<()>,
}

impl Root {
    /// Policies that are to be loaded below `policies`.
    fn new(policies: Directory<()>, active: &'static Active) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                policies,
                active,
                writers <- new_mutex!((), "ipe::writers"),
            }),
            GFP_KERNEL,
        )
    }
}

/// Makes the files, with those of the boot policy where there is one. Called once.
///
/// # Errors
///
/// `ENOMEM`. Then there are none; the boot policy stays active.
pub(crate) fn init() -> Result {
    let directory = Directory::new(c"ipe")?;
    directory.file::<switches::SuccessAudit>(c"success_audit", 0o600)?;
    directory.file::<switches::Enforce>(c"enforce", 0o600)?;
    directory.file::<new_policy::NewPolicy>(c"new_policy", 0o200)?;

    let policies = Directory::new_in(c"policies", &directory)?;
    let root = Root::new(policies, &ACTIVE)?;
    if let Some(boot_policy) = ACTIVE.get() {
        Entry::create(&root, boot_policy)?.publish();
    }
    directory.publish(root);
    // It stays until the machine goes down.
    core::mem::forget(directory);
    Ok(())
}
