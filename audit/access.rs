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
use crate::eval::{
    Digest,
    Verdict, //
};
use crate::loaded::Policy;
use crate::policy::{
    visit_rule,
    Action,
    Algorithm,
    DigestText,
    FileProperty,
    FilePropertyKind,
    Operation,
    Parameter,
    Property,
    PropertyKind,
    RootHash,
    Scope, //
};

#[cfg(CONFIG_IPE_TRIAL)]
use crate::policy::Version;

/// The number of a digest's digits that are written at once. Each digest has a multiple of eight.
const DIGITS: usize = 64;

/// The name of an operation that the policy language does not know.
const UNKNOWN: &str = "UNKNOWN";

/// Returns the name of an operation in records and traces.
pub(super) fn operation_name(operation: Option<Operation>) -> &'static str {
    operation.map_or(UNKNOWN, Operation::name)
}

/// Records a decision.
///
/// # Context
///
/// Does not sleep. Audit counts a record that cannot be made as lost.
#[cold]
#[inline(never)]
pub(crate) fn access(access: Access<'_>) {
    let Some(mut record) = Record::start_atomic(kind::ACCESS) else {
        return;
    };
    let comm = task::comm();
    let decision = Decision {
        text: access.policy.text(),
        operation: access.operation,
        hook: access.hook,
        enforcing: access.enforcing,
        process_id: task::process_id(),
        comm: comm.as_bytes(),
        object: access.object,
        verdict: access.verdict,
        asker: access.asker,
        #[cfg(CONFIG_IPE_TRIAL)]
        trial: access.trial.map(|(policy, verdict)| Trial {
            name: policy.name(),
            version: policy.version(),
            text: policy.text(),
            verdict,
        }),
    };
    write(&mut record, &decision);
}

/// A decision that is recorded.
pub(crate) struct Access<'a> {
    /// The active policy.
    pub(crate) policy: &'a Policy,
    pub(crate) operation: Option<Operation>,
    pub(crate) hook: Hook,
    pub(crate) object: Object<'a>,
    pub(crate) asker: &'a Asker<'a>,
    /// The verdict of the active policy; `None` where it is not asked about such an operation.
    pub(crate) verdict: Option<Verdict>,
    /// Whether the verdict counts.
    pub(crate) enforcing: bool,
    /// The policy on trial, and its verdict in the same form.
    #[cfg(CONFIG_IPE_TRIAL)]
    pub(crate) trial: Option<(&'a Policy, Option<Verdict>)>,
}

/// The object of a decision.
#[derive(Copy, Clone)]
pub(crate) struct Object<'a> {
    /// The file, or one that stands for memory; `None` for memory without one, or a process.
    pub(crate) file: Option<&'a File>,
    /// Whether it is a mapping that was modified; `None` where the policy does not tell, or where
    /// the object is not a mapping of a file.
    pub(crate) modified: Option<bool>,
}

/// The program that asks, as far as a decision is about it.
pub(crate) enum Asker<'a> {
    /// The decision is about a file, or the kernel does not know the programs of tasks.
    Unnamed,
    /// The task has not executed a program.
    Unknown,
    /// This program.
    Known(Program<'a>),
}

/// A program: its file, and the properties that the file had when it was executed.
pub(crate) struct Program<'a> {
    /// The name of the file's superblock.
    pub(crate) device: &'a [u8],
    /// The number of the file's inode.
    pub(crate) inode: u64,
    pub(crate) boot_verified: bool,
    pub(crate) dmverity_signature: bool,
    pub(crate) fsverity_signature: bool,
    pub(crate) dmverity_roothash: Option<Digest<'a>>,
    pub(crate) fsverity_digest: Option<Digest<'a>>,
    pub(crate) image_digest: Option<Digest<'a>>,
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
    object: Object<'a>,
    verdict: Option<Verdict>,
    asker: &'a Asker<'a>,
    #[cfg(CONFIG_IPE_TRIAL)]
    trial: Option<Trial<'a>>,
}

/// The policy on trial, and its verdict; `None` where it is not asked about such an operation.
#[cfg(CONFIG_IPE_TRIAL)]
struct Trial<'a> {
    name: &'a [u8],
    version: Version,
    text: &'a [u8],
    verdict: Option<Verdict>,
}

fn write(record: &mut impl Fields, decision: &Decision<'_>) {
    let operation = operation_name(decision.operation);

    record.text("ipe_op=");
    record.text(operation);
    record.text(" ipe_hook=");
    record.text(decision.hook.name());
    record.text(if decision.enforcing {
        " enforcing=1 pid="
    } else {
        " enforcing=0 pid="
    });
    // Never negative.
    record.number(decision.process_id.unsigned_abs().into());
    record.text(" comm=");
    record.untrusted(decision.comm);

    match decision.object.file {
        None => record.text(" path=? dev=? ino=?"),
        Some(file) => {
            record.text(" path=");
            record.path(file);
            match file.inode() {
                None => record.text(" dev=? ino=?"),
                Some(inode) => {
                    record.text(" dev=");
                    record.untrusted(inode.superblock().name());
                    record.text(" ino=");
                    record.number(inode.number());
                }
            }
        }
    }

    record.text(" rule=");
    rule(record, decision.text, operation, decision.verdict);

    if let Some(value) = decision.object.modified {
        record.text(" ");
        record.text(PropertyKind::Modified.name());
        boolean(record, value);
    }

    match decision.asker {
        Asker::Unnamed => {}
        Asker::Unknown => record.text(" exe_dev=? exe_ino=?"),
        Asker::Known(known) => program(record, known),
    }

    #[cfg(CONFIG_IPE_TRIAL)]
    if let Some(trial) = &decision.trial {
        record.text(" trial_policy_name=");
        record.untrusted(trial.name);
        record.text(" trial_policy_version=");
        record.format(format_args!("{}", trial.version));
        record.text(" trial_rule=");
        rule(record, trial.text, operation, trial.verdict);
    }
}

