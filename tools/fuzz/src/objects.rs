// SPDX-License-Identifier: GPL-2.0-only

//! Objects, and the comparison of the decisions of the evaluator and the naive implementation.

use crate::{
    common::{OwnedDigest, TestObject},
    naive::{self, Property},
};
use ipe_policy::{
    eval::{evaluate, Verdict},
    policy::{
        Action, Algorithm, Compiled, Extension, FilePropertyKind, Operation, Providers, Scope,
    },
};

/// The algorithms that fs-verity has.
const FSVERITY: [&[u8]; 2] = [b"sha256", b"sha512"];

/// The most digests of a policy that become objects.
const MAX_DIGESTS: usize = 6;

/// The digits of a digest, in lower case.
fn hexadecimal(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
    bytes
        .iter()
        .flat_map(move |byte| [digit(byte >> 4), digit(byte & 0xf)])
}

/// The name of the property with the digest of an image.
const IMAGE: &str = "metadata_backing_file_fsverity_digest";

/// Whether an object, or the program that asks, has what a rule asks for.
fn holds(property: &Property, object: &TestObject, providers: Providers<'_>) -> bool {
    let name = property.name();
    if name == "anonymous_memory" {
        return *property == Property::Flag(name.to_owned(), object.memory);
    }
    if name == "modified" {
        let wanted = Property::Flag(name.to_owned(), object.modified);
        return !object.memory && *property == wanted;
    }
    let nothing = TestObject::default();
    let (name, object) = match name.strip_prefix("exe_") {
        Some(_) if !object.memory => return false,
        Some(name) => (name, object),
        None if object.memory => (name, &nothing),
        None => (name, object),
    };
    let kind = FilePropertyKind::from_name(name.as_bytes()).unwrap();
    if !providers.contains(kind) {
        return false;
    }
    match property {
        Property::Flag(_, value) => {
            let flag = match name {
                "boot_verified" => object.boot_verified,
                "dmverity_signature" => object.dmverity_signature,
                _ => object.fsverity_signature,
            };
            flag == *value
        }
        // Known at boot.
        Property::CommandLine(..) => false,
        Property::Digest(_, algorithm, digits) => {
            let digest = match name {
                "dmverity_roothash" => &object.dmverity_roothash,
                IMAGE => &object.image_digest,
                _ => &object.fsverity_digest,
            };
            digest.as_ref().is_some_and(|digest| {
                algorithm == digest.algorithm.as_bytes()
                    && hexadecimal(&digest.bytes).eq(digits.bytes())
            })
        }
    }
}

/// The outcome in the terms of the naive implementation.
fn plain(verdict: Verdict) -> naive::Verdict {
    let allow = verdict.action == Action::Allow;
    match verdict.scope {
        Scope::Rule(offset) => naive::Verdict::Rule(offset, allow),
        Scope::OperationDefault => naive::Verdict::OperationDefault(allow),
        Scope::GlobalDefault => naive::Verdict::GlobalDefault(allow),
    }
}

/// Decides about an object in both ways, for all operations, and compares.
pub fn compare(
    compiled: &Compiled<Vec<u32>>,
    policy: &naive::Policy,
    object: &TestObject,
    providers: Providers<'_>,
) {
    assert_eq!(compiled.tells_modified(), policy.tells_modified());
    for operation in Operation::ALL.into_iter().map(Some).chain([None]) {
        object.asked.take();
        let verdict = plain(evaluate(compiled, operation, object.class(), object));
        let expected = policy.decide(operation.map(Operation::name), |property| {
            holds(property, object, providers)
        });
        assert_eq!(verdict, expected, "{operation:?} {object:?} {policy:?}");
        let (dmverity, fsverity) = object.asked.get();
        assert!(dmverity <= 1 && fsverity <= 1);
        let Some(operation) = operation else { continue };
        assert_eq!(compiled.names(operation), policy.names(operation.name()));
        // Where it need not be known, any program leads to the same decision.
        if object.memory && !compiled.asks_for_program(operation) {
            let unknown = TestObject {
                memory: true,
                ..TestObject::default()
            };
            let class = unknown.class();
            let without = evaluate(compiled, Some(operation), class, &unknown);
            assert_eq!(plain(without), verdict);
            assert_eq!((dmverity, fsverity), (0, 0));
        }
    }
}

/// A digest that an object can have.
fn digest(algorithm: &[u8], digits: &str) -> Option<OwnedDigest> {
    let algorithm = Algorithm::from_name(algorithm)?;
    let bytes: Vec<u8> = (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    (bytes.len() == algorithm.digest_len()).then_some(OwnedDigest {
        algorithm: algorithm.name(),
        bytes,
    })
}

/// Objects that distinguish the rules of a policy: files, memory and modified mappings, all
/// combinations of flags, with some of the digests that it names, with similar ones, and without. Of
/// the three kinds of digests, an object has two at most: more would take too long.
pub fn objects(policy: &naive::Policy) -> Vec<TestObject> {
    let named = |of: &str| {
        let mut digests = vec![None];
        for property in policy.rules.iter().flat_map(|rule| &rule.properties) {
            let Property::Digest(name, algorithm, digits) = property else {
                continue;
            };
            let digest = digest(algorithm, digits);
            let useless = of != "dmverity_roothash" && !FSVERITY.contains(&algorithm.as_slice());
            let other = name.strip_prefix("exe_").unwrap_or(name) != of;
            if other || useless || digest.is_none() || digests.contains(&digest) {
                continue;
            }
            if digests.len() == 1 {
                let mut near = digest.clone();
                near.as_mut()
                    .into_iter()
                    .for_each(|near| near.bytes[7] ^= 1);
                digests.push(near);
            }
            digests.push(digest);
            if digests.len() == MAX_DIGESTS {
                break;
            }
        }
        digests
    };
    let (roothashes, fsverity) = (named("dmverity_roothash"), named("fsverity_digest"));
    let mut digests = Vec::new();
    for image in named(IMAGE).into_iter().take(3) {
        for roothash in &roothashes {
            for fsverity in &fsverity {
                if image.is_none() || roothash.is_none() || fsverity.is_none() {
                    digests.push((roothash.clone(), fsverity.clone(), image.clone()));
                }
            }
        }
    }
    let mut objects = Vec::new();
    for (dmverity_roothash, fsverity_digest, image_digest) in digests {
        for flags in 0..24 {
            objects.push(TestObject {
                memory: flags & 8 != 0,
                modified: flags & 16 != 0,
                boot_verified: flags & 1 != 0,
                dmverity_signature: flags & 2 != 0,
                fsverity_signature: flags & 4 != 0,
                dmverity_roothash: dmverity_roothash.clone(),
                fsverity_digest: fsverity_digest.clone(),
                image_digest: image_digest.clone(),
                ..TestObject::default()
            });
        }
    }
    objects
}

/// The set of providers with these bits, in the order of the table, and with all extensions.
pub fn providers(bits: u8) -> Providers<'static> {
    let extensions = Extension::ALL.into_iter();
    let none = extensions.fold(Providers::NONE, Providers::with_extension);
    let kinds = FilePropertyKind::ALL.into_iter().enumerate();
    kinds
        .filter(|(number, _)| bits & (1 << number) != 0)
        .fold(none, |set, (_, kind)| set.with(kind))
}
