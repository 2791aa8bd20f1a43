// SPDX-License-Identifier: GPL-2.0-only

//! The switches: files that hold `0` or `1`.

use super::root::Root;
use super::text;
use crate::abstractions::param::Switch;
use crate::abstractions::securityfs::{
    FileOperations,
    Opener, //
};
use crate::audit;
use crate::mode::{
    ENFORCE,
    SUCCESS_AUDIT, //
};
use core::marker::PhantomData;
use kernel::fs::file::Offset;
use kernel::prelude::*;
use kernel::sync::ArcBorrow;
use kernel::uaccess::{
    UserSliceReader,
    UserSliceWriter, //
};

/// A switch that an administrator may set.
pub(super) trait Setting: 'static {
    /// Returns the switch.
    fn switch() -> &'static Switch;

    /// Called with the new position when it differs from the old one.
    fn changed(_on: bool) {}
}

/// `ipe/enforce`: whether denials are enforced. A change is recorded.
pub(super) struct EnforceSetting;

impl Setting for EnforceSetting {
    fn switch() -> &'static Switch {
        &ENFORCE
    }

    fn changed(on: bool) {
        audit::enforcement(on, !on);
    }
}

/// `ipe/success_audit`: whether allowed accesses are recorded.
pub(super) struct SuccessAuditSetting;

impl Setting for SuccessAuditSetting {
    fn switch() -> &'static Switch {
        &SUCCESS_AUDIT
    }
}

/// The file of a switch.
pub(super) struct SwitchFile<S>(PhantomData<S>);

/// `ipe/enforce`.
pub(super) type Enforce = SwitchFile<EnforceSetting>;
/// `ipe/success_audit`.
pub(super) type SuccessAudit = SwitchFile<SuccessAuditSetting>;

#[vtable]
impl<S: Setting> FileOperations for SwitchFile<S> {
    type Data = Root;
    type State = ();

    fn read(
        _root: ArcBorrow<'_, Root>,
        _state: &mut (),
        to: &mut UserSliceWriter,
        offset: &mut Offset,
    ) -> Result<usize> {
        text::write_bool(S::switch().is_on(), to, offset)
    }

    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, `EINVAL` where it is not a boolean, `EFAULT`.
    fn write(
        root: ArcBorrow<'_, Root>,
        _state: &mut (),
        opener: &Opener<'_>,
        mut from: UserSliceReader,
    ) -> Result {
        text::administrator(opener)?;
        let on = text::read_bool(&mut from)?;
        // So that each change is recorded once, and in the order in which they happen.
        let _writers = root.writers.lock();
        if on != S::switch().is_on() {
            S::changed(on);
            S::switch().set(on);
        }
        Ok(())
    }
}
