// SPDX-License-Identifier: GPL-2.0-only

//! The data that all files of `ipe/` share.

use crate::abstractions::securityfs::Directory;
use crate::loaded::{
    Active,
    OnTrial,
    Seal, //
};
use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::{
    Arc,
    Mutex, //
};

/// The data that the files of `ipe/` share.
#[pin_data]
pub(super) struct Root {
    /// `ipe/policies`, where each loaded policy has a directory.
    pub(super) policies: Directory<()>,
    /// Which of them is active.
    pub(super) active: &'static Active,
    /// Which of them is on trial.
    pub(super) trial: &'static OnTrial,
    /// Whether mode and active policy are sealed.
    pub(super) seal: &'static Seal,
    /// Serialises loading, updating, activating and deleting policies, putting them on trial, and
    /// changes of the mode and of the seal.
    #[pin]
    pub(super) writers: Mutex<()>,
}

impl Root {
    /// Creates the root of the policies below the directory `policies`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn new(
        policies: Directory<()>,
        active: &'static Active,
        trial: &'static OnTrial,
        seal: &'static Seal,
    ) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                policies,
                active,
                trial,
                seal,
                writers <- new_mutex!((), "ipe::writers"),
            }),
            GFP_KERNEL,
        )
    }
}
