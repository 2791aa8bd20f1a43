// SPDX-License-Identifier: GPL-2.0-only

//! The words of the policy language.
//!
//! Two tables, one for the operations and one for the properties. The enums, the tokens that the
//! parser reads, the names that the audit prints and the Kconfig symbols all come from here.

use super::{
    named::named_enum,
    parameter::{
        KnownAtBoot,
        RootHashes, //
    },
};
use core::fmt;

named_enum! {
    /// An intended use of an object.
    pub enum Operation {
        /// A file is executed, or mapped as executable.
        Execute = "EXECUTE",
        /// Firmware is loaded.
        Firmware = "FIRMWARE",
        /// A kernel module is loaded.
        KernelModule = "KMODULE",
        /// A kernel is loaded by kexec.
        KexecImage = "KEXEC_IMAGE",
        /// An initrd is loaded by kexec.
        KexecInitramfs = "KEXEC_INITRAMFS",
        /// The kernel reads a policy of another subsystem, IMA for example.
        Policy = "POLICY",
        /// The kernel reads a certificate of IMA or EVM.
        X509Cert = "X509_CERT",
    }
}

named_enum! {
    /// The decision of a rule or a default.
    pub enum Action {
        /// The object may be used.
        Allow = "ALLOW",
        /// The object may not be used.
        Deny = "DENY",
    }
}

/// The table of the properties: each with the type of its value, its token in the policy, and the
/// Kconfig symbol of what provides it to the kernel (none where it is always there).
///
/// Expands `$define` with the table: here for [`PropertyKind`], in [`super::property`] for the
/// properties with their values.
macro_rules! properties {
    ($define:ident) => {
        $define! {
            /// The file comes from the initramfs.
            BootVerified(bool) = "boot_verified", None;
            /// The file is on a dm-verity volume with this root hash.
            DmverityRoothash(RootHash<'a>) = "dmverity_roothash", Some("IPE_PROP_DM_VERITY");
            /// The file is on a dm-verity volume whose root hash has a valid signature.
            DmveritySignature(bool) = "dmverity_signature", Some("IPE_PROP_DM_VERITY_SIGNATURE");
            /// The file has this fs-verity digest.
            FsverityDigest(DigestText<'a>) = "fsverity_digest", Some("IPE_PROP_FS_VERITY");
            /// The file has an fs-verity digest with a valid built-in signature.
            FsveritySignature(bool) = "fsverity_signature", Some("IPE_PROP_FS_VERITY_BUILTIN_SIG");
        }
    };
}
pub(super) use properties;

/// Defines the kinds of properties.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $variant:ident($value:ty) = $token:literal, $provider:expr; )*) => {
        named_enum! {
            /// A property that a rule can ask for.
            pub enum PropertyKind {
                $( $(#[$doc])* $variant = $token, )*
            }
        }

        impl PropertyKind {
            /// Returns the Kconfig symbol of what provides the property to the kernel.
            pub const fn provider(self) -> Option<&'static str> {
                match self {
                    $( Self::$variant => $provider, )*
                }
            }
        }
    };
}

properties!(kinds);

/// The set of properties whose providers are built into the kernel, and what knows the root hashes
/// on its command line.
///
/// A rule that asks for any other property never matches, not even with the value `FALSE`. A policy
/// that refers to the command line of a kernel that does not offer it is refused.
#[derive(Clone, Copy)]
pub struct Providers<'c> {
    kinds: u8,
    command_line: Option<&'c dyn RootHashes>,
}

impl<'c> Providers<'c> {
    /// Every property is provided. The command line is known at boot.
    pub const ALL: Self = Self {
        kinds: (1 << PropertyKind::COUNT) - 1,
        command_line: Some(&KnownAtBoot),
    };

    /// Only properties without a provider: `boot_verified`.
    pub const NONE: Self = Self {
        kinds: 1 << PropertyKind::BootVerified as u8,
        command_line: None,
    };

    /// Adds a property to the set.
    #[must_use]
    pub const fn with(self, kind: PropertyKind) -> Self {
        Self {
            kinds: self.kinds | (1 << kind as u8),
            ..self
        }
    }

    /// Sets what knows the root hashes on the command line.
    #[must_use]
    pub const fn with_command_line(self, line: &dyn RootHashes) -> Providers<'_> {
        Providers {
            kinds: self.kinds,
            command_line: Some(line),
        }
    }

    /// Returns whether the property is in the set.
    pub const fn contains(self, kind: PropertyKind) -> bool {
        self.kinds & (1 << kind as u8) != 0
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
            .field("command_line", &self.command_line.is_some())
            .finish()
    }
}
