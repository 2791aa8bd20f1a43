// SPDX-License-Identifier: GPL-2.0-only

//! The verdict of a policy about an object of which not everything is known.
//!
//! All objects that fit the facts are tried, or rather one for each kind of them. A rule names at
//! most one root hash and one fs-verity digest, and the first rule that matches decides. So whatever
//! decides about an object also decides about one that has the facts, its flags, and, beyond that,
//! at most one root hash and one digest that a rule names: one of the two alone, or both if one rule
//! names both.
//!
//! The policy that was active excludes some of these: none of its rules before the one that decided
//! matches the object, so none matches one that has fewer digests.

use super::facts::{Facts, Known, Side};
use crate::{
    canonical,
    object::{Digest, Object},
    policy::Policy,
};
use ipe_policy::{
    eval::Verdict,
    policy::{Action, FileProperty, Operation, Property, Scope, Statement},
};
use std::collections::{BTreeMap, BTreeSet};

/// The answer of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It decides so, whatever is not known: by one of these rules.
    Decides(Action, Vec<Scope>),
    /// That depends on these properties, and one of these rules decides.
    Depends(BTreeSet<&'static str>, Vec<Scope>),
    /// No object has such properties, or the policy that was active does not decide so.
    Impossible,
}

/// The digests that an operation's rules name.
#[derive(Default)]
struct Named {
    roothashes: BTreeSet<Digest>,
    digests: BTreeSet<Digest>,
    pairs: BTreeSet<(Digest, Digest)>,
    images: BTreeSet<Digest>,
}

/// A policy, and what its rules name.
pub(super) struct Oracle {
    policy: Policy,
    named: BTreeMap<&'static str, Named>,
}

impl Oracle {
    /// Prepares a policy for questions.
    pub(super) fn new(policy: Policy) -> Self {
        let mut all: BTreeMap<&'static str, Named> = BTreeMap::new();
        for line in policy.lines() {
            let Some(rule) = line.rule() else {
                continue;
            };
            let (mut roothashes, mut digest, mut image) = (Vec::new(), None, None);
            for property in rule.properties() {
                match property {
                    Property::File(FileProperty::DmverityRoothash(hash))
                    | Property::Program(FileProperty::DmverityRoothash(hash)) => {
                        roothashes = policy.command_line().digests_of(hash);
                    }
                    Property::File(FileProperty::FsverityDigest(text))
                    | Property::Program(FileProperty::FsverityDigest(text)) => {
                        digest = Digest::from_text(text);
                    }
                    Property::File(FileProperty::ImageDigest(text))
                    | Property::Program(FileProperty::ImageDigest(text)) => {
                        image = Digest::from_text(text);
                    }
                    _ => {}
                }
            }
            let named = all.entry(rule.operation.name()).or_default();
            let pairs = roothashes
                .iter()
                .copied()
                .zip(digest.iter().copied().cycle());
            named.pairs.extend(pairs);
            named.roothashes.extend(roothashes);
            named.digests.extend(digest);
            named.images.extend(image);
        }
        Self { policy, named: all }
    }

    /// The policy.
    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Asks what the policy decides about all objects that fit the facts. `old` is what was active,
    /// and what of it decided.
    pub(super) fn ask(
        &self,
        operation: Option<Operation>,
        facts: &Facts,
        old: Option<(&Policy, Scope)>,
    ) -> Answer {
        let mut verdicts: Vec<Verdict> = Vec::new();
        self.for_each(operation, facts, |candidate| {
            if let Some((old, decided)) = old {
                if rank(candidate.decide(old, operation).scope) < rank(decided) {
                    return;
                }
            }
            let verdict = candidate.decide(&self.policy, operation);
            if !verdicts.contains(&verdict) {
                verdicts.push(verdict);
            }
        });
        let Some(first) = verdicts.first() else {
            return Answer::Impossible;
        };
        let scopes: Vec<_> = verdicts.iter().map(|verdict| verdict.scope).collect();
        if verdicts.iter().all(|other| other.action == first.action) {
            return Answer::Decides(first.action, scopes);
        }
        Answer::Depends(self.unknown(facts, &scopes), scopes)
    }

    /// Calls the function with an object of each kind that fits the facts.
    fn for_each(
        &self,
        operation: Option<Operation>,
        facts: &Facts,
        mut each: impl FnMut(&Candidate),
    ) {
        let nothing = Named::default();
        let named = operation.and_then(|operation| self.named.get(operation.name()));
        let named = named.unwrap_or(&nothing);
        for side in facts.sides() {
            self.for_each_of(named, side, &mut each);
        }
    }

