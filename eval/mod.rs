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
    Class,
    Compiled,
    Flag,
    Key,
    Operation,
    Outcome,
    Scope,
    MAX_DIGEST_LEN, //
};
use core::mem::MaybeUninit;
use core::ops::Deref;

/// Room for the digest of an object.
pub type DigestBuffer = MaybeUninit<[u8; MAX_DIGEST_LEN]>;

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

/// The properties of a decision without digests: those of the object if it is a file or a mapping of
/// one, and those of the program that asks if it is memory.
///
/// A property that cannot be told is `false`. An implementation need not prepare its answers: a
/// decision asks for each property at most once.
pub trait Object {
    /// Returns whether the file comes from the initramfs.
    fn boot_verified(&self) -> bool;

    /// Returns whether the file is on a dm-verity volume whose root hash has a valid signature.
    fn dmverity_signature(&self) -> bool;

    /// Returns whether the file has an fs-verity digest with a valid built-in signature.
    fn fsverity_signature(&self) -> bool;

    /// Returns whether the file may have an fs-verity digest. A decision asks this before the
    /// digest itself, which costs more.
    fn has_fsverity(&self) -> bool {
        true
    }
}

/// The digests of a decision, of the same file as the properties of [`Object`].
///
/// A digest that cannot be told is `None`. A decision asks for a digest only if a rule could use
/// it, and at most once.
pub trait Digests {
    /// Returns the root hash of the dm-verity volume that the file is on.
    fn dmverity_roothash(&self) -> Option<Digest<'_>>;

    /// Returns the file's fs-verity digest, in the buffer or from elsewhere. Not asked for where
    /// [`Object::has_fsverity`] is `false`.
    fn fsverity_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>>;
}

/// The digest of the image that the file of a decision is on. Few files are on one that has a
/// digest: for all others, [`decide`] is enough.
pub trait Image {
    /// Returns the fs-verity digest of the file that the image is mounted from. A decision asks for
    /// it only if a rule could use it, and at most once.
    fn image_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>>;
}

/// A decision and its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub action: Action,
    /// The rule or default that made it.
    pub scope: Scope,
}

/// Decides whether the policy allows an operation on an object of a class. The properties are those
/// of the file, or for memory those of the program that asks.
///
/// `None` stands for an operation that the kernel knows and the language does not. The global
/// default decides about it. Without a global default, it is denied.
#[inline]
pub fn evaluate<S, T>(
    policy: &Compiled<S>,
    operation: Option<Operation>,
    class: Class,
    properties: &T,
) -> Verdict
where
    S: Deref<Target = [u32]>,
    T: Object + Digests + Image + ?Sized,
{
    outcome(policy, operation, class, properties).into()
}

/// Decides like [`evaluate`]. The outcome is not taken apart.
///
/// Up to the digests, this is [`decide`], which is the path of most decisions. A common part of the
/// two would cost that one instructions.
#[inline(never)]
pub(crate) fn outcome<S, T>(
    policy: &Compiled<S>,
    operation: Option<Operation>,
    class: Class,
    properties: &T,
) -> Outcome
where
    S: Deref<Target = [u32]>,
    T: Object + Digests + Image + ?Sized,
{
    let Some(operation) = operation else {
        return policy.unknown();
    };
    let class = policy.class(operation, class);
    let combination = Flag::BootVerified.bit(properties.boot_verified())
        | Flag::DmveritySignature.bit(properties.dmverity_signature())
        | Flag::FsveritySignature.bit(properties.fsverity_signature());
    let row = policy.row(operation, class);
    let slot = row.slots[combination as usize % row.slots.len()];
    let fsverity = row.any_fsverity < slot && properties.has_fsverity();
    let pending = Pending {
        slot,
        operation,
        combination: combination as u8,
        fsverity,
    };
    let outcome = if fsverity || row.dmverity < slot {
        pending.look_up(policy, class, properties)
    } else {
        slot
    };
    if policy.first_image(operation, class) < outcome {
        let mut buffer = MaybeUninit::uninit();
        let image = properties.image_digest(&mut buffer);
        outcome.min(look_up_image(policy, operation, class, combination, image))
    } else {
        outcome
    }
}

