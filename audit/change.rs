// SPDX-License-Identifier: GPL-2.0-only

//! Records 1421, 1422 and 1404: changes by administrators.

use super::access;
use super::kind;
use crate::abstractions::audit::{
    Fields,
    Kind,
    Record, //
};
use crate::abstractions::hash::sha256;
use crate::abstractions::task;
use crate::eval::Verdict;
use crate::loaded::{
    Origin,
    Policy,
    Refusal,
    Report,
    SignerRefusal, //
};
use crate::policy::{
    signers::Fingerprint,
    Action,
    Operation,
    Position,
    Scope, //
};
use core::fmt::Display;

/// Records that `new` is active in the place of `old`.
///
/// # Context
///
/// May sleep.
pub(crate) fn activation(old: Option<&Policy>, new: &Policy) {
    Change::Activation { old, new }.record();
}

/// Records that a policy was loaded, with its warnings, and the origin of one without a signature.
///
/// # Context
///
/// May sleep.
pub(crate) fn load(policy: &Policy, report: &Report, origin: Option<&Origin>) {
    Change::Load {
        policy,
        report,
        origin,
    }
    .record();
}

/// Records that a policy was refused, with the reason, and the path that it was to come from.
///
/// # Context
///
/// May sleep.
pub(crate) fn refusal(refusal: &Refusal, path: Option<&[u8]>) {
    Change::Refusal { refusal, path }.record();
}

/// Records a change of mode.
///
/// # Context
///
/// May sleep.
pub(crate) fn enforcement(new: bool, old: bool) {
    Change::Enforcement { new, old }.record();
}

/// Records that IPE was sealed.
///
/// # Context
///
/// May sleep.
pub(crate) fn sealed() {
    Change::Seal.record();
}

/// A change, or a refused one.
enum Change<'a> {
    /// Another policy is active.
    Activation {
        old: Option<&'a Policy>,
        new: &'a Policy,
    },
    /// A policy was loaded.
    Load {
        policy: &'a Policy,
        report: &'a Report,
        origin: Option<&'a Origin>,
    },
    /// A policy was refused.
    Refusal {
        refusal: &'a Refusal,
        path: Option<&'a [u8]>,
    },
    /// The mode is another.
    Enforcement { new: bool, old: bool },
    /// IPE was sealed.
    Seal,
}

impl Change<'_> {
    /// Returns the type of its record.
    fn kind(&self) -> Kind {
        match self {
            Self::Activation { .. } => kind::CONFIG_CHANGE,
            Self::Load { .. } | Self::Refusal { .. } => kind::POLICY_LOAD,
            Self::Enforcement { .. } | Self::Seal => kind::MAC_STATUS,
        }
    }

    /// Records it.
    #[inline(never)]
    fn record(&self) {
        if let Some(mut record) = Record::start(self.kind()) {
            let actor = Actor {
                login_uid: task::login_uid(),
                session_id: task::session_id(),
            };
            self.write(&mut record, &actor);
        }
    }

    /// Writes the fields of its record.
    fn write(&self, record: &mut impl Fields, actor: &Actor) {
        match self {
            Self::Activation { old, new } => {
                match old {
                    Some(old) => identity(record, &OLD_ACTIVE, old),
                    None => record
                        .text("old_active_pol_name=? old_active_pol_version=? old_policy_digest=?"),
                }
                record.text(" ");
                identity(record, &NEW_ACTIVE, new);
                actor.write(record);
                record.text(" lsm=ipe res=1");
            }
            Self::Load {
                policy,
                report,
                origin,
            } => {
                identity(record, &LOADED, policy);
                actor.write(record);
                record.text(" lsm=ipe res=1 errno=0");
                if let Some(first) = &report.first {
                    record.text(" warnings=");
                    record.number(report.warnings.into());
                    reason(record, first.position, &first.kind);
                }
                if let Some(fingerprint) = policy.signer() {
                    signer(record, fingerprint);
                }
                if let Some(origin) = origin {
                    path(record, origin.path());
                    let (text, offset) = origin.rule();
                    let verdict = Verdict {
                        action: Action::Allow,
                        scope: Scope::Rule(offset),
                    };
                    record.text(" rule=");
                    access::rule(record, text, Operation::Policy.name(), Some(verdict));
                }
            }
            Self::Refusal {
                refusal,
                path: from,
            } => {
                record.text("policy_name=? policy_version=? policy_digest=?");
                actor.write(record);
                // Always negative.
                record.text(" lsm=ipe res=0 errno=-");
                record.number(refusal.errno().to_errno().unsigned_abs().into());
                match refusal {
                    Refusal::Text(error) => reason(record, error.position, &error.kind),
                    Refusal::Incomplete => record.text(" reason=\"incomplete\""),
                    Refusal::Origin(reason) => because(record, reason),
                    Refusal::Signer(reason) => {
                        because(record, reason);
                        if let SignerRefusal::NotListed(fingerprint) = reason {
                            signer(record, fingerprint);
                        }
                    }
                    Refusal::Errno(_) => (),
                }
                if let Some(from) = from {
                    path(record, from);
                }
            }
            Self::Enforcement { new, old } => mode(record, *new, *old, actor),
            // Only what is enforced can be sealed.
            Self::Seal => {
                mode(record, true, true, actor);
                record.text(" sealed=1");
            }
        }
    }
}

