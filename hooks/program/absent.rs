// SPDX-License-Identifier: GPL-2.0-only

//! The properties of a program's file in a kernel that does not keep them: none is known.

use crate::abstractions::cred::ScriptBits;
use crate::abstractions::fs::Program;
use crate::audit;
use crate::eval::{
    self,
    Digest,
    DigestBuffer, //
};
use kernel::prelude::*;
use kernel::sync::Arc;

/// There is no value.
pub(crate) enum Properties {}

impl Properties {
    /// Keeps nothing, and returns `None`.
    pub(in super::super) fn give(
        _program: &Program,
        _script_bits: ScriptBits,
    ) -> Result<Option<Arc<Self>>> {
        Ok(None)
    }

    /// Calls `use_it` with `None`.
    #[inline]
    pub(super) fn with_current<R>(use_it: impl FnOnce(Option<&Self>) -> R) -> R {
        use_it(None)
    }

    /// Returns what a record says of the program.
    pub(super) fn fields(&self) -> audit::Program<'_> {
        match *self {}
    }
}

impl eval::Object for Properties {
    fn boot_verified(&self) -> bool {
        match *self {}
    }

    fn dmverity_signature(&self) -> bool {
        match *self {}
    }

    fn fsverity_signature(&self) -> bool {
        match *self {}
    }
}

impl eval::Digests for Properties {
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        match *self {}
    }

    fn fsverity_digest<'b>(&'b self, _: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        match *self {}
    }
}

impl eval::Image for Properties {
    fn image_digest<'b>(&'b self, _: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        match *self {}
    }
}
