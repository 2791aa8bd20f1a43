// SPDX-License-Identifier: GPL-2.0-only

//! The decision: a compiled policy and the properties of an object make a verdict.
//!
//! The first matching rule wins, then the operation's default, then the global default. The cost of
//! finding that rule does not depend on the number of rules: rules without a digest are a table,
//! and rules with one are found by hash. A decision asks for a digest only where a rule that names
//! one could come first, and at most once.
//!
//! Only the decision is here. [`crate::policy`] builds the table and the index, the hooks know
//! where the properties of an object are, and enforcement and records are the business of the
//! caller. Pure `core`, like the language.

#![forbid(unsafe_code)]

use crate::policy::{
    Action,
    Algorithm,
    Compiled,
    Flag,
    Key,
    Operation,
    Outcome,
    Scope,
    MAX_DIGEST_LEN, //
};
use core::ops::Deref;

/// A digest of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest<'a> {
    algorithm: Algorithm,
    bytes: &'a [u8],
}

impl<'a> Digest<'a> {
    /// Creates a digest. Returns `None` if the length is not that of the algorithm's digests.
    #[inline]
    pub const fn new(algorithm: Algorithm, bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() == algorithm.digest_len() {
            Some(Self { algorithm, bytes })
        } else {
            None
        }
    }

    /// Returns the algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the bytes.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// The object of a decision: the properties that rules can ask for.
///
/// A property that cannot be told is `false` or `None`. An implementation need not prepare its
/// answers: a decision asks for each property at most once, and for a digest only if a rule could
/// use it.
pub trait Object {
    /// Returns whether the object comes from the initramfs.
    fn boot_verified(&self) -> bool;

    /// Returns whether the object is on a dm-verity volume whose root hash has a valid signature.
    fn dmverity_signature(&self) -> bool;

    /// Returns whether the object has an fs-verity digest with a valid built-in signature.
    fn fsverity_signature(&self) -> bool;

    /// Returns the root hash of the dm-verity volume that the object is on.
    fn dmverity_roothash(&self) -> Option<Digest<'_>>;

    /// Returns whether the object may have an fs-verity digest. A decision asks this first, as the
    /// digest itself costs more.
    fn has_fsverity(&self) -> bool {
        true
    }

    /// Returns the object's fs-verity digest, in the buffer or from elsewhere.
    fn fsverity_digest<'b>(&'b self, buffer: &'b mut [u8; MAX_DIGEST_LEN]) -> Option<Digest<'b>>;
}

/// A decision and its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub action: Action,
    /// The rule or default that made it.
    pub scope: Scope,
}

/// Decides whether the policy allows an operation on an object.
///
/// `None` stands for an operation that the kernel knows and the language does not. The global
/// default decides about it. Without a global default, it is denied.
#[inline]
pub fn evaluate<S, T>(policy: &Compiled<S>, operation: Option<Operation>, object: &T) -> Verdict
where
    S: Deref<Target = [u32]>,
    T: Object + ?Sized,
{
    outcome(policy, operation, object).into()
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        Self {
            action: outcome.action(),
            scope: outcome.scope(),
        }
    }
}

/// Decides like [`evaluate`], without taking the outcome apart: most decisions are not reported.
#[inline]
pub(crate) fn outcome<S, T>(
    policy: &Compiled<S>,
    operation: Option<Operation>,
    object: &T,
) -> Outcome
where
    S: Deref<Target = [u32]>,
    T: Object + ?Sized,
{
    match operation {
        Some(operation) => decide(policy, operation, object),
        None => policy.unknown(),
    }
}

/// Decides about an operation that the language knows.
#[inline]
fn decide<S, T>(policy: &Compiled<S>, operation: Operation, object: &T) -> Outcome
where
    S: Deref<Target = [u32]>,
    T: Object + ?Sized,
{
    let combination = Flag::BootVerified.bit(object.boot_verified())
        | Flag::DmveritySignature.bit(object.dmverity_signature())
        | Flag::FsveritySignature.bit(object.fsverity_signature());
    let row = policy.row(operation);
    let slot = row.slots[combination as usize % row.slots.len()];

    // Rules that name both digests also need the fs-verity digest.
    let fsverity = row.any_fsverity < slot && object.has_fsverity();
    if fsverity || row.dmverity < slot {
        look_up(policy, operation, combination, slot, object, fsverity)
    } else {
        slot
    }
}

/// Returns the first of the rules that name a digest, if it precedes `slot`, the outcome without
/// digests.
///
/// `fsverity` says whether to ask for the fs-verity digest. Separate from [`decide`], so that
/// decisions without a digest need fewer registers.
#[inline(never)]
fn look_up<S, T>(
    policy: &Compiled<S>,
    operation: Operation,
    combination: u32,
    slot: Outcome,
    object: &T,
    fsverity: bool,
) -> Outcome
where
    S: Deref<Target = [u32]>,
    T: Object + ?Sized,
{
    let mut buffer;
    let row = policy.row(operation);
    let index = policy.index();
    let mut first = slot;

    let fsverity = if fsverity {
        buffer = [0; MAX_DIGEST_LEN];
        object.fsverity_digest(&mut buffer)
    } else {
        None
    };
    if let Some(fsv) = &fsverity {
        if row.fsverity < first {
            let key = Key::new(operation, Some(fsv.algorithm), None);
            first = first.min(index.find(key, combination, fsv.bytes));
        }
    }

    // The root hash is useless where each rule that could come first also names an absent digest.
    if row.dmverity < first || (row.both < first && fsverity.is_some()) {
        if let Some(dmv) = &object.dmverity_roothash() {
            if row.dmverity < first {
                let key = Key::new(operation, None, Some(dmv.algorithm));
                first = first.min(index.find(key, combination, dmv.bytes));
            }
            if let Some(fsv) = &fsverity {
                if row.both < first {
                    let key = Key::new(operation, Some(fsv.algorithm), Some(dmv.algorithm));
                    first = first.min(index.find_both(key, combination, fsv.bytes, dmv.bytes));
                }
            }
        }
    }
    first
}

#[cfg(any(test, CONFIG_SECURITY_IPE_KUNIT_TEST))]
mod tests;
