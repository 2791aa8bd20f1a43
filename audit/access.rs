// SPDX-License-Identifier: GPL-2.0-only

//! Record 1420: a decision, its object, and the rule that made it.

use super::hook::Hook;
use super::kind;
use crate::abstractions::audit::{
    Fields,
    Record, //
};
use crate::abstractions::fs::File;
use crate::abstractions::task;
use crate::eval::Verdict;
use crate::loaded::Policy;
use crate::policy::{
    rule_at,
    Operation,
    Property,
    Rule,
    Scope,
    MAX_DIGEST_LEN, //
};

/// The name of an operation that the policy language does not know.
const UNKNOWN: &str = "UNKNOWN";

/// Records a decision.
///
/// # Context
///
/// Does not sleep. Audit counts a record that cannot be made as lost.
#[cold]
pub(crate) fn access(
    policy: &Policy,
    operation: Option<Operation>,
    hook: Hook,
    file: Option<&File>,
    verdict: Verdict,
    enforcing: bool,
) {
    let Some(mut record) = Record::start_atomic(kind::ACCESS) else {
        return;
    };
    let comm = task::comm();
    let decision = Decision {
        text: policy.text(),
        operation,
        hook,
        enforcing,
        process_id: task::process_id(),
        comm: comm.as_bytes(),
        file,
        verdict,
    };
    // The buffer takes as much as there is memory for. Audit reports a loss.
    let _ = write(&mut record, &decision);
}

/// The fields of a decision's record.
struct Decision<'a> {
    /// The text of the policy that decided.
    text: &'a [u8],
    operation: Option<Operation>,
    hook: Hook,
    enforcing: bool,
    process_id: i32,
    comm: &'a [u8],
    file: Option<&'a File>,
    verdict: Verdict,
}

fn write(record: &mut impl Fields, decision: &Decision<'_>) -> core::fmt::Result {
    let operation = decision.operation.map_or(UNKNOWN, Operation::name);
    let enforcing = if decision.enforcing { "1" } else { "0" };
    strings(
        record,
        [
            "ipe_op=",
            operation,
            " ipe_hook=",
            decision.hook.name(),
            " enforcing=",
            enforcing,
        ],
    )?;
    write!(record, " pid={} comm=", decision.process_id)?;
    record.untrusted(decision.comm);

    match decision.file {
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

    let action = decision.verdict.action.name();
    match decision.verdict.scope {
        Scope::Rule(offset) => match rule_at(decision.text, offset) {
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
fn strings<const N: usize>(record: &mut impl Fields, strings: [&str; N]) -> core::fmt::Result {
    strings.iter().try_for_each(|text| record.write_str(text))
}

/// Writes a rule in the one form that all its spellings share.
fn rule(record: &mut impl Fields, rule: &Rule<'_>) -> core::fmt::Result {
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

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
