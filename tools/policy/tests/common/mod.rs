// SPDX-License-Identifier: GPL-2.0-only

//! Shared by the host tests: an object, and the evaluation of a policy as it is defined.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test is a crate that uses a part of it"
)]

use ipe_policy::{
    eval::{Digest, DigestBuffer, Digests, Image, Object, Verdict},
    policy::{
        measure, rule_at, Action, Algorithm, Class, Compiled, DigestText, Errno, Error,
        FileProperty, FilePropertyKind, Operation, Parameter, Property, PropertyKind, Providers,
        Reporter, RootHash, Scope, Warning, MAX_DIGEST_LEN,
    },
};
use std::{cell::Cell, ops::ControlFlow};

/// A digest that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedDigest {
    pub algorithm: &'static str,
    pub bytes: Vec<u8>,
}

impl OwnedDigest {
    fn borrow(&self) -> Option<Digest<'_>> {
        Digest::new(
            Algorithm::from_name(self.algorithm.as_bytes())?,
            &self.bytes,
        )
    }

    /// Returns the digest as a policy writes it.
    pub fn text(&self) -> String {
        let hex = self
            .bytes
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        format!("{}:{hex}", self.algorithm)
    }
}

/// An object that counts how often it is asked for digests.
#[derive(Clone, Debug, Default)]
pub struct TestObject {
    /// The object is memory: the properties are those of the program that asks.
    pub memory: bool,
    /// The object is a mapping that was modified, of the file with the properties. Memory is none.
    pub modified: bool,
    pub boot_verified: bool,
    pub dmverity_signature: bool,
    pub fsverity_signature: bool,
    pub dmverity_roothash: Option<OwnedDigest>,
    pub fsverity_digest: Option<OwnedDigest>,
    /// The fs-verity digest of the file that its image is mounted from.
    pub image_digest: Option<OwnedDigest>,
    pub asked: Cell<(u32, u32)>,
    pub image_asked: Cell<u32>,
}

impl TestObject {
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
}

impl Object for TestObject {
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

impl Digests for TestObject {
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        let (dmv, fsv) = self.asked.get();
        self.asked.set((dmv + 1, fsv));
        self.dmverity_roothash.as_ref()?.borrow()
    }

    fn fsverity_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        let (dmv, fsv) = self.asked.get();
        self.asked.set((dmv, fsv + 1));
        let digest = self.fsverity_digest.as_ref()?.borrow()?;
        let copy = &mut buffer.write([0; MAX_DIGEST_LEN])[..digest.bytes().len()];
        copy.copy_from_slice(digest.bytes());
        Digest::new(digest.algorithm(), copy)
    }
}

impl Image for TestObject {
    fn image_digest<'b>(&'b self, _: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        self.image_asked.set(self.image_asked.get() + 1);
        self.image_digest.as_ref()?.borrow()
    }
}

/// Keeps everything that the parser reports.
#[derive(Default)]
pub struct Collector {
    pub errors: Vec<Error>,
    pub warnings: Vec<Warning>,
}

impl Reporter for Collector {
    fn error(&mut self, error: &Error) -> ControlFlow<()> {
        self.errors.push(*error);
        ControlFlow::Continue(())
    }

    fn warning(&mut self, warning: &Warning) {
        self.warnings.push(*warning);
    }
}

/// Parses, and checks what must hold of every answer.
pub fn parse(text: &[u8]) -> bool {
    let mut collector = Collector::default();
    let end = u32::try_from(text.len()).unwrap();

    let result = measure(text, Providers::ALL, false, &mut collector);
    assert_eq!(result.as_ref().err(), collector.errors.first());
    let places = collector
        .errors
        .iter()
        .map(|error| (error.position, error.length));
    let warnings = collector
        .warnings
        .iter()
        .map(|warning| (warning.position, warning.length));
    for (position, length) in places.chain(warnings) {
        assert!(position.offset <= end && length <= end - position.offset);
        assert!(position.line >= 1 && position.column >= 1);
        // Line and column must lead to the offset.
        let before = &text[..position.offset as usize];
        let start = before
            .iter()
            .rposition(|byte| matches!(byte, b'\n' | b'\r'));
        let start = start.map_or(0, |at| at + 1);
        assert_eq!(position.column as usize, before.len() - start + 1);
        let ends = (0..start)
            .filter(|&at| {
                before[at] == b'\n' || (before[at] == b'\r' && text.get(at + 1) != Some(&b'\n'))
            })
            .count();
        assert_eq!(position.line as usize, ends + 1);
    }

    // Strict parsing takes less, and nothing more.
    let strict = measure(text, Providers::ALL, true, &mut Collector::default());
    assert_eq!(
        strict.is_ok(),
        result.is_ok() && collector.warnings.is_empty()
    );

    for offset in 0..=end {
        if let Some(rule) = rule_at(text, offset) {
            rule.properties().count();
        }
    }
    let Ok(plan) = result else { return false };
    let words = vec![0; plan.words()];
    let compiled = plan.emit(text, words);
    assert!(!compiled.name(text).is_empty());
    true
}

