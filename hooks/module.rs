// SPDX-License-Identifier: GPL-2.0-only

//! The type that stands for the security module.
//!
//! [`super`] implements the hooks for it. The files beside this one name it where they need what
//! the module keeps beside a kernel object.

/// The security module.
pub(crate) struct Ipe;
