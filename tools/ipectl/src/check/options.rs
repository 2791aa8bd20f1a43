// SPDX-License-Identifier: GPL-2.0-only

//! The options of a check.

use super::kconfig::Kconfig;

/// The time when a policy is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Stage {
    /// From the kernel's start or in the initramfs
    Boot,
    /// Only after switch_root
    Root,
}

/// The options of a check.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The kernel that it is for.
    pub kernel: Option<Kconfig>,
    /// When the policy is active. If that is unknown, findings that depend on it are notes.
    pub stage: Option<Stage>,
    /// Whether it is also for kernels with the C implementation.
    pub portable: bool,
}