/// Adds the properties of files that the policy asks of programs: a kernel without one refuses the
/// policy.
pub fn with_programs<'c>(text: &[u8], providers: Providers<'c>) -> Providers<'c> {
    let text = String::from_utf8_lossy(text);
    FilePropertyKind::ALL
        .into_iter()
        .filter(|kind| text.contains(PropertyKind::Program(*kind).name()))
        .fold(providers, Providers::with)
}

/// Compiles a policy that is good.
pub fn compile_for(text: &[u8], providers: Providers<'_>) -> Compiled<Vec<u32>> {
    let mut collector = Collector::default();
    let plan = match measure(text, providers, false, &mut collector) {
        Ok(plan) => plan,
        Err(error) => panic!("{:?}: {error}", error.position),
    };
    // The previous contents of the memory must not matter.
    let words = vec![0xdead_beef; plan.words()];
    plan.emit(text, words)
}

/// Returns the errno with which the parser answers, 0 if it takes the text.
pub fn errno(text: &[u8]) -> i32 {
    match measure(text, Providers::ALL, false, &mut Collector::default()) {
        Ok(_) => 0,
        Err(error) => match error.errno() {
            Errno::Invalid => 22,
            Errno::Range => 34,
            Errno::BadMessage => 74,
        },
    }
}

/// Compiles a policy that is good, for a kernel that provides every property.
pub fn compile(text: &[u8]) -> Compiled<Vec<u32>> {
    compile_for(text, Providers::ALL)
}

/// Returns whether a digest that a policy asks for is the one that the object has.
fn same_digest(wanted: DigestText<'_>, given: Option<&OwnedDigest>) -> bool {
    let Some(given) = given else { return false };
    let hex: Vec<u8> = wanted.hex.to_ascii_lowercase();
    let (_, given_hex) = given
        .text()
        .split_once(':')
        .map(|(a, h)| (a.to_owned(), h.to_owned()))
        .unwrap();
    wanted.algorithm == given.algorithm.as_bytes() && hex == given_hex.as_bytes()
}

/// Decides as the language is defined, for a kernel whose command line names no root hash.
pub fn reference(
    text: &str,
    providers: Providers<'_>,
    operation: Option<Operation>,
    object: &TestObject,
) -> Verdict {
    reference_with(text, providers, |_, _| false, operation, object)
}

/// Decides as the language is defined: the first rule of the operation all of whose properties
/// hold, else the default of the operation, else the global one.
///
/// It walks the lines of the text and knows nothing of the compiled form. `named` tells
/// which root hashes the kernel's command line names.
pub fn reference_with(
    text: &str,
    providers: Providers<'_>,
    named: impl Fn(Parameter, &OwnedDigest) -> bool,
    operation: Option<Operation>,
    object: &TestObject,
) -> Verdict {
    let mut global_default = None;
    let mut operation_default = None;
    let mut offset = 0;

    for line in text.split_inclusive(['\n', '\r']) {
        let start = offset;
        offset += line.len();

        let mut words: Vec<&str> = line.split('#').next().unwrap().split_whitespace().collect();
        if words.first() == Some(&"DEFAULT") {
            let action = match words.pop() {
                Some("action=ALLOW") => Action::Allow,
                Some("action=DENY") => Action::Deny,
                _ => unreachable!(),
            };
            match words.get(1) {
                None => global_default = Some(action),
                Some(word) => {
                    let name = operation.map(|operation| format!("op={}", operation.name()));
                    if Some(*word) == name.as_deref() {
                        operation_default = Some(action);
                    }
                }
            }
            continue;
        }

        let Some(rule) = rule_at(text.as_bytes(), start as u32) else {
            continue;
        };
        let has = |object: &TestObject, property: FileProperty<'_>| {
            providers.contains(property.kind())
                && match property {
                    FileProperty::BootVerified(value) => object.boot_verified == value,
                    FileProperty::DmveritySignature(value) => object.dmverity_signature == value,
                    FileProperty::FsveritySignature(value) => object.fsverity_signature == value,
                    FileProperty::DmverityRoothash(RootHash::Digest(digest)) => {
                        same_digest(digest, object.dmverity_roothash.as_ref())
                    }
                    FileProperty::DmverityRoothash(RootHash::CommandLine(parameter)) => {
                        let roothash = object.dmverity_roothash.as_ref();
                        roothash.is_some_and(|digest| named(parameter, digest))
                    }
                    FileProperty::FsverityDigest(digest) => {
                        same_digest(digest, object.fsverity_digest.as_ref())
                    }
                    FileProperty::ImageDigest(digest) => {
                        same_digest(digest, object.image_digest.as_ref())
                    }
                }
        };
        let holds = |property: Property<'_>| match property {
            Property::AnonymousMemory(value) => object.memory == value,
            Property::Modified(value) => !object.memory && object.modified == value,
            Property::File(property) if object.memory => has(&TestObject::default(), property),
            Property::File(property) => has(object, property),
            Property::Program(property) => object.memory && has(object, property),
        };
        if Some(rule.operation) == operation && rule.properties().all(holds) {
            return Verdict {
                action: rule.action,
                scope: Scope::Rule(start as u32),
            };
        }
    }

    match (operation_default, global_default) {
        (Some(action), _) => Verdict {
            action,
            scope: Scope::OperationDefault,
        },
        (None, action) => Verdict {
            action: action.unwrap_or(Action::Deny),
            scope: Scope::GlobalDefault,
        },
    }
}
