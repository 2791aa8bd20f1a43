// SPDX-License-Identifier: GPL-2.0-only

//! The program that a task runs.
//!
//! Its properties are those that its file had when it was executed. They are in the task's
//! credentials, where nothing but another `execve(2)` replaces them. `mm->exe_file` is not to be
//! believed: a task exchanges it by `prctl(PR_SET_MM)`, and binfmt_misc can make it a file that
//! never ran.
//!
//! The program of a script is its interpreter. A program that is started as the argument of its
//! dynamic linker has the linker's properties.

#[cfg_attr(not(CONFIG_IPE_PROP_EXE), path = "program/absent.rs")]
mod properties;

pub(crate) use properties::Properties;

use crate::audit;
use crate::eval::{
    self,
    Digest,
    DigestBuffer, //
};

/// The program that asks for something. An unknown one has no properties.
#[derive(Copy, Clone)]
pub(super) struct Asker<'a>(Option<&'a Properties>);

impl<'a> Asker<'a> {
    /// Returns the program with these properties.
    pub(super) fn new(properties: Option<&'a Properties>) -> Self {
        Self(properties)
    }

    /// Calls `use_it` with the program that the calling task runs. It is unknown for a task that
    /// has executed nothing, such as a thread of the kernel.
    ///
    /// # Context
    ///
    /// Any with a task.
    #[inline]
    pub(super) fn with_current<R>(use_it: impl FnOnce(Asker<'_>) -> R) -> R {
        Properties::with_current(|properties| use_it(Asker(properties)))
    }

    /// Returns what a record says of the program.
    pub(super) fn fields(self) -> audit::Asker<'a> {
        if cfg!(CONFIG_IPE_PROP_EXE) {
            self.0.map_or(audit::Asker::Unknown, |properties| {
                audit::Asker::Known(properties.fields())
            })
        } else {
            audit::Asker::Unnamed
        }
    }
}

impl eval::Object for Asker<'_> {
    #[inline]
    fn boot_verified(&self) -> bool {
        self.0.is_some_and(Properties::boot_verified)
    }

    #[inline]
    fn dmverity_signature(&self) -> bool {
        self.0.is_some_and(Properties::dmverity_signature)
    }

    #[inline]
    fn fsverity_signature(&self) -> bool {
        self.0.is_some_and(Properties::fsverity_signature)
    }

    #[inline]
    fn has_fsverity(&self) -> bool {
        self.0.is_some_and(Properties::has_fsverity)
    }
}

impl eval::Digests for Asker<'_> {
    #[inline]
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        self.0?.dmverity_roothash()
    }

    #[inline]
    fn fsverity_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        self.0?.fsverity_digest(buffer)
    }
}

impl eval::Image for Asker<'_> {
    #[inline(always)]
    fn image_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        self.0?.image_digest(buffer)
    }
}
