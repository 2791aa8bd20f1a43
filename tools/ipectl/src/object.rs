// SPDX-License-Identifier: GPL-2.0-only

//! Objects: the files and the memory that a policy decides about, with the properties that count.

use ipe_policy::{
    eval,
    policy::{
        Algorithm, Class, DigestText, FileProperty, Operation, Parameter, Property, RootHash,
        MAX_DIGEST_LEN,
    },
};
use std::fmt;
use std::fmt::Write as _;

/// A digest that owns its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: [u8; MAX_DIGEST_LEN],
}

impl Digest {
    /// Returns a digest, or none if the length is not the algorithm's.
    pub fn new(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != algorithm.digest_len() {
            return None;
        }
        let mut all = [0; MAX_DIGEST_LEN];
        all[..bytes.len()].copy_from_slice(bytes);
        Some(Self {
            algorithm,
            bytes: all,
        })
    }

    /// Returns the digest that a policy names, or none if no file can have it.
    pub fn from_text(text: DigestText<'_>) -> Option<Self> {
        let algorithm = Algorithm::from_name(text.algorithm)?;
        Self::new(algorithm, &decode_hex(text.hex)?)
    }

    /// Returns the root hash that a policy names, or none if no volume can have it. A hash on the
    /// kernel's command line is not known.
    pub fn of(hash: RootHash<'_>) -> Option<Self> {
        match hash {
            RootHash::Digest(text) => Self::from_text(text),
            RootHash::CommandLine(parameter) => Some(Self::named_by(parameter)),
        }
    }

    /// Returns what stands for the root hash that a parameter of the kernel's command line names, as
    /// long as that is not known. It is the parameter's name: no volume has such a root hash.
    pub fn named_by(parameter: Parameter) -> Self {
        let mut bytes = [0; MAX_DIGEST_LEN];
        let name = parameter.name().as_bytes();
        bytes[..name.len()].copy_from_slice(name);
        Self {
            algorithm: Algorithm::Sha256,
            bytes,
        }
    }

    /// Returns the parameter whose root hash it stands for.
    pub fn parameter(&self) -> Option<Parameter> {
        let mut all = Parameter::ALL.into_iter();
        all.find(|parameter| *self == Self::named_by(*parameter))
    }

    /// Parses a root hash: `algorithm:digits`, or `cmdline:` and a parameter.
    ///
    /// # Errors
    ///
    /// Returns a sentence for the user.
    pub fn parse_root_hash(text: &str) -> Result<Self, String> {
        let Some(name) = text.strip_prefix(Parameter::PREFIX) else {
            return Self::parse(text);
        };
        let parameter = Parameter::from_name(name.as_bytes());
        parameter.map(Self::named_by).ok_or_else(|| {
            let names = Parameter::ALL.map(Parameter::name).join(", ");
            format!("'{name}' is not one of {names}")
        })
    }

    /// Parses `algorithm:digits`; a bare number of digits that fits is `sha256`.
    ///
    /// # Errors
    ///
    /// Returns a sentence for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, hex) = text.split_once(':').unwrap_or(("sha256", text));
        let algorithm = Algorithm::from_name(name.as_bytes())
            .ok_or_else(|| format!("unknown hash algorithm '{name}'"))?;
        let bytes = decode_hex(hex.as_bytes())
            .ok_or_else(|| format!("'{hex}' is not an even number of hexadecimal digits"))?;
        Self::new(algorithm, &bytes).ok_or_else(|| {
            format!(
                "a {name} digest has {} digits, not {}",
                2 * algorithm.digest_len(),
                hex.len()
            )
        })
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.digest_len()]
    }

    fn as_eval(&self) -> Option<eval::Digest<'_>> {
        eval::Digest::new(self.algorithm, self.bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parameter() {
            Some(parameter) => write!(f, "{}{}", Parameter::PREFIX, parameter.name()),
            None => write!(f, "{}:{}", self.algorithm.name(), hex(self.bytes())),
        }
    }
}

impl PartialOrd for Digest {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Digest {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |digest: &Self| (digest.algorithm as u8, digest.bytes);
        key(self).cmp(&key(other))
    }
}

/// Encodes bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string never fails.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Decodes hexadecimal digits. Returns none for other characters and for an odd number of digits.
pub fn decode_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from((value(*high)? << 4) | value(*low)?).ok(),
            _ => None,
        })
        .collect()
}

