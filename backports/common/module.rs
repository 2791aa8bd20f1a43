// SPDX-License-Identifier: GPL-2.0-only

//! Modules.

use ::kernel::ThisModule;
use core::ffi::CStr;

/// The name and the owner of a module.
pub trait ModuleMetadata {
    /// The module's name.
    const NAME: &'static CStr;
    /// The module as the owner of its objects.
    const THIS_MODULE: ThisModule;
}
