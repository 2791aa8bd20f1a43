// SPDX-License-Identifier: GPL-2.0-only

//! The events of IPE in the log of IMA: which policy decided, and in which mode.

use crate::object::decode_hex;
use ipe_policy::policy::Parameter;
use std::str;

/// The name of the events.
const EVENT: &[u8] = b"ipe-state";

/// The template by which IMA shows the bytes of an event.
const TEMPLATE: &[u8] = b"ima-buf";

/// The field that ends an event: a name, in which nothing is escaped.
const NAME: &[u8] = b" policy_name=";

/// The state that decided from an event to the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// A random number of the boot.
    pub boot: String,
    /// The number of the event in this boot.
    pub count: u64,
    /// Whether denials were enforced.
    pub enforcing: bool,
    /// Whether all this stayed until the next boot.
    pub sealed: bool,
    /// The policy.
    pub policy: Identity,
    /// The meaning of the words of `cmdline:` on the machine: field and value.
    pub root_hashes: Vec<String>,
}

/// Which policy it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `signed` or `builtin`.
    pub origin: String,
    /// The version.
    pub version: String,
    /// The digest of the signed message, or of the text that was built in, with its algorithm.
    pub digest: String,
    /// The name as the kernel stores it.
    pub name: Vec<u8>,
}

impl State {
    /// Reads the bytes of an event. Returns `None` where they have another form.
    pub fn parse(event: &[u8]) -> Option<Self> {
        let end = event.windows(NAME.len()).position(|part| part == NAME)?;
        let name = event.get(end + NAME.len()..)?.to_vec();
        let mut fields = str::from_utf8(event.get(..end)?).ok()?.split(' ');
        let mut field = |wanted: &str| {
            let (name, value) = fields.next()?.split_once('=')?;
            (name == wanted).then(|| value.to_owned())
        };
        let flag = |value: String| match value.as_str() {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        let state = Self {
            boot: field("boot")?,
            count: field("count")?.parse().ok()?,
            enforcing: flag(field("enforcing")?)?,
            sealed: flag(field("sealed")?)?,
            policy: Identity {
                origin: field("origin")?,
                version: field("policy_version")?,
                digest: field("policy_digest")?,
                name,
            },
            root_hashes: Vec::new(),
        };
        let root_hashes: Vec<_> = fields.map(str::to_owned).collect();
        root_hashes
            .iter()
            .all(|field| field.starts_with(Parameter::PREFIX))
            .then_some(Self {
                root_hashes,
                ..state
            })
    }
}

/// Returns the events of IPE in the text of a log, `ascii_runtime_measurements`. `None` stands for
/// one that has another form.
pub fn events(log: &[u8]) -> impl Iterator<Item = Option<State>> + '_ {
    log.split(|&byte| byte == b'\n').filter_map(|line| {
        // The register, the digest of the entry, the template; then its fields.
        let mut words = line.split(|&byte| byte == b' ').skip(2);
        if words.next() != Some(TEMPLATE) {
            return None;
        }
        let _digest = words.next()?;
        if words.next() != Some(EVENT) {
            return None;
        }
        let bytes = words.next().and_then(decode_hex);
        Some(bytes.as_deref().and_then(State::parse))
    })
}

#[cfg(test)]
mod tests;
