// SPDX-License-Identifier: GPL-2.0-only

//! A second implementation of the policy language: slow, and from the grammar alone.
//!
//! It shares no code with the parser, not even the vocabulary's tables. It reads texts that the
//! parser accepted, and panics if it cannot read one.

/// A property that a rule asks for. The names of those of the program begin with `exe_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// One of the flags, which are true or false, by name, and its value.
    Flag(String, bool),
    /// One of the digests, by name: algorithm and digits, in lower case.
    Digest(String, Vec<u8>, String),
    /// A root hash, by name, that this parameter of the kernel's command line names.
    CommandLine(String, String),
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The offset of its line.
    pub offset: u32,
    /// The operation, by name.
    pub operation: String,
    /// The conditions.
    pub properties: Vec<Property>,
    /// Whether it allows.
    pub allow: bool,
}

/// A policy.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The name.
    pub name: Vec<u8>,
    /// The version.
    pub version: [u16; 3],
    /// The rules, in their order.
    pub rules: Vec<Rule>,
    /// The defaults: an operation, or none for all, and whether it allows.
    pub defaults: Vec<(Option<String>, bool)>,
}

/// The decision of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule whose line begins at this offset, and whether it allows.
    Rule(u32, bool),
    /// The default of the operation.
    OperationDefault(bool),
    /// The global default.
    GlobalDefault(bool),
}

/// Splits a text into lines, each with its offset.
fn lines(text: &[u8]) -> Vec<(usize, &[u8])> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, byte) in text.iter().enumerate() {
        if *byte == b'\n' || *byte == b'\r' {
            lines.push((start, &text[start..at]));
            start = at + 1;
        }
    }
    lines.push((start, &text[start..]));
    lines
}

/// A line's words, without comment and without the white space at its end.
fn words(line: &[u8]) -> Vec<&[u8]> {
    let mut code = line.split(|byte| *byte == b'#').next().unwrap();
    while let [rest @ .., 9 | 11 | 12 | 32 | 0xa0] = code {
        code = rest;
    }
    code.split(|byte| *byte == b' ' || *byte == b'\t')
        .filter(|word| !word.is_empty())
        .collect()
}

/// Removes `key=` from a word.
fn after<'a>(word: &'a [u8], key: &str) -> Option<&'a [u8]> {
    word.strip_prefix(key.as_bytes())
}

fn allows(word: &[u8]) -> bool {
    match word {
        b"action=ALLOW" => true,
        b"action=DENY" => false,
        _ => panic!("not an action: {:?}", String::from_utf8_lossy(word)),
    }
}

fn operation(word: &[u8]) -> String {
    let name = after(word, "op=").expect("an operation");
    let known: [&[u8]; 10] = [
        b"EXECUTE",
        b"FIRMWARE",
        b"KMODULE",
        b"KEXEC_IMAGE",
        b"KEXEC_INITRAMFS",
        b"POLICY",
        b"X509_CERT",
        b"PTRACE",
        b"UNCHECKED_SCRIPT",
        b"INTERACTIVE_SCRIPT",
    ];
    assert!(known.contains(&name), "not an operation");
    String::from_utf8(name.to_vec()).unwrap()
}

fn property(word: &[u8]) -> Property {
    let equals = word.iter().position(|byte| *byte == b'=').expect("a value");
    let (name, value) = (&word[..equals], &word[equals + 1..]);
    let name = String::from_utf8(name.to_vec()).unwrap();
    match name.strip_prefix("exe_").unwrap_or(&name) {
        "anonymous_memory" | "modified" if name.starts_with("exe_") => panic!("not a property"),
        "anonymous_memory" | "modified" | "boot_verified" | "dmverity_signature"
        | "fsverity_signature" => match value {
            b"TRUE" => Property::Flag(name, true),
            b"FALSE" => Property::Flag(name, false),
            _ => panic!("not a boolean"),
        },
        "dmverity_roothash" if value.starts_with(b"cmdline:") => {
            let parameter = String::from_utf8(value[b"cmdline:".len()..].to_vec()).unwrap();
            assert!(["roothash", "usrhash", "dm-mod.create"].contains(&parameter.as_str()));
            Property::CommandLine(name, parameter)
        }
        "dmverity_roothash" | "fsverity_digest" | "metadata_backing_file_fsverity_digest" => {
            let colon = value
                .iter()
                .position(|byte| *byte == b':')
                .expect("a colon");
            let digits = String::from_utf8(value[colon + 1..].to_vec()).unwrap();
            assert!(digits.len() % 2 == 0 && digits.chars().all(|digit| digit.is_ascii_hexdigit()));
            Property::Digest(name, value[..colon].to_vec(), digits.to_lowercase())
        }
        _ => panic!("not a property: {name}"),
    }
}

