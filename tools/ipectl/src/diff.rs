// SPDX-License-Identifier: GPL-2.0-only

//! Which files and which memory change their verdict from one policy to another.
//!
//! There are eight combinations of the flags, and the digests that either policy
//! names: both policies are asked about all of them.

use crate::{
    object::{Digest, Object},
    policy::{operation_name, Policy},
};
use ipe_policy::policy::{Action, FileProperty, Operation, Property};
use serde::Serialize;
use std::collections::BTreeSet;

/// The most pairs of digests that are tried.
const MAX_PAIRS: usize = 20_000;

/// A change of verdict.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The operation, or [`UNKNOWN`](crate::policy::UNKNOWN).
    pub operation: &'static str,
    /// The verdict of the old policy.
    pub old: &'static str,
    /// The verdict of the new one.
    pub new: &'static str,
    /// About which files, or about memory and which programs: the properties that they have.
    pub files: String,
}

/// The differences between two policies.
pub struct Difference {
    /// All of it.
    pub changes: Vec<Change>,
    /// Whether there were too many pairs of digests to try.
    pub incomplete: bool,
}

/// The description of files whose digests the policies do not name.
const OTHERS: &str = ", with any digest that no line names";

/// A verdict before and after.
type Pair = (Action, Action);

/// The verdicts for each combination of flags; none for a file that cannot exist.
type Verdicts = [Option<Pair>; 8];

/// Compares two policies.
pub fn compare(old: &Policy, new: &Policy) -> Difference {
    let mut difference = Difference {
        changes: Vec::new(),
        incomplete: false,
    };
    let unknown = std::iter::once(None);
    for operation in Operation::ALL.into_iter().map(Some).chain(unknown) {
        compare_operation(old, new, operation, &mut difference);
    }
    difference
}

fn compare_operation(
    old: &Policy,
    new: &Policy,
    operation: Option<Operation>,
    to: &mut Difference,
) {
    if operation == Some(Operation::Ptrace) {
        return compare_class(old, new, operation, Kind::Process, to);
    }
    compare_class(old, new, operation, Kind::File, to);
    if operation == Some(Operation::Execute) && (old.tells_modified() || new.tells_modified()) {
        compare_class(old, new, operation, Kind::Modified, to);
    }
    // A rule that does not tell the classes apart matches memory like a file without properties:
    // nothing more is to be said about that.
    let pair = |object: &Object| (old.action(operation, object), new.action(operation, object));
    let of_file = pair(&Object::default());
    let named = Named::of(operation, Kind::Memory, [old, new]);
    let memory = (0..8).map(|number| Object {
        memory: true,
        ..Object::combination(number)
    });
    if !named.is_empty() || memory.into_iter().any(|object| pair(&object) != of_file) {
        compare_class(old, new, operation, Kind::Memory, to);
    }
}

/// The subject and the object of an access.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    /// A modified mapping of a file.
    Modified,
    Memory,
    /// The memory of a process, which is the only object of its operation.
    Process,
}

impl Kind {
    /// Returns the prefix of the names of properties.
    const fn prefix(self) -> &'static str {
        match self {
            Self::File | Self::Modified => "",
            Self::Memory | Self::Process => "exe_",
        }
    }

    /// Returns the text for all of it.
    const fn everything(self) -> &'static str {
        match self {
            Self::File => "every file",
            Self::Modified => "modified=TRUE",
            Self::Memory => "anonymous_memory=TRUE",
            Self::Process => "every program",
        }
    }

    /// Returns whether the properties that count are those of the program that asks.
    const fn is_of_program(self) -> bool {
        matches!(self, Self::Memory | Self::Process)
    }
}

