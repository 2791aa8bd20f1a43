// SPDX-License-Identifier: GPL-2.0-only

//! The switches: files that hold `0` or `1`.

use super::root::Root;
use super::text;
use crate::abstractions::securityfs::{
    OpenFile,
    Opener, //
};
use crate::audit;
use crate::loaded::{
    measure_active,
    State, //
};
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
    /// Whether IPE is sealed. It is recorded when this is set.
    Seal,
}

impl Setting {
    /// Returns whether it is on.
    fn is_on(self, root: &Root) -> bool {
        match self {
            Self::Enforce => ENFORCE.is_on(),
            Self::SuccessAudit => SUCCESS_AUDIT.is_on(),
            Self::Seal => root.seal.is_set(),
        }
    }

    /// Changes it to `on`.
    ///
    /// # Errors
    ///
    /// Those of [`Seal::check`](crate::loaded::Seal::check), but for `SuccessAudit`, which decides
    /// nothing; those of [`Seal::set`](crate::loaded::Seal::set); those of [`State::measure`] for
    /// permissive mode.
    fn change(self, on: bool, root: &Root) -> Result {
        match self {
            Self::Enforce => {
                root.seal.check()?;
                if !on {
                    measure_permissive(root)?;
                }
                audit::enforcement(on, !on);
                ENFORCE.set(on);
                if on {
                    measure_active(root.active, root.seal.is_set());
                }
                if on && root.seal.set_if_due(root.active) {
                    audit::sealed();
                }
            }
            Self::SuccessAudit => SUCCESS_AUDIT.set(on),
            Self::Seal => {
                root.seal.check()?;
                root.seal.set(root.active, ENFORCE.is_on())?;
                audit::sealed();
            }
        }
        Ok(())
    }
}

/// Measures permissive mode, which is about to begin, if a policy is active.
///
/// # Errors
///
/// Those of [`State::measure`].
fn measure_permissive(root: &Root) -> Result {
    let Some(policy) = root.active.get() else {
        return Ok(());
    };
    let state = State {
        policy: &policy,
        enforcing: false,
        sealed: root.seal.is_set(),
    };
    state.measure()
}

/// `ipe/enforce`, `ipe/success_audit` and `ipe/seal`: the files of the switches.
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
        text::write_bool(self.setting.is_on(&self.root), to, offset)
    }

    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, `EINVAL` where it is not a boolean, `EFAULT`, and those of
    /// [`Setting::change`]. A write that changes nothing has only the first three.
    fn write(&mut self, opener: &Opener<'_>, mut from: UserSliceReader) -> Result {
        text::administrator(opener)?;
        let on = text::read_bool(&mut from)?;
        // So that each change is recorded once, and in the order in which they happen.
        let _writers = self.root.writers.lock();
        if on != self.setting.is_on(&self.root) {
            self.setting.change(on, &self.root)?;
        }
        Ok(())
    }
}
