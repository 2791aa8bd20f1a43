// SPDX-License-Identifier: GPL-2.0-only

//! The hooks that ask, as record 1420 names them.

use crate::policy::named::named_enum;

named_enum! {
    /// The hook that asks for a decision.
    pub(crate) enum Hook {
        /// A program is executed.
        BprmCheck = "BPRM_CHECK",
        /// A program asks whether a file could be executed.
        BprmCredsForExec = "BPRM_CREDS_FOR_EXEC",
        /// The interpreter of a program is opened.
        ExecOpen = "EXEC_OPEN",
        /// A program would inherit a personality that makes readable memory executable.
        BprmCredsFromFile = "BPRM_CREDS_FROM_FILE",
        /// A mapping is executable from the start.
        Mmap = "MMAP",
        /// A heap grows that is executable.
        Brk = "BRK",
        /// A mapping becomes executable later.
        Mprotect = "MPROTECT",
        /// The kernel reads a file.
        KernelRead = "KERNEL_READ",
        /// The kernel takes data.
        KernelLoad = "KERNEL_LOAD",
        /// A program asks for access to another process.
        PtraceAccess = "PTRACE_ACCESS_CHECK",
        /// A program asks to be traced by its parent.
        PtraceTraceme = "PTRACE_TRACEME",
        /// The memory of a process is opened as a file.
        ProcMem = "PROC_MEM",
        /// A program asks to fill pages of memory.
        Userfaultfd = "USERFAULTFD",
    }
}