/// Returns the first rule that names the digest of an image.
#[cold]
#[inline(never)]
fn look_up_image<S>(
    policy: &Compiled<S>,
    operation: Operation,
    class: Class,
    combination: u32,
    image: Option<Digest<'_>>,
) -> Outcome
where
    S: Deref<Target = [u32]>,
{
    image.map_or(Outcome::NONE, |digest| {
        let key = Key::of_image(operation, class, digest.algorithm);
        policy.index().find_any(key, combination, digest.bytes)
    })
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        Self {
            action: outcome.action(),
            scope: outcome.scope(),
        }
    }
}

/// The state of a decision. Most need no digest, and are made without a function call.
#[allow(dead_code, reason = "for hooks, which the host does not have")]
pub(crate) enum Progress {
    /// The decision. It is not taken apart, as most decisions are not reported.
    Decided(Outcome),
    /// A rule that names a digest could come first.
    Pending(Pending),
}

/// Decides about memory where each program gets the same answer; `None` where it depends on the
/// program that asks.
#[inline(always)]
#[allow(dead_code, reason = "for hooks, which the host does not have")]
pub(crate) fn decide_for_all<S>(
    policy: &Compiled<S>,
    operation: Option<Operation>,
) -> Option<Outcome>
where
    S: Deref<Target = [u32]>,
{
    let Some(operation) = operation else {
        return Some(policy.unknown());
    };
    if policy.asks_for_program(operation) {
        return None;
    }
    Some(outcome_of_none(policy, Some(operation), Class::Memory))
}

/// Decides like [`evaluate`], for properties none of which is known.
#[inline(always)]
#[allow(dead_code, reason = "for hooks, which the host does not have")]
pub(crate) fn outcome_of_none<S>(
    policy: &Compiled<S>,
    operation: Option<Operation>,
    class: Class,
) -> Outcome
where
    S: Deref<Target = [u32]>,
{
    let Some(operation) = operation else {
        return policy.unknown();
    };
    let [first, ..] = policy.row(operation, class).slots;
    first
}

/// Decides like [`evaluate`] about a file that is not on an image with a digest, or a program that
/// is not, up to the point where a digest could matter. The class must be one of [`Compiled::class`].
#[inline(always)]
#[allow(dead_code, reason = "for hooks, which the host does not have")]
pub(crate) fn decide<S, T>(
    policy: &Compiled<S>,
    operation: Option<Operation>,
    class: Class,
    properties: &T,
) -> Progress
where
    S: Deref<Target = [u32]>,
    T: Object + ?Sized,
{
    let Some(operation) = operation else {
        return Progress::Decided(policy.unknown());
    };
    let mut combination = Flag::BootVerified.bit(properties.boot_verified())
        | Flag::DmveritySignature.bit(properties.dmverity_signature());
    // Most files have no fs-verity.
    if properties.fsverity_signature() {
        combination |= Flag::FsveritySignature.bit(true);
    }
    let row = policy.row(operation, class);
    let slot = row.slots[combination as usize % row.slots.len()];

    // Rules that name both digests also need the fs-verity digest.
    let fsverity = row.any_fsverity < slot && properties.has_fsverity();
    if fsverity || row.dmverity < slot {
        Progress::Pending(Pending {
            slot,
            operation,
            combination: combination as u8,
            fsverity,
        })
    } else {
        Progress::Decided(slot)
    }
}

/// A decision for which digests are needed. It fits into a register.
pub(crate) struct Pending {
    /// The outcome without digests.
    slot: Outcome,
    operation: Operation,
    /// The combination of flags.
    combination: u8,
    /// Whether to ask for the fs-verity digest.
    fsverity: bool,
}