/// Writes the rule or default that made a verdict.
pub(super) fn rule(
    record: &mut impl Fields,
    text: &[u8],
    operation: &str,
    verdict: Option<Verdict>,
) {
    let Some(verdict) = verdict else {
        return record.text("?");
    };
    record.open_quote();
    match verdict.scope {
        Scope::Rule(offset) => {
            // In the one form that all spellings share.
            record.text("op=");
            record.text(operation);
            if !visit_rule(text, offset, &mut |each| property(record, each)) {
                // Never, as the compiled policy names only lines that parsed.
                record.text(" ?");
            }
        }
        Scope::OperationDefault => {
            record.text("DEFAULT op=");
            record.text(operation);
        }
        Scope::GlobalDefault => record.text("DEFAULT"),
    }
    end(record, verdict.action);
}

/// Writes the fields of the program that asks: its file, and the properties with which a rule can
/// name it.
fn program(record: &mut impl Fields, program: &Program<'_>) {
    record.text(" exe_dev=");
    record.untrusted(program.device);
    record.text(" exe_ino=");
    record.number(program.inode);
    for (kind, value) in [
        (FilePropertyKind::BootVerified, program.boot_verified),
        (
            FilePropertyKind::DmveritySignature,
            program.dmverity_signature,
        ),
        (
            FilePropertyKind::FsveritySignature,
            program.fsverity_signature,
        ),
    ] {
        if value {
            record.text(" ");
            record.text(PropertyKind::Program(kind).name());
            record.text("=TRUE");
        }
    }
    for (kind, digest) in [
        (
            FilePropertyKind::DmverityRoothash,
            program.dmverity_roothash,
        ),
        (FilePropertyKind::FsverityDigest, program.fsverity_digest),
        (FilePropertyKind::ImageDigest, program.image_digest),
    ] {
        if let Some(digest) = digest {
            record.text(" ");
            record.text(PropertyKind::Program(kind).name());
            record.text("=");
            record.text(digest.algorithm().name());
            record.text(":");
            record.hex(digest.bytes());
        }
    }
}

/// Writes a property of a rule.
fn property(record: &mut impl Fields, property: &Property<'_>) {
    record.text(" ");
    record.text(property.kind().name());
    match property {
        Property::AnonymousMemory(value) | Property::Modified(value) => boolean(record, *value),
        Property::File(property) | Property::Program(property) => match property {
            FileProperty::BootVerified(value)
            | FileProperty::DmveritySignature(value)
            | FileProperty::FsveritySignature(value) => boolean(record, *value),
            FileProperty::DmverityRoothash(RootHash::CommandLine(parameter)) => {
                record.text("=");
                record.text(Parameter::PREFIX);
                record.text(parameter.name());
            }
            FileProperty::DmverityRoothash(RootHash::Digest(value))
            | FileProperty::FsverityDigest(value)
            | FileProperty::ImageDigest(value) => digest(record, value),
        },
    }
}

/// Writes the `=` and the value of a property that is true or false.
fn boolean(record: &mut impl Fields, value: bool) {
    record.text(if value { "=TRUE" } else { "=FALSE" });
}

/// Writes the `=` and the digest of a rule that matched: of an algorithm that is known, in digits
/// that the parser has checked.
///
/// Copies the digits, with fewer instructions than a number that is written in hexadecimal.
fn digest(record: &mut impl Fields, digest: &DigestText<'_>) {
    let Some(algorithm) = Algorithm::from_name(digest.algorithm) else {
        return record.text("=?");
    };
    // The quotes are those of C, inside of the rule's own.
    record.text("=\"");
    record.text(algorithm.name());
    record.text("\":");
    for digits in digest.hex.chunks(DIGITS) {
        let mut upper = [b' '; DIGITS];
        for (to, from) in upper.chunks_exact_mut(8).zip(digits.chunks_exact(8)) {
            let eight = from
                .first_chunk()
                .map_or(0, |eight| u64::from_ne_bytes(*eight));
            // Of hexadecimal digits, letters alone have bit 6. Without bit 5 they are upper case.
            let letters = eight & (u64::MAX / 0xff * 0x40);
            to.copy_from_slice(&(eight & !(letters >> 1)).to_ne_bytes());
        }
        let upper = upper.get(..digits.len()).unwrap_or_default();
        record.text(core::str::from_utf8(upper).unwrap_or("?"));
    }
}

/// Writes the end of a rule or a default.
fn end(record: &mut impl Fields, action: Action) {
    record.text(" action=");
    record.text(action.name());
    record.close_quote();
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
