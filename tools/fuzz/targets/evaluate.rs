// SPDX-License-Identifier: GPL-2.0-only

//! Policies that are built, not read: many rules over few digests, so that they meet each other.

#![no_main]

use arbitrary::Arbitrary;
use ipe_fuzz::{
    common::{compile_for, with_programs, OwnedDigest, TestObject},
    naive,
    objects::{compare, objects, providers},
};
use ipe_policy::policy::{Algorithm, Operation};
use libfuzzer_sys::fuzz_target;
use std::fmt::Write;

/// A digest: one of the algorithms, and the byte that it is made of.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Digest {
    algorithm: u8,
    variant: u8,
}

impl Digest {
    fn owned(self) -> OwnedDigest {
        let algorithm = Algorithm::ALL[self.algorithm as usize % Algorithm::COUNT];
        let mut bytes = vec![0; algorithm.digest_len()];
        // Digests that are the same but for their first, last or middle byte.
        let at = [0, bytes.len() - 1, bytes.len() / 2, 5][self.variant as usize % 4];
        bytes[at] = self.variant;
        OwnedDigest {
            algorithm: algorithm.name(),
            bytes,
        }
    }

    /// The same, of an algorithm that fs-verity has.
    fn of_fsverity(self) -> OwnedDigest {
        let algorithm = self.algorithm % 2;
        Self { algorithm, ..self }.owned()
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Property {
    AnonymousMemory(bool),
    Modified(bool),
    BootVerified(bool),
    DmveritySignature(bool),
    FsveritySignature(bool),
    DmverityRoothash(Digest),
    FsverityDigest(Digest),
    ImageDigest(Digest),
}

impl Property {
    /// Writes the property, of the program where that is meant.
    fn write(self, of_program: bool, text: &mut String) {
        let boolean = |value| if value { "TRUE" } else { "FALSE" };
        let (name, value) = match self {
            Self::AnonymousMemory(_) | Self::Modified(_) if of_program => return,
            Self::Modified(value) => ("modified", boolean(value).to_owned()),
            Self::AnonymousMemory(value) => ("anonymous_memory", boolean(value).to_owned()),
            Self::BootVerified(value) => ("boot_verified", boolean(value).to_owned()),
            Self::DmveritySignature(value) => ("dmverity_signature", boolean(value).to_owned()),
            Self::FsveritySignature(value) => ("fsverity_signature", boolean(value).to_owned()),
            Self::DmverityRoothash(digest) => ("dmverity_roothash", digest.owned().text()),
            Self::FsverityDigest(digest) => ("fsverity_digest", digest.of_fsverity().text()),
            Self::ImageDigest(digest) => (
                "metadata_backing_file_fsverity_digest",
                digest.of_fsverity().text(),
            ),
        };
        let exe = if of_program { "exe_" } else { "" };
        write!(text, " {exe}{name}={value}").unwrap();
    }
}

#[derive(Arbitrary, Debug)]
struct Rule {
    operation: u8,
    properties: Vec<Property>,
    /// Those of the program, where a rule can ask for them.
    of_program: Vec<Property>,
    allow: bool,
    /// The number of such rules, each with the next digest.
    more: u8,
}

#[derive(Arbitrary, Debug)]
struct Object {
    memory: bool,
    modified: bool,
    flags: [bool; 3],
    dmverity: Option<Digest>,
    fsverity: Option<Digest>,
    image: Option<Digest>,
}

#[derive(Arbitrary, Debug)]
struct Case {
    providers: u8,
    default: bool,
    defaults: [Option<bool>; Operation::COUNT],
    rules: Vec<Rule>,
    objects: Vec<Object>,
}

/// The most rules of a policy.
const MAX_RULES: usize = 200;

fn action(allow: bool) -> &'static str {
    if allow {
        "ALLOW"
    } else {
        "DENY"
    }
}

/// Leaves the digest of an image the only digest, if there is one.
fn alone(properties: &[Property]) -> impl Iterator<Item = Property> + '_ {
    let image = |is: &Property| matches!(is, Property::ImageDigest(_));
    let has_image = properties.iter().any(image);
    let other = |is: &Property| {
        matches!(
            is,
            Property::DmverityRoothash(_) | Property::FsverityDigest(_)
        )
    };
    let all = properties.iter().copied();
    all.filter(move |property| !(has_image && other(property)))
}

fn text(case: &Case) -> String {
    let mut text = "policy_name=built policy_version=1.0.0\n".to_owned();
    let complete = case.defaults.iter().all(Option::is_some);
    if case.default || !complete {
        writeln!(text, "DEFAULT action={}", action(case.default)).unwrap();
    }
    for (operation, default) in Operation::ALL.iter().zip(case.defaults) {
        if let Some(allow) = default {
            writeln!(
                text,
                "DEFAULT op={} action={}",
                operation.name(),
                action(allow)
            )
            .unwrap();
        }
    }
    let mut rules = 0;
    for rule in &case.rules {
        for number in 0..=rule.more {
            rules += 1;
            if rules > MAX_RULES {
                return text;
            }
            let operation = Operation::ALL[rule.operation as usize % Operation::COUNT];
            write!(text, "op={}", operation.name()).unwrap();
            let memory = rule.properties.iter();
            let memory = memory.filter(|is| matches!(is, Property::AnonymousMemory(true)));
            let object = &rule.properties[..];
            let (object, of_program) = match operation {
                Operation::Ptrace => (&[][..], &rule.of_program[..]),
                Operation::Execute if memory.count() > 0 => (object, &rule.of_program[..]),
                _ => (object, &[][..]),
            };
            let object = alone(object).map(|property| (property, false));
            let of_program = alone(of_program).map(|property| (property, true));
            for (mut property, of_program) in object.chain(of_program) {
                if operation != Operation::Execute && matches!(property, Property::Modified(_)) {
                    continue;
                }
                if let Property::DmverityRoothash(digest)
                | Property::FsverityDigest(digest)
                | Property::ImageDigest(digest) = &mut property
                {
                    digest.variant = digest.variant.wrapping_add(number);
                }
                property.write(of_program, &mut text);
            }
            writeln!(text, " action={}", action(rule.allow)).unwrap();
        }
    }
    text
}

fuzz_target!(|case: Case| {
    let text = text(&case);
    let policy = naive::Policy::read(text.as_bytes());
    let providers = with_programs(text.as_bytes(), providers(case.providers));
    let compiled = compile_for(text.as_bytes(), providers);
    for object in case.objects.iter().take(16) {
        let object = TestObject {
            memory: object.memory,
            modified: object.modified,
            boot_verified: object.flags[0],
            dmverity_signature: object.flags[1],
            fsverity_signature: object.flags[2],
            dmverity_roothash: object.dmverity.map(Digest::owned),
            fsverity_digest: object.fsverity.map(Digest::of_fsverity),
            image_digest: object.image.map(Digest::of_fsverity),
            ..TestObject::default()
        };
        compare(&compiled, &policy, &object, providers);
    }
    for object in objects(&policy).iter().take(64) {
        compare(&compiled, &policy, object, providers);
    }
});
