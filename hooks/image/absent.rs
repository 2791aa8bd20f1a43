// SPDX-License-Identifier: GPL-2.0-only

//! Files on an image in a kernel that does not know images: there are none.

use super::object::Place;
use crate::eval::{
    self,
    Digest,
    DigestBuffer, //
};
use kernel::sync::rcu;

/// There is no value.
pub(super) enum Image {}

impl Image {
    /// Returns `None`.
    #[inline]
    pub(super) fn at(_: &Place<'_>, _: &rcu::Guard) -> Option<Self> {
        None
    }
}

impl eval::Object for Image {
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

impl eval::Digests for Image {
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        match *self {}
    }

    fn fsverity_digest<'b>(&'b self, _: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        match *self {}
    }
}

impl eval::Image for Image {
    fn image_digest<'b>(&'b self, _: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        match *self {}
    }
}
