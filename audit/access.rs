// SPDX-License-Identifier: GPL-2.0-only

//! Record 1420: a decision, what it was about, and the rule that made it.

use crate::abstractions::audit::{
    Kind,
    Record, //
};
use crate::abstractions::fs::File;
use crate::abstractions::task;
use crate::eval::Verdict;
use crate::hooks::Hook;
use crate::loaded::Policy;
use crate::policy::{
    rule_at,
    Operation,
    Property,
    Rule,
    Scope,
    MAX_DIGEST_LEN, //
};
use core::fmt::Write;

/// What the record says of an operation that the policy language does not know.
const UNKNOWN: &str = "UNKNOWN";

/// Records a decision. Does not sleep; a record that cannot be made is counted by audit as lost.
#[cold]
pub(crate) fn access(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    verdict: Verdict,
    enforcing: bool,
) {
    let Some(mut record) = Record::start_atomic(Kind::IpeAccess) else {
        return;
    };
    // The buffer takes what it has memory for; audit reports what it could not take.
    let _ = write(
        &mut record,
        policy,
        operation,
        hook,
        file,
        verdict,
        enforcing,
    );
}

fn write(
    record: &mut Record,
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    verdict: Verdict,
    enforcing: bool,
) -> core::fmt::Result {
    let operation = operation.map_or(UNKNOWN, Operation::name);
    let enforcing = if enforcing { "1" } else { "0" };
    strings(
        record,
        [
            "ipe_op=",
            operation,
            " ipe_hook=",
            hook.name(),
            " enforcing=",
            enforcing,
        ],
    )?;
    write!(record, " pid={} comm=", task::process_id())?;
    record.untrusted(task::comm().as_bytes());

    match file {
        None => record.write_str(" path=? dev=? ino=?")?,
        Some(file) => {
            record.write_str(" path=")?;
            record.path(file);
            match file.inode() {
                None => record.write_str(" dev=? ino=?")?,
                Some(inode) => {
                    record.write_str(" dev=")?;
                    record.untrusted(inode.superblock().name());
                    write!(record, " ino={}", inode.number())?;
                }
            }
        }
    }

    let action = verdict.action.name();
    match verdict.scope {
        Scope::Rule(offset) => match rule_at(policy.text(), offset) {
            Some(matched) => rule(record, &matched),
            // The compiled policy names only lines that parsed.
            None => record.write_str(" rule=?"),
        },
        Scope::OperationDefault => {
            write!(record, " rule=\"DEFAULT op={operation} action={action}\"")
        }
        Scope::GlobalDefault => strings(record, [" rule=\"DEFAULT action=", action, "\""]),
    }
}

/// Writes strings, with fewer instructions than `write!`: a denial should not cost more than in C.
#[inline]
fn strings<const N: usize>(record: &mut Record, strings: [&str; N]) -> core::fmt::Result {
    strings.iter().try_for_each(|text| record.write_str(text))
}

/// Writes a rule in the one form that all spellings of it have.
fn rule(record: &mut Record, rule: &Rule<'_>) -> core::fmt::Result {
    strings(record, [" rule=\"op=", rule.operation.name(), " "])?;
    for property in rule.properties() {
        strings(record, [property.kind().name(), "="])?;
        match property {
            Property::BootVerified(value)
            | Property::DmveritySignature(value)
            | Property::FsveritySignature(value) => {
                record.write_str(if value { "TRUE " } else { "FALSE " })?;
            }
            Property::DmverityRoothash(value) | Property::FsverityDigest(value) => {
                record.untrusted(value.algorithm);
                record.write_char(':')?;
                let mut buffer = [0; MAX_DIGEST_LEN];
                // A rule that matched has a digest of a known algorithm, which fits.
                record.hex(value.bytes(&mut buffer).ok_or(core::fmt::Error)?);
                record.write_char(' ')?;
            }
        }
    }
    strings(record, ["action=", rule.action.name(), "\""])
}