    /// Calls the function with an object of each kind that fits what is known of one side.
    fn for_each_of(&self, named: &Named, side: &Side, each: &mut impl FnMut(&Candidate)) {
        let may_have_too = |digest: &Digest| may_have_too(side.roothash, digest);
        let roothashes = named.roothashes.iter().filter(|hash| may_have_too(hash));
        let digests = match side.digest {
            Known::Nothing => Some(&named.digests),
            Known::None | Known::Is(_) => None,
        };
        let digests = digests.into_iter().flatten();
        let may_have_both = |(roothash, _): &&(Digest, Digest)| {
            side.digest == Known::Nothing && may_have_too(roothash)
        };
        let pairs = named.pairs.iter().filter(may_have_both);

        let more = std::iter::once((None, None))
            .chain(roothashes.map(|hash| (Some(*hash), None)))
            .chain(digests.map(|digest| (None, Some(*digest))))
            .chain(pairs.map(|(hash, digest)| (Some(*hash), Some(*digest))));
        let images = match side.image {
            Known::Nothing => Some(&named.images),
            Known::None | Known::Is(_) => None,
        };
        let images: Vec<_> = std::iter::once(None)
            .chain(images.into_iter().flatten().copied().map(Some))
            .collect();
        let more = more.flat_map(|both| images.iter().map(move |image| (both, *image)));
        for ((roothash, digest), image) in more {
            for object in side.objects() {
                let candidate = Candidate {
                    object: Object {
                        dmverity_roothash: is(side.roothash).or(roothash),
                        fsverity_digest: is(side.digest).or(digest),
                        image_digest: is(side.image).or(image),
                        ..object
                    },
                    alias: is(side.roothash).and(roothash),
                };
                if candidate.object.possible() {
                    each(&candidate);
                }
            }
        }
    }

    /// Returns the properties that these rules ask for, and that are not known.
    fn unknown(&self, facts: &Facts, scopes: &[Scope]) -> BTreeSet<&'static str> {
        let lines = self.policy.lines();
        let decides = |offset| scopes.contains(&Scope::Rule(offset));
        let mut unknown = BTreeSet::new();
        for line in lines.iter().filter(|line| decides(line.offset)) {
            let properties = line.rule().into_iter().flat_map(|rule| rule.properties());
            for property in properties {
                let mut sides = facts.sides().iter();
                let known = match property {
                    Property::File(FileProperty::DmverityRoothash(hash))
                    | Property::Program(FileProperty::DmverityRoothash(hash)) => {
                        let hashes = self.policy.command_line().digests_of(hash);
                        let known: BTreeSet<_> =
                            sides.clone().filter_map(|side| is(side.roothash)).collect();
                        let may_have_too = |side: &Side| {
                            hashes.iter().any(|hash| may_have_too(side.roothash, hash))
                        };
                        known.len() < 2 && !sides.any(may_have_too)
                    }
                    Property::File(FileProperty::FsverityDigest(_))
                    | Property::Program(FileProperty::FsverityDigest(_)) => {
                        sides.all(|side| side.digest != Known::Nothing)
                    }
                    Property::File(FileProperty::ImageDigest(_))
                    | Property::Program(FileProperty::ImageDigest(_)) => {
                        sides.all(|side| side.image != Known::Nothing)
                    }
                    flag => facts.say(|object| object.satisfies(&flag, |_| Vec::new())),
                };
                if !known {
                    unknown.insert(property.kind().name());
                }
            }
        }
        unknown
    }
}

/// Returns whether a volume may have a root hash beside what is known of it. Of two hashes that are
/// written out, it has one. A hash that the kernel's command line names may be any of them.
fn may_have_too(roothash: Known, digest: &Digest) -> bool {
    match roothash {
        Known::Nothing => true,
        Known::None => false,
        Known::Is(known) => known != *digest && known.parameter().or(digest.parameter()).is_some(),
    }
}

/// Returns the digest that is known.
fn is(known: Known) -> Option<Digest> {
    match known {
        Known::Is(digest) => Some(digest),
        Known::Nothing | Known::None => None,
    }
}

/// An object that fits the facts.
struct Candidate {
    object: Object,
    /// The same root hash in another policy's words: digits, or a parameter of the kernel's command
    /// line. The evaluator takes one at a time.
    alias: Option<Digest>,
}

impl Candidate {
    /// Returns the verdict of the first rule that matches.
    fn decide(&self, policy: &Policy, operation: Option<Operation>) -> Verdict {
        let verdict = policy.evaluate(operation, &self.object);
        let Some(alias) = self.alias else {
            return verdict;
        };
        let object = Object {
            dmverity_roothash: Some(alias),
            ..self.object.clone()
        };
        let other = policy.evaluate(operation, &object);
        if rank(other.scope) < rank(verdict.scope) {
            other
        } else {
            verdict
        }
    }
}

/// Returns a number that is less for what comes first in a policy's decision.
fn rank(scope: Scope) -> u64 {
    match scope {
        Scope::Rule(offset) => offset.into(),
        Scope::OperationDefault => u64::from(u32::MAX) + 1,
        Scope::GlobalDefault => u64::from(u32::MAX) + 2,
    }
}

/// Finds what of a policy a record names; none if it is another policy's.
pub(super) fn scope_of(policy: &Policy, operation: Option<Operation>, rule: &str) -> Option<Scope> {
    for line in policy.lines() {
        let of_operation = line.rule().filter(|of| Some(of.operation) == operation);
        if of_operation.is_some_and(|of| canonical::rule(of) == rule) {
            return Some(Scope::Rule(line.offset));
        }
    }
    let global = policy.evaluate(None, &Object::default()).action;
    if rule == canonical::default(None, global) {
        return Some(Scope::GlobalDefault);
    }
    let own = policy.lines().into_iter().any(|line| {
        matches!(line.statement, Statement::Default(of @ Some(_), action)
            if of == operation && rule == canonical::default(of, action))
    });
    own.then_some(Scope::OperationDefault)
}