/// Writes the mode and the mode before.
fn mode(record: &mut impl Fields, new: bool, old: bool, actor: &Actor) {
    record.text("enforcing=");
    record.number(new.into());
    record.text(" old_enforcing=");
    record.number(old.into());
    actor.write(record);
    record.text(" enabled=1 old-enabled=1 lsm=ipe res=1");
}

/// Writes where in a policy's text an error or a warning is, and which.
#[inline(never)]
fn reason(record: &mut impl Fields, position: Position, kind: &dyn Display) {
    record.text(" line=");
    record.number(position.line.into());
    record.text(" column=");
    record.number(position.column.into());
    because(record, kind);
}

/// Writes the reason for a refusal or a warning.
fn because(record: &mut impl Fields, reason: &dyn Display) {
    record.text(" reason=\"");
    record.format(format_args!("{reason}"));
    record.text("\"");
}

/// Writes the path that a policy without a signature came from, as the writer named it.
fn path(record: &mut impl Fields, path: &[u8]) {
    record.text(" origin=");
    record.untrusted(path);
}

/// Writes the fingerprint of the certificate that signed a policy.
fn signer(record: &mut impl Fields, fingerprint: &Fingerprint) {
    record.text(" signer=sha256:");
    record.hex(fingerprint);
}

/// The session that makes the change.
struct Actor {
    login_uid: u32,
    session_id: u32,
}

impl Actor {
    /// Writes the fields `auid` and `ses`, with a blank before them.
    #[inline(never)]
    fn write(&self, record: &mut impl Fields) {
        record.text(" auid=");
        record.number(self.login_uid.into());
        record.text(" ses=");
        record.number(self.session_id.into());
    }
}

/// The names of the fields that identify a policy: by its name, its version and the digest of its
/// signed message, or of its text where it has no signature.
struct Identity {
    name: &'static str,
    version: &'static str,
    digest: &'static str,
}

/// The policy that was active before.
const OLD_ACTIVE: Identity = Identity {
    name: "old_active_pol_name=",
    version: " old_active_pol_version=",
    digest: " old_policy_digest=sha256:",
};

/// The policy that is active now.
const NEW_ACTIVE: Identity = Identity {
    name: "new_active_pol_name=",
    version: " new_active_pol_version=",
    digest: " new_policy_digest=sha256:",
};

/// The policy that was loaded.
const LOADED: Identity = Identity {
    name: "policy_name=",
    version: " policy_version=",
    digest: " policy_digest=sha256:",
};

/// Writes the fields that identify a policy.
///
/// A policy that was compiled into the kernel has the digest of an empty message.
fn identity(record: &mut impl Fields, fields: &Identity, policy: &Policy) {
    record.text(fields.name);
    record.untrusted(policy.name());
    record.text(fields.version);
    record.format(format_args!("{}", policy.version()));
    record.text(fields.digest);
    record.hex(&sha256(policy.loaded().unwrap_or_default()));
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
