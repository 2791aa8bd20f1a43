// SPDX-License-Identifier: GPL-2.0-only

//! The properties of an object, as far as its record tells them.
//!
//! The rule that matched says that its properties hold, and the device that there are others that
//! cannot. All else is not known.

use crate::{
    audit::Record,
    command_line::CommandLine,
    object::{Digest, Object},
    suggest::{filesystem, Trust, Volume},
};
use ipe_policy::policy::{lines, FileProperty, Property, RootHash};

/// A digest of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The object may have one, or none.
    Nothing,
    /// It has none.
    None,
    /// It has this one.
    Is(Digest),
}

impl Known {
    /// Takes another fact, or returns none where it contradicts this one.
    fn and(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Nothing, known) | (known, Self::Nothing) => Some(known),
            (known, other) if known == other => Some(known),
            // The stand-in for the hash of a parameter may be any other hash.
            (Self::Is(symbol), Self::Is(digest)) if symbol.parameter().is_some() => {
                Some(Self::Is(digest))
            }
            (Self::Is(digest), Self::Is(symbol)) if symbol.parameter().is_some() => {
                Some(Self::Is(digest))
            }
            _ => None,
        }
    }
}

/// The known properties that decide about an object: for a file its own, for memory those
/// of the program that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// Whether the object is memory.
    memory: bool,
    /// Whether the object is a modified mapping of the file.
    modified: bool,
    /// The combinations of flags that are possible, one bit each, see [`Object::combination`].
    flags: u8,
    /// The root hash of the volume.
    pub(super) roothash: Known,
    /// The fs-verity digest.
    pub(super) digest: Known,
    /// The fs-verity digest of the image.
    pub(super) image: Known,
}

impl Side {
    /// A file of which nothing is known.
    const FILE: Self = Self {
        memory: false,
        modified: false,
        flags: u8::MAX,
        roothash: Known::Nothing,
        digest: Known::Nothing,
        image: Known::Nothing,
    };

    /// A file without properties.
    const UNPROTECTED: Self = Self {
        memory: false,
        modified: false,
        flags: 1,
        roothash: Known::None,
        digest: Known::None,
        image: Known::None,
    };

    /// Memory, of which the program is not known.
    const MEMORY: Self = Self {
        memory: true,
        ..Self::FILE
    };

    /// The objects without digests that are possible.
    pub(super) fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        (0..8)
            .filter(|number| self.flags & (1 << number) != 0)
            .map(|number| Object {
                memory: self.memory,
                modified: self.modified,
                ..Object::combination(number)
            })
    }

    fn and_flags(mut self, possible: impl Fn(&Object) -> bool) -> Option<Self> {
        for number in 0..8 {
            let object = Object {
                memory: self.memory,
                modified: self.modified,
                ..Object::combination(number)
            };
            if !possible(&object) {
                self.flags &= !(1 << number);
            }
        }
        (self.flags != 0).then_some(self)
    }

    fn and_roothash(self, known: Known) -> Option<Self> {
        Some(Self {
            roothash: self.roothash.and(known)?,
            ..self
        })
    }

    fn and_digest(self, known: Known) -> Option<Self> {
        Some(Self {
            digest: self.digest.and(known)?,
            ..self
        })
    }

    fn and_image(self, known: Known) -> Option<Self> {
        Some(Self {
            image: self.image.and(known)?,
            ..self
        })
    }

    /// The file is on no dm-verity volume.
    fn without_volume(self) -> Option<Self> {
        self.and_flags(|object| !object.dmverity_signature)?
            .and_roothash(Known::None)
    }

    /// The object has a property of a rule that matched on a kernel with this command line. There
    /// is more than one way for that where the command line does not name the algorithm.
    fn and_property(self, property: Property<'_>, line: &CommandLine) -> Vec<Self> {
        match (self.memory, property) {
            (false, Property::File(FileProperty::DmverityRoothash(hash)))
            | (true, Property::Program(FileProperty::DmverityRoothash(hash))) => {
                let hashes = line.digests_of(hash);
                if hashes.is_empty() && matches!(hash, RootHash::Digest(_)) {
                    return vec![self];
                }
                let known = |hash| self.clone().and_roothash(Known::Is(hash));
                hashes.into_iter().filter_map(known).collect()
            }
            _ => self.and_other(property).into_iter().collect(),
        }
    }

    /// The object has a property of a rule that is not a root hash.
    fn and_other(self, property: Property<'_>) -> Option<Self> {
        match (self.memory, property) {
            (false, Property::File(FileProperty::FsverityDigest(text)))
            | (true, Property::Program(FileProperty::FsverityDigest(text))) => {
                match Digest::from_text(text) {
                    Some(digest) => self.and_digest(Known::Is(digest)),
                    None => Some(self),
                }
            }
            (false, Property::File(FileProperty::ImageDigest(text)))
            | (true, Property::Program(FileProperty::ImageDigest(text))) => {
                match Digest::from_text(text) {
                    Some(digest) => self.and_image(Known::Is(digest)),
                    None => Some(self),
                }
            }
            (_, flag) => self.and_flags(|object| object.satisfies(&flag, |_| Vec::new())),
        }
    }
}

