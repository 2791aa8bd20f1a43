// SPDX-License-Identifier: GPL-2.0-only

//! Records 1421, 1422 and 1404: changes by administrators.

use super::kind;
use crate::abstractions::audit::{
    Fields,
    Kind,
    Record, //
};
use crate::abstractions::hash::sha256;
use crate::abstractions::task;
use crate::loaded::{
    Policy,
    Refusal,
    Report, //
};
use core::fmt::{
    Display,
    Formatter,
    Result, //
};

/// Records that `new` is active in the place of `old`.
///
/// # Context
///
/// May sleep.
pub(crate) fn activation(old: Option<&Policy>, new: &Policy) {
    emit(kind::CONFIG_CHANGE, |record, actor| {
        write_activation(record, old, new, actor)
    });
}

fn write_activation(
    record: &mut impl Fields,
    old: Option<&Policy>,
    new: &Policy,
    actor: Actor,
) -> Result {
    match old {
        Some(old) => {
            let names = [
                "old_active_pol_name",
                "old_active_pol_version",
                "old_policy_digest",
            ];
            identity(record, names, old)?;
        }
        None => record
            .write_str("old_active_pol_name=? old_active_pol_version=? old_policy_digest=?")?,
    }
    record.write_char(' ')?;
    let names = [
        "new_active_pol_name",
        "new_active_pol_version",
        "new_policy_digest",
    ];
    identity(record, names, new)?;
    write!(record, "{actor} lsm=ipe res=1")
}

/// Records that a policy was loaded, with its warnings.
///
/// # Context
///
/// May sleep.
pub(crate) fn load(policy: &Policy, report: &Report) {
    emit(kind::POLICY_LOAD, |record, actor| {
        write_load(record, policy, report, actor)
    });
}

fn write_load(record: &mut impl Fields, policy: &Policy, report: &Report, actor: Actor) -> Result {
    identity(
        record,
        ["policy_name", "policy_version", "policy_digest"],
        policy,
    )?;
    write!(record, "{actor} lsm=ipe res=1 errno=0")?;
    if let Some(first) = report.first {
        write!(
            record,
            " warnings={} line={} column={} reason=\"{}\"",
            report.warnings, first.position.line, first.position.column, first.kind
        )?;
    }
    Ok(())
}

/// Records that a policy was refused, with the reason.
///
/// # Context
///
/// May sleep.
pub(crate) fn refusal(refusal: &Refusal) {
    emit(kind::POLICY_LOAD, |record, actor| {
        write_refusal(record, refusal, actor)
    });
}

fn write_refusal(record: &mut impl Fields, refusal: &Refusal, actor: Actor) -> Result {
    write!(
        record,
        "policy_name=? policy_version=? policy_digest=?{actor} lsm=ipe res=0 errno={}",
        refusal.errno().to_errno()
    )?;
    match refusal {
        Refusal::Text(error) => write!(
            record,
            " line={} column={} reason=\"{}\"",
            error.position.line, error.position.column, error.kind
        ),
        Refusal::Incomplete => record.write_str(" reason=\"incomplete\""),
        Refusal::Errno(_) => Ok(()),
    }
}

/// Records a change of mode.
///
/// # Context
///
/// May sleep.
pub(crate) fn enforcement(new: bool, old: bool) {
    emit(kind::MAC_STATUS, |record, actor| {
        write_enforcement(record, new, old, actor)
    });
}

fn write_enforcement(record: &mut impl Fields, new: bool, old: bool, actor: Actor) -> Result {
    write!(
        record,
        "enforcing={} old_enforcing={}{actor} enabled=1 old-enabled=1 lsm=ipe res=1",
        u8::from(new),
        u8::from(old)
    )
}

fn emit(kind: Kind, write: impl FnOnce(&mut Record, Actor) -> Result) {
    if let Some(mut record) = Record::start(kind) {
        let actor = Actor {
            login_uid: task::login_uid(),
            session_id: task::session_id(),
        };
        // The buffer takes as much as there is memory for. Audit reports a loss.
        let _ = write(&mut record, actor);
    }
}

/// The session that makes the change.
#[derive(Copy, Clone)]
struct Actor {
    login_uid: u32,
    session_id: u32,
}

/// Writes the fields `auid` and `ses`, with a blank before them.
impl Display for Actor {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, " auid={} ses={}", self.login_uid, self.session_id)
    }
}

/// Writes a policy's name, version and the digest of its signed message, under the given field
/// names.
///
/// A policy that was compiled into the kernel has no message, and the digest of an empty one.
fn identity(record: &mut impl Fields, names: [&str; 3], policy: &Policy) -> Result {
    let [name, version, digest] = names;
    write!(record, "{name}=")?;
    record.untrusted(policy.name());
    write!(record, " {version}={} {digest}=sha256:", policy.version())?;
    record.hex(&sha256(policy.message().unwrap_or_default()));
    Ok(())
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
