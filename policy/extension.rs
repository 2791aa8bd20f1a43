// SPDX-License-Identifier: GPL-2.0-only

//! The extensions of the language.

use super::named::named_enum;

named_enum! {
    /// A part of the language that the C implementation does not have, and that a kernel can be
    /// built without. Its name is its Kconfig symbol.
    ///
    /// A kernel without it refuses the policies that use it: a rule that is left out, such as a
    /// `DENY`, could open what its author meant to close.
    pub enum Extension {
        /// The values `cmdline:…` of root hashes.
        CommandLine = "IPE_PROP_DM_VERITY_CMDLINE",
        /// The property `anonymous_memory`.
        AnonymousMemory = "IPE_PROP_ANONYMOUS_MEMORY",
        /// The properties `exe_…`.
        Program = "IPE_PROP_EXE",
        /// The operation `PTRACE`.
        Ptrace = "IPE_OP_PTRACE",
        /// The operations `UNCHECKED_SCRIPT` and `INTERACTIVE_SCRIPT`.
        Script = "IPE_OP_SCRIPT",
        /// The property `metadata_backing_file_fsverity_digest`.
        Image = "IPE_PROP_METADATA_BACKING",
        /// The property `modified`.
        Modified = "IPE_PROP_MODIFIED",
    }
}