/// All facts about an object, as the file or as the memory that it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    sides: Vec<Side>,
}

impl Facts {
    /// Returns the facts of a record; none if they contradict each other. `content` is the fs-verity
    /// digest of its file, if that is known, and `line` the command line of the kernel.
    pub(super) fn of(
        record: &Record<'_>,
        rule: &str,
        volumes: &[Volume],
        content: Option<Digest>,
        line: &CommandLine,
    ) -> Option<Self> {
        let facts = Self::of_place(record, volumes)?.and_mapping(record);
        // Files of a volume need no fs-verity.
        let on_volume = volumes
            .iter()
            .any(|volume| record.device.as_deref() == Some(&volume.device));
        let facts = match content {
            Some(digest) if !on_volume => facts.map(|side| {
                if side.memory || side.digest != Known::Nothing {
                    return Some(side);
                }
                side.and_digest(Known::Is(digest))
            })?,
            _ => facts,
        };
        facts.and_rule(rule, line)
    }

    /// Changes what is known on each side. Returns none if nothing is possible any more.
    fn map(self, change: impl Fn(Side) -> Option<Side>) -> Option<Self> {
        let sides: Vec<_> = self.sides.into_iter().filter_map(change).collect();
        (!sides.is_empty()).then_some(Self { sides })
    }

    /// The file and the memory that the object may be.
    pub(super) fn sides(&self) -> &[Side] {
        &self.sides
    }

    /// Writes everything of a record that its facts and the answer depend on.
    pub(super) fn write_question(record: &Record<'_>, content: Option<Digest>, to: &mut Vec<u8>) {
        to.push(u8::from(record.without_file));
        to.push(u8::from(unsure_in_initramfs(record)));
        to.push(u8::from(is_of_mapping(record)));
        to.push(record.modified.map_or(2, u8::from));
        for text in [
            record.operation,
            record.device.as_deref().unwrap_or_default(),
            record.rule,
        ] {
            to.extend_from_slice(text.as_bytes());
            to.push(0);
        }
        to.push(u8::from(record.device.is_some()));
        if let Some(digest) = content {
            to.push(digest.algorithm() as u8);
            to.extend_from_slice(digest.bytes());
        }
    }

    /// Whether the object has a property, if that is known.
    pub(super) fn say(&self, holds: impl Fn(&Object) -> bool) -> bool {
        let mut all = self
            .sides
            .iter()
            .flat_map(Side::objects)
            .map(|it| holds(&it));
        let Some(first) = all.next() else {
            return true;
        };
        all.all(|other| other == first)
    }

