// SPDX-License-Identifier: GPL-2.0-only

//! Records 1421, 1422 and 1404: what administrators change.

use crate::abstractions::audit::{
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
    Result,
    Write, //
};

/// Records that `new` is in force in the place of `old`. May sleep.
pub(crate) fn activation(old: Option<&Policy>, new: &Policy) {
    emit(Kind::IpeConfigChange, |record| {
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
        actor(record)?;
        record.write_str(" lsm=ipe res=1")
    });
}

/// Records that a policy was loaded, and what is odd about it. May sleep.
pub(crate) fn load(policy: &Policy, report: &Report) {
    emit(Kind::IpePolicyLoad, |record| {
        identity(
            record,
            ["policy_name", "policy_version", "policy_digest"],
            policy,
        )?;
        actor(record)?;
        record.write_str(" lsm=ipe res=1 errno=0")?;
        if let Some(first) = report.first {
            write!(
                record,
                " warnings={} line={} column={} reason=\"{}\"",
                report.warnings, first.position.line, first.position.column, first.kind
            )?;
        }
        Ok(())
    });
}

/// Records that a policy was refused, and why. May sleep.
pub(crate) fn refusal(refusal: &Refusal) {
    emit(Kind::IpePolicyLoad, |record| {
        record.write_str("policy_name=? policy_version=? policy_digest=?")?;
        actor(record)?;
        write!(
            record,
            " lsm=ipe res=0 errno={}",
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
    });
}

/// Records a change of mode. May sleep.
pub(crate) fn enforcement(new: bool, old: bool) {
    emit(Kind::MacStatus, |record| {
        write!(
            record,
            "enforcing={} old_enforcing={}",
            u8::from(new),
            u8::from(old)
        )?;
        actor(record)?;
        record.write_str(" enabled=1 old-enabled=1 lsm=ipe res=1")
    });
}

fn emit(kind: Kind, write: impl FnOnce(&mut Record) -> Result) {
    if let Some(mut record) = Record::start(kind) {
        // The buffer takes what it has memory for; audit reports what it could not take.
        let _ = write(&mut record);
    }
}

/// Who did it: the fields `auid` and `ses`.
fn actor(record: &mut Record) -> Result {
    write!(
        record,
        " auid={} ses={}",
        task::login_uid(),
        task::session_id()
    )
}

/// A policy's name, version and the digest of its signed message, under the given field names.
///
/// A policy that was compiled into the kernel has no message, and the digest that of nothing.
fn identity(record: &mut Record, names: [&str; 3], policy: &Policy) -> Result {
    let [name, version, digest] = names;
    write!(record, "{name}=")?;
    record.untrusted(policy.name());
    write!(record, " {version}={} {digest}=sha256:", policy.version())?;
    record.hex(&sha256(policy.message().unwrap_or_default()));
    Ok(())
}