fn compare_class(
    old: &Policy,
    new: &Policy,
    operation: Option<Operation>,
    kind: Kind,
    to: &mut Difference,
) {
    let named = Named::of(operation, kind, [old, new]);
    let exe = kind.prefix();
    let ask_all = |dmverity_roothash, fsverity_digest, image_digest| -> Verdicts {
        std::array::from_fn(|number| {
            let object = Object {
                memory: kind.is_of_program(),
                modified: kind == Kind::Modified,
                dmverity_roothash,
                fsverity_digest,
                image_digest,
                ..Object::combination(number as u8)
            };
            let decide = |policy: &Policy| policy.action(operation, &object);
            object.possible().then(|| (decide(old), decide(new)))
        })
    };

    let ask = |roothash, digest| ask_all(roothash, digest, None);
    let others = ask(None, None);
    let suffix = if named.is_empty() { "" } else { OTHERS };
    let subject = (operation, kind);
    report(subject, &others, &[], suffix, to);
    for digest in &named.roothashes {
        let text = format!(" {exe}dmverity_roothash={digest}");
        report(subject, &ask(Some(*digest), None), &[&others], &text, to);
    }
    for digest in &named.digests {
        let text = format!(" {exe}fsverity_digest={digest}");
        report(subject, &ask(None, Some(*digest)), &[&others], &text, to);
    }

    for image in &named.images {
        let of_image = ask_all(None, None, Some(*image));
        let text = format!(" {exe}metadata_backing_file_fsverity_digest={image}");
        report(subject, &of_image, &[&others], &text, to);
        // No rule names it beside another digest. With one, the earlier rule decides.
        let roothashes = named.roothashes.iter().map(|hash| (Some(*hash), None));
        let digests = named.digests.iter().map(|digest| (None, Some(*digest)));
        let pairs = named.pairs.iter();
        let pairs = pairs.map(|(hash, digest)| (Some(*hash), Some(*digest)));
        for (roothash, digest) in roothashes.chain(digests).chain(pairs).take(MAX_PAIRS) {
            let mut text = text.clone();
            for (name, value) in [("dmverity_roothash", roothash), ("fsverity_digest", digest)] {
                text += &value.map_or(String::new(), |value| format!(" {exe}{name}={value}"));
            }
            let both = ask_all(roothash, digest, Some(*image));
            let alone = [&of_image, &ask(roothash, digest), &others];
            report(subject, &both, &alone, &text, to);
        }
        to.incomplete |=
            named.roothashes.len() + named.digests.len() + named.pairs.len() > MAX_PAIRS;
    }

    let all = named.roothashes.len() * named.digests.len();
    let pairs: BTreeSet<(Digest, Digest)> = if all <= MAX_PAIRS {
        let roothashes = named.roothashes.iter();
        roothashes
            .flat_map(|roothash| named.digests.iter().map(|digest| (*roothash, *digest)))
            .collect()
    } else {
        to.incomplete = true;
        named.pairs
    };
    for (roothash, digest) in pairs {
        let alone = [ask(Some(roothash), None), ask(None, Some(digest)), others];
        let alone: Vec<_> = alone.iter().collect();
        let text = format!(" {exe}dmverity_roothash={roothash} {exe}fsverity_digest={digest}");
        let both = ask(Some(roothash), Some(digest));
        report(subject, &both, &alone, &text, to);
    }
}

/// The digests that policies name for an operation.
#[derive(Default)]
struct Named {
    roothashes: BTreeSet<Digest>,
    digests: BTreeSet<Digest>,
    pairs: BTreeSet<(Digest, Digest)>,
    images: BTreeSet<Digest>,
}

impl Named {
    fn of(operation: Option<Operation>, kind: Kind, policies: [&Policy; 2]) -> Self {
        let mut named = Self::default();
        for policy in policies {
            for line in policy.lines() {
                let Some(rule) = line.rule().filter(|rule| Some(rule.operation) == operation)
                else {
                    continue;
                };
                let (mut roothash, mut digest, mut image) = (None, None, None);
                for property in rule.properties() {
                    let of_program = matches!(property, Property::Program(_));
                    if of_program != kind.is_of_program() {
                        continue;
                    }
                    match property.of_file() {
                        Some(FileProperty::DmverityRoothash(hash)) => roothash = Digest::of(*hash),
                        Some(FileProperty::FsverityDigest(text)) => {
                            digest = Digest::from_text(*text);
                        }
                        Some(FileProperty::ImageDigest(text)) => {
                            image = Digest::from_text(*text);
                        }
                        _ => {}
                    }
                }
                named.roothashes.extend(roothash);
                named.digests.extend(digest);
                named.pairs.extend(roothash.zip(digest));
                named.images.extend(image);
            }
        }
        named
    }