    /// The facts that the file and its device tell.
    fn of_place(record: &Record<'_>, volumes: &[Volume]) -> Option<Self> {
        if record.without_file {
            return Some(Self {
                sides: vec![Side::MEMORY],
            });
        }
        let Some(device) = record.device.as_deref() else {
            return Some(Self {
                sides: vec![Side::FILE, Side::MEMORY],
            });
        };
        let any = Side::FILE;
        let (file, may_be_memory) = match device {
            "rootfs" if unsure_in_initramfs(record) => {
                let file = any.without_volume()?.and_digest(Known::None)?;
                (file.and_image(Known::None)?, true)
            }
            "rootfs" => (
                any.without_volume()?
                    .and_digest(Known::None)?
                    .and_image(Known::None)?
                    .and_flags(|object| object.boot_verified)?,
                false,
            ),
            // An image that is mounted from a file may be on a volume.
            device if filesystem::may_be_image(device) => (
                any.and_flags(|object| !object.boot_verified && !object.fsverity_signature)?
                    .and_digest(Known::None)?,
                false,
            ),
            // A memfd is memory, and so is a device.
            device if filesystem::is_unprotected(device) => (Side::UNPROTECTED, true),
            // Of the first two, the layer, or the file that the program opened, has the properties.
            device if ["overlay", "fuse"].contains(&device) || device.starts_with("dm-") => {
                let file = any.and_flags(|object| !object.boot_verified)?;
                // The layer of an overlay can be on an image.
                let image = match device {
                    "overlay" => Known::Nothing,
                    _ => Known::None,
                };
                (file.and_image(image)?, false)
            }
            _ => (
                any.without_volume()?
                    .and_image(Known::None)?
                    .and_flags(|object| !object.boot_verified)?,
                false,
            ),
        };
        let mut named = volumes.iter().filter(|volume| volume.device == device);
        let file = named.try_fold(file, |file, volume| match volume.trust {
            Trust::Signed => file.and_flags(|object| object.dmverity_signature),
            Trust::RootHash(digest) => file.and_roothash(Known::Is(digest)),
        })?;
        let memory = may_be_memory.then_some(Side::MEMORY);
        Some(Self {
            sides: std::iter::once(file).chain(memory).collect(),
        })
    }

    /// A file whose mapping was judged may have been modified there.
    fn and_mapping(mut self, record: &Record<'_>) -> Self {
        let modified = match record.modified {
            _ if !is_of_mapping(record) => return self,
            Some(known) => &[known][..],
            None => &[false, true],
        };
        let sides = std::mem::take(&mut self.sides).into_iter();
        let of_side = |side: Side| {
            let values = if side.memory { &[false] } else { modified };
            values.iter().map(move |&modified| Side {
                modified,
                ..side.clone()
            })
        };
        self.sides = sides.flat_map(of_side).collect();
        self
    }

    /// The object has the properties of a rule. Of a rule that this version cannot read, it is not
    /// known which they are.
    fn and_rule(self, rule: &str, command_line: &CommandLine) -> Option<Self> {
        let text = format!("{HEADER}{rule}\n");
        let rule = lines(text.as_bytes()).last();
        let Some(rule) = rule.as_ref().and_then(|line| line.rule()) else {
            return Some(self);
        };
        let mut sides = self.sides;
        for property in rule.properties() {
            let of_side = |side: Side| side.and_property(property, command_line);
            sides = sides.into_iter().flat_map(of_side).collect();
        }
        (!sides.is_empty()).then_some(Self { sides })
    }
}

/// Returns whether a file of the initramfs may not have its property. A device node has none. Of what
/// an overlay has mapped, mprotect(2) shows the layer's device, and `boot_verified` is the overlay's.
fn unsure_in_initramfs(record: &Record<'_>) -> bool {
    let path = record.path.as_deref().unwrap_or_default();
    record.hook == "MPROTECT" || path.starts_with("/dev/")
}

/// Returns whether a mapping was judged.
fn is_of_mapping(record: &Record<'_>) -> bool {
    matches!(record.hook, "MMAP" | "MPROTECT")
}

/// The header, which the parser wants before the first rule.
const HEADER: &str = "policy_name=record policy_version=0.0.0\n";