impl Property {
    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::Flag(name, _) | Self::Digest(name, ..) | Self::CommandLine(name, _) => name,
        }
    }
}

/// Checks that a rule asks for properties of the program where it may, and for no other where it
/// may not, and for those of a mapping likewise.
fn check_program(rule: &Rule) {
    let of_program = |property: &Property| property.name().starts_with("exe_");
    let memory = Property::Flag("anonymous_memory".to_owned(), true);
    match rule.operation.as_str() {
        "PTRACE" => assert!(rule.properties.iter().all(of_program)),
        "EXECUTE" if rule.properties.contains(&memory) => {}
        _ => assert!(!rule.properties.iter().any(of_program)),
    }
    let of_mapping = |property: &Property| property.name() == "modified";
    assert!(rule.operation == "EXECUTE" || !rule.properties.iter().any(of_mapping));
}

impl Policy {
    /// Reads a text that the parser accepted.
    pub fn read(text: &[u8]) -> Self {
        assert!(!text.contains(&0));
        let mut policy = Self::default();
        let mut header = true;
        for (offset, line) in lines(text) {
            // A form feed and its like mean nothing in a line that has nothing else.
            let blank = |byte: &u8| matches!(byte, 9 | 11 | 12 | 32 | 0xa0);
            if line
                .split(|byte| *byte == b'#')
                .next()
                .unwrap()
                .iter()
                .all(blank)
            {
                continue;
            }
            let words = words(line);
            if header {
                header = false;
                policy.header(&words);
                continue;
            }
            match words.as_slice() {
                [b"DEFAULT", action] => policy.defaults.push((None, allows(action))),
                [b"DEFAULT", of, action] => {
                    policy.defaults.push((Some(operation(of)), allows(action)));
                }
                [of, properties @ .., action] => policy.rules.push(Rule {
                    offset: offset as u32,
                    operation: operation(of),
                    properties: properties.iter().map(|word| property(word)).collect(),
                    allow: allows(action),
                }),
                _ => panic!("not a rule"),
            }
        }
        assert!(!header);
        policy.rules.iter().for_each(check_program);
        let missing = |operation: &str| policy.stated_default(Some(operation)).is_none();
        let c = [
            "EXECUTE",
            "FIRMWARE",
            "KMODULE",
            "KEXEC_IMAGE",
            "KEXEC_INITRAMFS",
            "POLICY",
            "X509_CERT",
        ];
        let ruled = policy.rules.iter().map(|rule| rule.operation.as_str());
        assert!(policy.stated_default(None).is_some() || !c.into_iter().chain(ruled).any(missing));
        policy
    }

    fn header(&mut self, words: &[&[u8]]) {
        let [name, version] = words else {
            panic!("not a header")
        };
        self.name = after(name, "policy_name=").unwrap().to_vec();
        assert!(!self.name.is_empty());
        let version = after(version, "policy_version=").unwrap();
        let numbers: Vec<u16> = version
            .split(|byte| *byte == b'.')
            .map(|number| std::str::from_utf8(number).unwrap().parse().unwrap())
            .collect();
        self.version = numbers.try_into().unwrap();
    }

    /// Whether a default of the operation, or the global one, allows.
    fn stated_default(&self, of: Option<&str>) -> Option<bool> {
        let mut defaults = self.defaults.iter();
        let (_, allow) = defaults.find(|(wanted, _)| wanted.as_deref() == of)?;
        Some(*allow)
    }

    /// Whether a rule or a default is about the operation.
    pub fn names(&self, operation: &str) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.operation == operation)
            || self.stated_default(Some(operation)).is_some()
    }

    /// Whether a rule asks whether a mapping was modified.
    pub fn tells_modified(&self) -> bool {
        let mut properties = self.rules.iter().flat_map(|rule| &rule.properties);
        properties.any(|property| property.name() == "modified")
    }

    /// Decides: the first rule all of whose properties hold, then the defaults.
    pub fn decide(&self, operation: Option<&str>, holds: impl Fn(&Property) -> bool) -> Verdict {
        for rule in &self.rules {
            if Some(rule.operation.as_str()) == operation && rule.properties.iter().all(&holds) {
                return Verdict::Rule(rule.offset, rule.allow);
            }
        }
        if let (Some(_), Some(allow)) = (operation, self.stated_default(operation)) {
            return Verdict::OperationDefault(allow);
        }
        Verdict::GlobalDefault(self.stated_default(None).unwrap_or(false))
    }
}
