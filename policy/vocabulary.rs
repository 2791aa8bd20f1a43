// SPDX-License-Identifier: GPL-2.0-only

//! The words of the policy language.
//!
//! Two tables, one for the operations and one for the properties. The enums, the tokens that the
//! parser reads, the names that the audit prints and the Kconfig symbols all come from here.

use super::{
    extension::Extension,
    named::named_enum, //
};

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
        /// A process gets at the memory of another one, as a debugger does.
        Ptrace = "PTRACE",
        /// A program is executed that takes scripts without asking the kernel about them.
        UncheckedScript = "UNCHECKED_SCRIPT",
        /// A program is executed that takes scripts from its command line and its input.
        InteractiveScript = "INTERACTIVE_SCRIPT",
    }
}

impl Operation {
    /// Returns the extension that the operation belongs to; `None` for those of the C
    /// implementation.
    ///
    /// The kernel only asks about an operation of an extension where the policy
    /// [names](super::Compiled::names) it.
    pub const fn extension(self) -> Option<Extension> {
        match self {
            Self::Execute
            | Self::Firmware
            | Self::KernelModule
            | Self::KexecImage
            | Self::KexecInitramfs
            | Self::Policy
            | Self::X509Cert => None,
            Self::Ptrace => Some(Extension::Ptrace),
            Self::UncheckedScript | Self::InteractiveScript => Some(Extension::Script),
        }
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

/// The prefix of the properties of the program that asks.
macro_rules! exe {
    ($token:literal) => {
        concat!("exe_", $token)
    };
}

/// The table of the properties of files: each with the type of its value, its token in the policy,
/// and the Kconfig symbol of what provides it to the kernel (none where it is always there).
///
/// Expands `$define` with the table: here for [`FilePropertyKind`], in [`super::property`] for the
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
            /// The file is on an image that is mounted from a file with this fs-verity digest.
            ImageDigest(DigestText<'a>) = "metadata_backing_file_fsverity_digest",
                Some("IPE_PROP_METADATA_BACKING");
        }
    };
}
pub(super) use properties;

/// Defines the kinds of properties.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $variant:ident($value:ty) = $token:literal, $provider:expr; )*) => {
        named_enum! {
            /// A property of a file that a rule can ask for.
            pub enum FilePropertyKind {
                $( $(#[$doc])* $variant = $token, )*
            }
        }

        impl FilePropertyKind {
            /// Returns the Kconfig symbol of what provides the property to the kernel.
            pub const fn provider(self) -> Option<&'static str> {
                match self {
                    $( Self::$variant => $provider, )*
                }
            }

            /// Returns that symbol, or that of the module for a property that is always there.
            pub(super) fn symbol(self) -> &'static str {
                self.provider().unwrap_or("SECURITY_IPE")
            }

            /// Returns the name of the property where the file is the program that asks.
            const fn program_name(self) -> &'static str {
                match self {
                    $( Self::$variant => exe!($token), )*
                }
            }
        }

        impl PropertyKind {
            /// Every property.
            pub const ALL: [Self; Self::COUNT] = [
                $( Self::File(FilePropertyKind::$variant), )*
                Self::AnonymousMemory,
                Self::Modified,
                $( Self::Program(FilePropertyKind::$variant), )*
            ];
        }
    };
}

/// A property that a rule can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyKind {
    /// A property of the file that is the object.
    File(FilePropertyKind),
    /// Whether the object is memory.
    AnonymousMemory,
    /// Whether the object is a private mapping of a file whose pages may differ from the file.
    Modified,
    /// The same property as that of a file, of the program that asks.
    Program(FilePropertyKind),
}

properties!(kinds);

impl FilePropertyKind {
    /// Returns the extension that the property belongs to, of a file or of a program; `None` for
    /// those of the C implementation.
    pub const fn extension(self) -> Option<Extension> {
        match self {
            Self::ImageDigest => Some(Extension::Image),
            _ => None,
        }
    }
}

impl PropertyKind {
    /// The number of properties.
    pub const COUNT: usize = 2 * FilePropertyKind::COUNT + 2;

    /// The name of [`Self::AnonymousMemory`].
    const ANONYMOUS_MEMORY: &'static str = "anonymous_memory";

    /// The name of [`Self::Modified`].
    const MODIFIED: &'static str = "modified";

    /// Returns the name of the property in the policy and in the audit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File(kind) => kind.name(),
            Self::AnonymousMemory => Self::ANONYMOUS_MEMORY,
            Self::Modified => Self::MODIFIED,
            Self::Program(kind) => kind.program_name(),
        }
    }

    /// Finds the property with the given name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        if name == Self::ANONYMOUS_MEMORY.as_bytes() {
            return Some(Self::AnonymousMemory);
        }
        if name == Self::MODIFIED.as_bytes() {
            return Some(Self::Modified);
        }
        match name.strip_prefix(exe!("").as_bytes()) {
            None => FilePropertyKind::from_name(name).map(Self::File),
            Some(name) => FilePropertyKind::from_name(name).map(Self::Program),
        }
    }

    /// Returns whether the value of the property is a digest, and not `TRUE` or `FALSE`.
    pub const fn is_digest(self) -> bool {
        match self {
            Self::File(kind) | Self::Program(kind) => matches!(
                kind,
                FilePropertyKind::DmverityRoothash
                    | FilePropertyKind::FsverityDigest
                    | FilePropertyKind::ImageDigest
            ),
            Self::AnonymousMemory | Self::Modified => false,
        }
    }

    /// Returns the extension that the property belongs to; `None` for those of the C
    /// implementation.
    pub const fn extension(self) -> Option<Extension> {
        match self {
            Self::File(kind) => kind.extension(),
            Self::AnonymousMemory => Some(Extension::AnonymousMemory),
            Self::Modified => Some(Extension::Modified),
            Self::Program(_) => Some(Extension::Program),
        }
    }
}