impl Pending {
    /// Returns the operation of the decision.
    #[inline]
    #[allow(dead_code, reason = "for hooks, which the host does not have")]
    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }

    /// Returns the first of the rules that name a digest, or the outcome without digests, if that
    /// comes first.
    #[inline(always)]
    pub(crate) fn look_up<S, T>(self, policy: &Compiled<S>, class: Class, digests: &T) -> Outcome
    where
        S: Deref<Target = [u32]>,
        T: Digests + ?Sized,
    {
        let row = policy.row(self.operation, class);
        if !self.fsverity {
            self.look_up_roothash(policy, class, digests)
        } else if row.dmverity < self.slot || row.both < self.slot {
            self.look_up_any(policy, class, digests)
        } else {
            self.look_up_fsverity(policy, class, digests)
        }
    }

    /// Looks up where only the root hash can matter.
    #[inline(always)]
    fn look_up_roothash<S, T>(self, policy: &Compiled<S>, class: Class, digests: &T) -> Outcome
    where
        S: Deref<Target = [u32]>,
        T: Digests + ?Sized,
    {
        let Some(digest) = digests.dmverity_roothash() else {
            return self.slot;
        };
        let key = Key::new(self.operation, class, None, Some(digest.algorithm));
        let found = policy
            .index()
            .find(key, u32::from(self.combination), digest.bytes);
        self.slot.min(found)
    }

    /// Looks up where only the fs-verity digest can matter.
    #[inline(always)]
    fn look_up_fsverity<S, T>(self, policy: &Compiled<S>, class: Class, digests: &T) -> Outcome
    where
        S: Deref<Target = [u32]>,
        T: Digests + ?Sized,
    {
        let mut buffer = MaybeUninit::uninit();
        let Some(digest) = digests.fsverity_digest(&mut buffer) else {
            return self.slot;
        };
        let key = Key::new(self.operation, class, Some(digest.algorithm), None);
        let found = policy
            .index()
            .find(key, u32::from(self.combination), digest.bytes);
        self.slot.min(found)
    }

    /// Looks up where both digests may matter. Where only one can, this takes longer than
    /// [`look_up`](Self::look_up).
    #[inline(never)]
    pub(crate) fn look_up_any<S, T>(
        self,
        policy: &Compiled<S>,
        class: Class,
        digests: &T,
    ) -> Outcome
    where
        S: Deref<Target = [u32]>,
        T: Digests + ?Sized,
    {
        let mut first = self.slot;
        let mut buffer = MaybeUninit::uninit();
        let operation = self.operation;
        let combination = u32::from(self.combination);
        let row = policy.row(operation, class);
        let index = policy.index();

        let fsverity = if self.fsverity {
            digests.fsverity_digest(&mut buffer)
        } else {
            None
        };
        if let Some(fsv) = &fsverity {
            if row.fsverity < first {
                let key = Key::new(operation, class, Some(fsv.algorithm), None);
                first = first.min(index.find_any(key, combination, fsv.bytes));
            }
        }

        // The root hash is useless where each rule that could come first also names an absent
        // digest.
        if row.dmverity < first || (row.both < first && fsverity.is_some()) {
            if let Some(dmv) = &digests.dmverity_roothash() {
                if row.dmverity < first {
                    let key = Key::new(operation, class, None, Some(dmv.algorithm));
                    first = first.min(index.find_any(key, combination, dmv.bytes));
                }
                if let Some(fsv) = &fsverity {
                    if row.both < first {
                        let key =
                            Key::new(operation, class, Some(fsv.algorithm), Some(dmv.algorithm));
                        first = first.min(index.find_both(key, combination, fsv.bytes, dmv.bytes));
                    }
                }
            }
        }
        first
    }
}

#[cfg(any(test, CONFIG_SECURITY_IPE_KUNIT_TEST))]
mod tests;
