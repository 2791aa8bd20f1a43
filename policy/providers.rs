// SPDX-License-Identifier: GPL-2.0-only

//! The parts of the language that a kernel provides.

use super::{
    extension::Extension,
    parameter::{
        KnownAtBoot,
        RootHashes, //
    },
    vocabulary::FilePropertyKind, //
};
use core::fmt;

/// The set of properties whose providers are built into the kernel, the extensions of the language
/// that it has, and what knows the root hashes on its command line.
///
/// A rule that asks for any other property of files never matches, not even with the value `FALSE`.
/// A policy that uses an extension which the kernel does not have is refused.
#[derive(Clone, Copy)]
pub struct Providers<'c> {
    kinds: u8,
    extensions: u8,
    command_line: Option<&'c dyn RootHashes>,
}

impl<'c> Providers<'c> {
    /// Every property and every extension is provided. The command line is known at boot.
    pub const ALL: Self = Self {
        kinds: (1 << FilePropertyKind::COUNT) - 1,
        extensions: (1 << Extension::COUNT) - 1,
        command_line: Some(&KnownAtBoot),
    };

    /// Only properties without a provider: `boot_verified`.
    pub const NONE: Self = Self {
        kinds: 1 << FilePropertyKind::BootVerified as u8,
        extensions: 0,
        command_line: None,
    };

    /// Returns what a kernel provides, of which `has` tells the Kconfig symbols. Its command line
    /// is known at boot.
    pub fn of_kernel(has: impl Fn(&str) -> bool) -> Self {
        let mut providers = Self::NONE;
        for kind in FilePropertyKind::ALL {
            if kind.provider().is_some_and(&has) {
                providers = providers.with(kind);
            }
        }
        for extension in Extension::ALL {
            if has(extension.name()) {
                providers = providers.with_extension(extension);
            }
        }
        providers
    }

    /// Adds a property to the set.
    #[must_use]
    pub const fn with(self, kind: FilePropertyKind) -> Self {
        Self {
            kinds: self.kinds | (1 << kind as u8),
            ..self
        }
    }

    /// Adds an extension to the set. [`Extension::CommandLine`] means one that is known at boot.
    #[must_use]
    pub const fn with_extension(self, extension: Extension) -> Self {
        let command_line: Option<&dyn RootHashes> = match extension {
            Extension::CommandLine => Some(&KnownAtBoot),
            _ => self.command_line,
        };
        Self {
            extensions: self.extensions | (1 << extension as u8),
            command_line,
            ..self
        }
    }

    /// Adds [`Extension::CommandLine`], and sets what knows the root hashes on the command line.
    #[must_use]
    pub const fn with_command_line(self, line: &dyn RootHashes) -> Providers<'_> {
        Providers {
            kinds: self.kinds,
            extensions: self.extensions | (1 << Extension::CommandLine as u8),
            command_line: Some(line),
        }
    }

    /// Returns whether the property is in the set. The one of an extension is: a policy that uses it
    /// in vain is [refused](Self::supports).
    pub const fn contains(self, kind: FilePropertyKind) -> bool {
        kind.extension().is_some() || self.kinds & (1 << kind as u8) != 0
    }

    /// Returns whether the extension is in the set.
    pub const fn supports(self, extension: Extension) -> bool {
        self.extensions & (1 << extension as u8) != 0
    }

    /// Returns what knows the root hashes on the command line, if policies can refer to it.
    pub const fn command_line(self) -> Option<&'c dyn RootHashes> {
        self.command_line
    }
}

impl fmt::Debug for Providers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Providers")
            .field("kinds", &self.kinds)
            .field("extensions", &self.extensions)
            .finish_non_exhaustive()
    }
}