    fn is_empty(&self) -> bool {
        self.roothashes.is_empty() && self.digests.is_empty() && self.images.is_empty()
    }
}

/// Records the changes that are not already said for files with fewer properties.
fn report(
    (operation, kind): (Option<Operation>, Kind),
    verdicts: &Verdicts,
    known: &[&Verdicts],
    suffix: &str,
    to: &mut Difference,
) {
    for pair in [(Action::Deny, Action::Allow), (Action::Allow, Action::Deny)] {
        let (mut changed, mut free) = (0u8, 0u8);
        for (number, verdict) in verdicts.iter().enumerate() {
            let said = known.iter().any(|known| known[number] == Some(pair));
            match verdict {
                Some(verdict) if *verdict == pair && !said => changed |= 1 << number,
                Some(verdict) if *verdict == pair => free |= 1 << number,
                Some(_) => {}
                None => free |= 1 << number,
            }
        }
        for cube in cover(changed, free) {
            // A file of the initramfs has no digest anyway.
            let suffix = if cube[0] == Some(true) { "" } else { suffix };
            let conditions = describe(cube, kind.prefix());
            let files = match kind {
                Kind::Memory | Kind::Modified => format!("{} {conditions}", kind.everything()),
                Kind::File | Kind::Process => conditions,
            };
            let files = format!("{}{suffix}", files.trim_end());
            to.changes.push(Change {
                operation: operation_name(operation),
                old: pair.0.name(),
                new: pair.1.name(),
                files: match files.as_str() {
                    "" => kind.everything().to_owned(),
                    OTHERS => format!("{}{OTHERS}", kind.everything()),
                    files => files.trim_start().to_owned(),
                },
            });
        }
    }
}

/// The value of each flag: true, false, or either.
type Cube = [Option<bool>; 3];

/// The combinations of a cube, one bit each.
fn members(cube: Cube) -> u8 {
    (0..8u8)
        .filter(|number| {
            (0..3).all(|fact| cube[fact].is_none_or(|value| ((number >> fact) & 1 == 1) == value))
        })
        .fold(0, |set, number| set | (1 << number))
}

/// Returns few cubes that cover all of `wanted`, and otherwise only members of `free`.
fn cover(wanted: u8, free: u8) -> Vec<Cube> {
    const VALUES: [Option<bool>; 3] = [None, Some(true), Some(false)];
    let mut cubes = Vec::new();
    for a in VALUES {
        for b in VALUES {
            for c in VALUES {
                cubes.push([a, b, c]);
            }
        }
    }
    // Cubes with few conditions come first, and TRUE before FALSE.
    cubes.sort_by_key(|cube| {
        let negative = cube.iter().filter(|value| **value == Some(false)).count();
        (cube.iter().flatten().count(), negative)
    });

    let mut left = wanted;
    let mut chosen = Vec::new();
    for cube in cubes {
        let set = members(cube);
        if set & !(wanted | free) == 0 && set & left != 0 {
            left &= !set;
            chosen.push(cube);
        }
    }
    chosen
}

fn describe(cube: Cube, prefix: &str) -> String {
    const NAMES: [&str; 3] = ["boot_verified", "dmverity_signature", "fsverity_signature"];
    let conditions = NAMES.iter().zip(cube).filter_map(|(name, value)| {
        let value = if value? { "TRUE" } else { "FALSE" };
        Some(format!("{prefix}{name}={value}"))
    });
    conditions.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