/// An object and its properties. Unknown properties are false or absent, as in the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// The object is memory. It has no properties: the others are those of the program that asks.
    pub memory: bool,
    /// The object is a mapping of the file that was modified. Memory is none.
    pub modified: bool,
    /// The file comes from the initramfs.
    pub boot_verified: bool,
    /// It is on a dm-verity volume with a signed root hash.
    pub dmverity_signature: bool,
    /// Its fs-verity digest has a valid built-in signature.
    pub fsverity_signature: bool,
    /// The root hash of its dm-verity volume.
    pub dmverity_roothash: Option<Digest>,
    /// Its fs-verity digest.
    pub fsverity_digest: Option<Digest>,
    /// The fs-verity digest of the file that its image is mounted from.
    pub image_digest: Option<Digest>,
}

impl Object {
    /// An object with one of the eight combinations of its flags, and without a digest.
    pub fn combination(number: u8) -> Self {
        Self {
            boot_verified: number & 1 != 0,
            dmverity_signature: number & 2 != 0,
            fsverity_signature: number & 4 != 0,
            ..Self::default()
        }
    }

    /// Returns all combinations of flags for the classes of objects that an operation is asked
    /// about, without a digest: first files, then modified mappings of them, then memory.
    pub fn all(operation: Operation) -> impl Iterator<Item = Self> {
        let classes: &[Class] = match operation {
            // A process.
            Operation::Ptrace => &[Class::Memory],
            Operation::Execute => &[Class::File, Class::Modified, Class::Memory],
            _ => &[Class::File, Class::Memory],
        };
        let numbers = |class| (0..8).map(move |number| (class, number));
        classes
            .iter()
            .flat_map(move |&class| numbers(class))
            .map(|(class, number)| Self {
                memory: class == Class::Memory,
                modified: class == Class::Modified,
                ..Self::combination(number)
            })
    }

    /// Returns the class of the object.
    pub fn class(&self) -> Class {
        if self.memory {
            Class::Memory
        } else if self.modified {
            Class::Modified
        } else {
            Class::File
        }
    }

    /// Returns whether such a file can exist: the initramfs has neither dm-verity nor fs-verity.
    pub fn possible(&self) -> bool {
        !self.boot_verified
            || !(self.dmverity_signature
                || self.fsverity_signature
                || self.dmverity_roothash.is_some()
                || self.fsverity_digest.is_some()
                || self.image_digest.is_some())
    }

    /// Returns whether a property of a rule holds. The root hashes that the kernel's command line
    /// names come from `named`.
    pub fn satisfies(
        &self,
        property: &Property<'_>,
        named: impl Fn(Parameter) -> Vec<Digest>,
    ) -> bool {
        match property {
            Property::AnonymousMemory(value) => self.memory == *value,
            Property::Modified(value) => !self.memory && self.modified == *value,
            Property::File(property) if self.memory => Self::default().has(property, named),
            Property::File(property) => self.has(property, named),
            Property::Program(property) => self.memory && self.has(property, named),
        }
    }

    /// Returns whether the properties are as a rule asks for one.
    fn has(&self, property: &FileProperty<'_>, named: impl Fn(Parameter) -> Vec<Digest>) -> bool {
        match *property {
            FileProperty::BootVerified(value) => self.boot_verified == value,
            FileProperty::DmveritySignature(value) => self.dmverity_signature == value,
            FileProperty::FsveritySignature(value) => self.fsverity_signature == value,
            FileProperty::DmverityRoothash(RootHash::Digest(text)) => {
                self.dmverity_roothash.is_some()
                    && self.dmverity_roothash == Digest::from_text(text)
            }
            FileProperty::DmverityRoothash(RootHash::CommandLine(parameter)) => self
                .dmverity_roothash
                .is_some_and(|has| named(parameter).contains(&has)),
            FileProperty::FsverityDigest(text) => {
                self.fsverity_digest.is_some() && self.fsverity_digest == Digest::from_text(text)
            }
            FileProperty::ImageDigest(text) => {
                self.image_digest.is_some() && self.image_digest == Digest::from_text(text)
            }
        }
    }
}

impl eval::Object for Object {
    fn boot_verified(&self) -> bool {
        self.boot_verified
    }

    fn dmverity_signature(&self) -> bool {
        self.dmverity_signature
    }

    fn fsverity_signature(&self) -> bool {
        self.fsverity_signature
    }
}

impl eval::Digests for Object {
    fn dmverity_roothash(&self) -> Option<eval::Digest<'_>> {
        self.dmverity_roothash.as_ref()?.as_eval()
    }

    fn fsverity_digest<'b>(&'b self, _: &'b mut eval::DigestBuffer) -> Option<eval::Digest<'b>> {
        self.fsverity_digest.as_ref()?.as_eval()
    }
}

impl eval::Image for Object {
    fn image_digest<'b>(&'b self, _: &'b mut eval::DigestBuffer) -> Option<eval::Digest<'b>> {
        self.image_digest.as_ref()?.as_eval()
    }
}
