// SPDX-License-Identifier: GPL-2.0-only

//! What a policy is checked for.

use super::kconfig::Kconfig;

/// When a policy is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Stage {
    /// From the kernel's start or in the initramfs
    Boot,
    /// Only after switch_root
    Root,
}

/// What a policy is checked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The kernel that it is for.
    pub kernel: Option<Kconfig>,
    /// When it is in force; only notes where that is not known.
    pub stage: Option<Stage>,
}
