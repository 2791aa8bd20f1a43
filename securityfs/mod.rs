// SPDX-License-Identifier: GPL-2.0-only

//! The files under `/sys/kernel/security/ipe`.
//!
//! ```text
//! ipe/enforce          0600   whether denials are enforced
//! ipe/success_audit    0600   whether allowed accesses are recorded
//! ipe/seal             0600   whether IPE is sealed; `1` seals it until the next boot
//! ipe/new_policy       0200   takes a signed policy, or the path of one that the active policy allows
//! ipe/policies/<name>/        a policy that is loaded, see `entry`
//! ```
//!
//! Directories, files, and the right to write them belong here. The rules by which a policy is
//! activated, replaced or deleted are in [`crate::loaded::life`], its compilation in
//! [`crate::loaded`], and C's callbacks in [`crate::abstractions::securityfs`].
//!
//! Lock order: the state of an open file, [`Root::writers`], the `loaded` of an entry. Reading
//! takes the first and the third alone. Slow work is done with none held but the first:
//! verification, and all that waits for userspace. A file that a write names is read with none held. Copying from and to its memory waits, and so
//! does making or removing a directory, as a process that lists the parent holds the parent's lock
//! until the names are in its memory.

mod collector;
mod destination;
mod entry;
mod new_policy;
mod origin;
mod refusal;
mod root;
mod switches;
mod text;
#[cfg(CONFIG_IPE_TRIAL)]
mod trial;
#[cfg(CONFIG_IPE_UNUSED_RULES)]
mod unused;
mod upload;

use crate::abstractions::securityfs::{
    Access,
    Directory,
    FileKind, //
};
use crate::loaded::{
    measure_active,
    Reader,
    ACTIVE,
    ON_TRIAL,
    SEAL, //
};
use entry::Entry;
use kernel::prelude::*;
use kernel::sync::{
    Arc,
    SetOnce, //
};
use root::Root;
use switches::{
    Setting,
    SwitchFile, //
};
use upload::Upload;

/// The files of `ipe/`.
static FILES: [FileKind<Root>; 4] = [
    FileKind {
        name: c"success_audit",
        access: Access::RootReadsAndWrites,
        open: |root| SwitchFile::open(root, Setting::SuccessAudit),
    },
    FileKind {
        name: c"enforce",
        access: Access::RootReadsAndWrites,
        open: |root| SwitchFile::open(root, Setting::Enforce),
    },
    FileKind {
        name: c"seal",
        access: Access::RootReadsAndWrites,
        open: |root| SwitchFile::open(root, Setting::Seal),
    },
    FileKind {
        name: c"new_policy",
        access: Access::RootWrites,
        open: |root| Upload::open(root),
    },
];

/// The root, once it is there. It is never removed.
static ROOT: SetOnce<Arc<Root>> = SetOnce::new();

/// Makes the files, with those of the boot policy where there is one. Called once. With a `reader`,
/// policies without a signature can be loaded.
///
/// # Errors
///
/// `ENOMEM`. Then there are none; the boot policy stays active.
pub(crate) fn init(reader: Option<Reader>) -> Result {
    if let Some(reader) = reader {
        origin::init(reader);
    }
    let directory = Directory::new(b"ipe")?;
    directory.add(&FILES)?;
    let policies = Directory::new_in(b"policies", &directory)?;
    let root = Root::new(policies, &ACTIVE, &ON_TRIAL, &SEAL)?;
    if let Some(boot_policy) = ACTIVE.get() {
        Entry::create(&root, boot_policy)?.publish();
    }
    ROOT.populate(root.clone());
    directory.publish(root);
    // The directory is never removed.
    core::mem::forget(directory);
    Ok(())
}

/// Measures the boot policy, if there is one: IMA has not started when it becomes active.
///
/// # Context
///
/// May sleep. Called once, after IMA has started.
pub(crate) fn measure_boot_policy() {
    match ROOT.as_ref() {
        Some(root) => {
            // A program that the kernel has started before may change what decides.
            let _writers = root.writers.lock();
            measure_active(root.active, root.seal.is_set());
        }
        // Without files, nobody can.
        None => measure_active(&ACTIVE, SEAL.is_set()),
    }
}
