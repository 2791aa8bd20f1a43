// SPDX-License-Identifier: GPL-2.0-only

//! A policy that is to be loaded, and the place that it is loaded into.

use super::collector::Message;
use crate::abstractions::alloc::PageExactVec;
use crate::loaded::{
    life,
    Origin,
    Policy,
    Refusal,
    Report, //
};
use kernel::prelude::*;
use kernel::sync::{
    Arc,
    ArcBorrow, //
};

/// A policy that is to be loaded.
pub(super) enum Incoming {
    /// A signed message.
    Signed(Message),
    /// The text of a file that the active policy allows.
    File {
        /// The text.
        text: PageExactVec<u8>,
        /// The file, and the rule that allows it.
        origin: Origin,
    },
}

impl Incoming {
    /// Returns whether it is the policy that is loaded already.
    pub(super) fn is(&self, policy: &Policy) -> bool {
        match self {
            Self::Signed(message) => life::is_loaded(policy, &message.bytes),
            Self::File { text, .. } => life::is_loaded_text(policy, text),
        }
    }

    /// Returns where it comes from, if it has no signature.
    pub(super) fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Signed(_) => None,
            Self::File { origin, .. } => Some(origin),
        }
    }

    /// Makes it a policy. Returns where it comes from, as well, if it has no signature: that is to be
    /// [checked](Origin::check) when the policy is loaded.
    ///
    /// # Errors
    ///
    /// Those of [`Policy::signed`] or of [`Policy::unsigned`].
    ///
    /// # Context
    ///
    /// May sleep.
    pub(super) fn compile(
        self,
        report: &mut Report,
    ) -> Result<(Arc<Policy>, Option<Origin>), Refusal> {
        Ok(match self {
            Self::Signed(message) => (Policy::signed(message.bytes, message.form, report)?, None),
            Self::File { text, origin } => (Policy::unsigned(text, report)?, Some(origin)),
        })
    }
}

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
    /// Those of [`Incoming::compile`]; `EACCES` where another policy has become active that might
    /// not allow it; its own.
    ///
    /// # Context
    ///
    /// May sleep.
    fn load(
        self: ArcBorrow<'_, Self>,
        incoming: Incoming,
        report: &mut Report,
    ) -> Result<(), Refusal>;
}
