// SPDX-License-Identifier: GPL-2.0-only

//! The findings in a policy while it is loaded, for the kernel log and the audit record.

use crate::policy::{
    self,
    signers::Fingerprint,
    Errno,
    Position,
    Reporter,
    Warning, //
};
use core::fmt::{
    self,
    Display, //
};
use core::ops::ControlFlow;
use kernel::alloc::AllocError;
use kernel::prelude::*;

/// The number of warnings of one policy that go to the kernel log.
const LOGGED_WARNINGS: u32 = 10;

/// The warnings of one policy. When dropped, it logs how many were left out of the kernel log.
#[derive(Default)]
pub(crate) struct Report {
    /// Their number.
    pub(crate) warnings: u32,
    /// The first of them.
    pub(crate) first: Option<Warning>,
}

impl Reporter for Report {
    fn error(&mut self, error: &policy::Error) -> ControlFlow<()> {
        log("policy refused", error.position, &error.kind);
        // One is enough: `ipectl check` shows the author all of them.
        ControlFlow::Break(())
    }

    fn warning(&mut self, warning: &Warning) {
        self.warnings = self.warnings.saturating_add(1);
        if self.warnings <= LOGGED_WARNINGS {
            log("policy", warning.position, &warning.kind);
        }
        self.first.get_or_insert(*warning);
    }
}

/// Logs a finding and its place.
#[inline(never)]
fn log(what: &str, position: Position, kind: &dyn Display) {
    pr_warn!(
        "{}: line {}, column {}: {}\n",
        what,
        position.line,
        position.column,
        format_args!("{kind}")
    );
}

impl Drop for Report {
    fn drop(&mut self) {
        if let more @ 1.. = self.warnings.saturating_sub(LOGGED_WARNINGS) {
            pr_warn!("policy: {} more warnings\n", more);
        }
    }
}

/// The reason why a policy was not loaded.
pub(crate) enum Refusal {
    /// Its text has an error.
    Text(policy::Error),
    /// The file was closed before the policy was complete.
    Incomplete,
    /// It has no signature, and the active policy does not allow it.
    Origin(OriginRefusal),
    /// Its signature is valid, but the kernel's configuration lists other signers.
    Signer(SignerRefusal),
    /// Any other reason, by its errno.
    Errno(Error),
}

/// The reason why the signer of a policy is not accepted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignerRefusal {
    /// There is more than one.
    Several,
    /// The message does not have the certificate.
    Unknown,
    /// The list does not have the certificate.
    NotListed(Fingerprint),
}

impl fmt::Display for SignerRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Several => "the policy has more than one signer",
            Self::Unknown => "the message does not have the signer's certificate",
            Self::NotListed(_) => "the signer's certificate is not listed",
        })
    }
}

/// The reason why a policy without a signature is not accepted from its file.
#[allow(dead_code, reason = "not every configuration reads such files")]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum OriginRefusal {
    /// No policy is active.
    NoPolicy,
    /// The active policy denies it, by a rule or a default.
    Denied,
    /// The active policy allows it, but not by a rule that asks for something that vouches for it.
    NotVouched,
    /// It is on a union file system.
    Union,
    /// It stands for memory.
    Memory,
    /// The policy that allowed it is no longer active.
    Replaced,
}

impl fmt::Display for OriginRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPolicy => "no policy is active that could allow the file",
            Self::Denied => "the active policy denies the file",
            Self::NotVouched => "no rule of the active policy vouches for the file",
            Self::Union => "the file is on a union file system",
            Self::Memory => "the file is memory",
            Self::Replaced => "the policy that allowed the file is no longer active",
        })
    }
}

impl Refusal {
    /// Returns the errno for the system call.
    pub(crate) fn errno(&self) -> Error {
        match self {
            Self::Text(error) => match error.kind.errno() {
                Errno::BadMessage => EBADMSG,
                Errno::Invalid => EINVAL,
                Errno::Range => ERANGE,
            },
            Self::Incomplete => EBADMSG,
            Self::Origin(_) => EACCES,
            Self::Signer(_) => EKEYREJECTED,
            Self::Errno(error) => *error,
        }
    }
}

impl Refusal {
    /// Logs the reason, unless it was logged where the error was found.
    ///
    /// Does not log `EPERM`: processes without privilege could fill the log.
    pub(crate) fn log(&self) {
        match self {
            Self::Text(_) => (),
            Self::Incomplete => pr_warn!("policy refused: incomplete when its file was closed\n"),
            Self::Origin(reason) => pr_warn!("policy refused: {}\n", format_args!("{reason}")),
            Self::Signer(reason) => pr_warn!("policy refused: {}\n", format_args!("{reason}")),
            Self::Errno(error) if *error == EPERM => (),
            Self::Errno(error) => pr_warn!("policy refused: {:?}\n", error),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Errno(error)
    }
}

impl From<AllocError> for Refusal {
    fn from(error: AllocError) -> Self {
        Self::Errno(error.into())
    }
}
