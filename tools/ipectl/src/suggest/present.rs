// SPDX-License-Identifier: GPL-2.0-only

//! The rules of the policy that are about a file for which a rule is wanted.

use crate::{object::Object, policy::Policy};
use ipe_policy::policy::{Action, Operation, Scope};

/// Explains why another rule would not help, if a rule decides about such files already.
pub(super) fn reason(policy: &Policy, operation: Operation, object: &Object) -> Option<String> {
    let verdict = policy.evaluate(operation, object);
    let Scope::Rule(offset) = verdict.scope else {
        return None;
    };
    let lines = policy.lines();
    let line = lines.iter().find(|line| line.offset == offset)?;
    if verdict.action == Action::Deny {
        let number = line.position.line;
        return Some(format!("line {number} of the policy denies it on purpose"));
    }
    let likely = if object.dmverity_signature {
        "the kernel may not have the key that signed the root hash, the file may be on another volume, \
         or on btrfs, which does not tell the kernel its volume"
    } else if object.dmverity_roothash.is_some() {
        "the file may be on another volume, or on another version of it, or on btrfs, which does \
         not tell the kernel its volume"
    } else if object.fsverity_digest.is_some() {
        "fs-verity may not be enabled on the file, or with another salt or block size, or the file \
         had another content then"
    } else {
        "the file may have been written after the initramfs was unpacked and a file system mounted \
         over it"
    };
    Some(format!(
        "line {} of the policy allows it already, and did not match: {likely}; or another policy \
         was active; 'ipectl explain POLICY --file FILE' on that machine shows what the kernel \
         knows about a file",
        line.position.line
    ))
}
