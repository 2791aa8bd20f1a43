// SPDX-License-Identifier: GPL-2.0-only

//! The switches: files that hold `0` or `1`.

use super::root::Root;
use super::text;
use crate::abstractions::param::Switch;
use crate::abstractions::securityfs::{
    OpenFile,
    Opener, //
};
use crate::audit;
use crate::mode::{
    ENFORCE,
    SUCCESS_AUDIT, //
};
use kernel::fs::file::Offset;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::uaccess::{
    UserSliceReader,
    UserSliceWriter, //
};

/// A switch that an administrator may set.
#[derive(Copy, Clone)]
pub(super) enum Setting {
    /// Whether denials are enforced. A change is recorded.
    Enforce,
    /// Whether allowed accesses are recorded.
    SuccessAudit,
}

impl Setting {
    /// Returns the switch.
    fn switch(self) -> &'static Switch {
        match self {
            Self::Enforce => &ENFORCE,
            Self::SuccessAudit => &SUCCESS_AUDIT,
        }
    }
}

/// `ipe/enforce` and `ipe/success_audit`: the files of the switches.
pub(super) struct SwitchFile {
    root: Arc<Root>,
    setting: Setting,
}

impl SwitchFile {
    /// Opens the file of a switch.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    #[inline(never)]
    pub(super) fn open(root: Arc<Root>, setting: Setting) -> Result<KBox<dyn OpenFile>> {
        Ok(KBox::new(Self { root, setting }, GFP_KERNEL)?)
    }
}

impl OpenFile for SwitchFile {
    fn read(&mut self, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        text::write_bool(self.setting.switch().is_on(), to, offset)
    }

    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, `EINVAL` where it is not a boolean, `EFAULT`.
    fn write(&mut self, opener: &Opener<'_>, mut from: UserSliceReader) -> Result {
        text::administrator(opener)?;
        let on = text::read_bool(&mut from)?;
        // So that each change is recorded once, and in the order in which they happen.
        let _writers = self.root.writers.lock();
        let switch = self.setting.switch();
        if on != switch.is_on() {
            if let Setting::Enforce = self.setting {
                audit::enforcement(on, !on);
            }
            switch.set(on);
        }
        Ok(())
    }
}
