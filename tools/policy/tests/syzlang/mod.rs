// SPDX-License-Identifier: GPL-2.0-only

//! Reads descriptions for syzkaller, and generates values of their types, as syzkaller does: the
//! part of its language that `tools/syzkaller/ipe.txt` uses. Panics at anything else.

use std::collections::{BTreeMap, BTreeSet};

/// What stands before the arguments of a type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Name(String),
    Number(u64),
    Text(Vec<u8>),
}

/// A type with its arguments, or an argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Type {
    pub(crate) term: Term,
    /// The number after a colon: the end of a range.
    pub(crate) end: Option<u64>,
    pub(crate) arguments: Vec<Type>,
}

/// A structure or a union; an alias has one field without a name.
#[derive(Debug)]
pub(crate) struct Composite {
    pub(crate) parameters: Vec<String>,
    pub(crate) fields: Vec<(String, Type)>,
    pub(crate) is_union: bool,
    pub(crate) attribute: String,
}

/// A system call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: Vec<(String, Type)>,
    pub(crate) result: Option<String>,
}

/// A file of descriptions.
#[derive(Debug, Default)]
pub(crate) struct Descriptions {
    pub(crate) calls: Vec<Call>,
    pub(crate) composites: BTreeMap<String, Composite>,
    /// Lists of numbers, names of constants, or texts.
    pub(crate) lists: BTreeMap<String, Vec<Type>>,
    /// Each with the one that it is a special case of.
    pub(crate) resources: BTreeMap<String, String>,
    pub(crate) defines: BTreeSet<String>,
}

/// The rest of a line.
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    /// Takes a text off, after white space, if it is next.
    fn take(&mut self, text: &str) -> bool {
        let next = self.0.trim_start().strip_prefix(text);
        self.0 = next.unwrap_or(self.0);
        next.is_some()
    }

    fn expect(&mut self, text: &str) {
        assert!(self.take(text), "no {text} before {}", self.0);
    }

    /// Takes the text before a delimiter, and the delimiter.
    fn until(&mut self, delimiter: char) -> &'t str {
        let (text, rest) = self.0.split_once(delimiter).expect("it ends");
        self.0 = rest;
        text
    }

    /// Takes the word that is next.
    fn word(&mut self) -> &'t str {
        self.0 = self.0.trim_start();
        let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$';
        let (word, rest) = (self.0).split_at(self.0.find(is_end).unwrap_or(self.0.len()));
        assert!(!word.is_empty(), "no word before {}", self.0);
        self.0 = rest;
        word
    }

    fn number(&mut self) -> u64 {
        if self.take("'") {
            return u64::from(self.until('\'').as_bytes()[0]);
        }
        let word = self.word();
        match word.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => word.parse(),
        }
        .unwrap_or_else(|error| panic!("{word}: {error}"))
    }

    fn term(&mut self) -> Term {
        if self.take("\"") {
            return Term::Text(self.until('"').as_bytes().to_vec());
        }
        if self.take("`") {
            let hex = self.until('`').as_bytes().chunks(2);
            let byte = |digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16);
            return Term::Text(hex.map(|digits| byte(digits).unwrap()).collect());
        }
        match self.0.trim_start().as_bytes()[0] {
            b'\'' | b'0'..=b'9' => Term::Number(self.number()),
            _ => Term::Name(self.word().to_owned()),
        }
    }

    fn list<T>(&mut self, end: &str, mut element: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut elements = Vec::new();
        while !self.take(end) {
            elements.push(element(self));
            if !self.take(",") {
                self.expect(end);
                break;
            }
        }
        elements
    }

    fn kind(&mut self) -> Type {
        let term = self.term();
        let end = self.take(":").then(|| self.number());
        let arguments = if self.take("[") {
            self.list("]", Self::kind)
        } else {
            Vec::new()
        };
        Type {
            term,
            end,
            arguments,
        }
    }

    fn end(&self) {
        assert!(self.0.trim().is_empty(), "{} is too much", self.0);
    }
}

impl Descriptions {
    /// Reads descriptions.
    pub(crate) fn read(text: &str) -> Self {
        let mut all = Self::default();
        let mut lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        while let Some(line) = lines.next() {
            let mut rest = Rest(line);
            if rest.take("include ") {
                continue;
            }
            if rest.take("define ") {
                all.defines.insert(rest.word().to_owned());
                continue;
            }
            if rest.take("resource ") {
                let name = rest.word();
                rest.expect("[");
                let base = rest.word();
                rest.expect("]");
                all.resources.insert(name.to_owned(), base.to_owned());
            } else if rest.take("type ") {
                let name = rest.word();
                let parameters = if rest.take("[") {
                    rest.list("]", |rest| rest.word().to_owned())
                } else {
                    Vec::new()
                };
                let composite = if rest.take("{") {
                    Composite::read(parameters, false, &mut lines)
                } else {
                    Composite {
                        parameters,
                        fields: vec![(String::new(), rest.kind())],
                        is_union: false,
                        attribute: "packed".to_owned(),
                    }
                };
                all.add(name, composite);
            } else {
                let name = rest.word();
                if rest.take("(") {
                    let arguments = rest.list(")", |rest| (rest.word().to_owned(), rest.kind()));
                    let result = (!rest.0.trim().is_empty()).then(|| rest.word().to_owned());
                    let name = name.to_owned();
                    all.calls.push(Call {
                        name,
                        arguments,
                        result,
                    });
                } else if rest.take("=") {
                    let mut values = vec![rest.kind()];
                    while rest.take(",") {
                        values.push(rest.kind());
                    }
                    let before = all.lists.insert(name.to_owned(), values);
                    assert!(before.is_none(), "{name} is there twice");
                } else {
                    let is_union = rest.take("[");
                    if !is_union {
                        rest.expect("{");
                    }
                    all.add(name, Composite::read(Vec::new(), is_union, &mut lines));
                }
            }
            rest.end();
        }
        all
    }

    fn add(&mut self, name: &str, composite: Composite) {
        let before = self.composites.insert(name.to_owned(), composite);
        assert!(before.is_none(), "{name} is there twice");
    }

    /// Returns the names that something is declared by: types, lists and resources.
    pub(crate) fn declared(&self) -> BTreeSet<&str> {
        let names = (self.composites.keys())
            .chain(self.lists.keys())
            .chain(self.resources.keys());
        names.map(String::as_str).collect()
    }

    /// Returns the names that something refers to.
    pub(crate) fn used(&self) -> BTreeSet<&str> {
        let mut used: BTreeSet<&str> = self.resources.values().map(String::as_str).collect();
        for call in &self.calls {
            used.extend(mentioned(&call.arguments));
            used.extend(call.result.as_deref());
        }
        for (name, composite) in &self.composites {
            let mut names = mentioned(&composite.fields);
            for parameter in &composite.parameters {
                assert!(names.remove(parameter.as_str()), "{name}: {parameter}");
            }
            used.extend(names);
        }
        for value in self.lists.values().flatten() {
            value.names(&mut used);
        }
        used
    }

    /// Returns the texts of a list.
    pub(crate) fn texts(&self, list: &str) -> BTreeSet<String> {
        let text = |value: &Type| match &value.term {
            Term::Text(text) => String::from_utf8(text.clone()).unwrap(),
            other => panic!("{list} has {other:?}"),
        };
        (self.lists.get(list))
            .unwrap_or_else(|| panic!("there is no {list}"))
            .iter()
            .map(text)
            .collect()
    }
}

/// Returns the names in the types of fields, other than those of the fields, which sizes refer to.
pub(crate) fn mentioned(fields: &[(String, Type)]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (_, kind) in fields {
        kind.names(&mut names);
    }
    for (field, _) in fields {
        names.remove(field.as_str());
    }
    names
}

impl Composite {
    fn read<'t>(
        parameters: Vec<String>,
        is_union: bool,
        lines: &mut impl Iterator<Item = &'t str>,
    ) -> Self {
        let end = if is_union { "]" } else { "}" };
        let mut fields = Vec::new();
        loop {
            let mut rest = Rest(lines.next().expect("it ends"));
            if rest.take(end) {
                rest.expect("[");
                let attribute = rest.word().to_owned();
                rest.expect("]");
                rest.end();
                return Self {
                    parameters,
                    fields,
                    is_union,
                    attribute,
                };
            }
            let name = rest.word().to_owned();
            fields.push((name, rest.kind()));
            rest.end();
        }
    }
}

impl Type {
    /// Puts arguments in the place of parameters.
    fn with(&self, parameters: &[String], arguments: &[Type]) -> Self {
        if let Term::Name(name) = &self.term {
            if let Some(at) = parameters.iter().position(|parameter| parameter == name) {
                return arguments[at].clone();
            }
        }
        let inner = self.arguments.iter();
        Self {
            term: self.term.clone(),
            end: self.end,
            arguments: inner.map(|a| a.with(parameters, arguments)).collect(),
        }
    }

    /// Adds each name in the type.
    fn names<'t>(&'t self, names: &mut BTreeSet<&'t str>) {
        if let Term::Name(name) = &self.term {
            names.insert(name);
        }
        for argument in &self.arguments {
            argument.names(names);
        }
    }

    fn name(&self) -> &str {
        match &self.term {
            Term::Name(name) => name,
            other => panic!("{other:?} is not a type"),
        }
    }

    fn value(&self) -> u64 {
        match self.term {
            Term::Number(value) => value,
            ref other => panic!("{other:?} is not a number"),
        }
    }
}

/// Generates values, the same for the same seed.
pub(crate) struct Generator<'d> {
    pub(crate) descriptions: &'d Descriptions,
    pub(crate) seed: u64,
    /// The alternatives of unions that are not chosen.
    pub(crate) without: &'d [&'d str],
}

impl Generator<'_> {
    /// Returns a number up to this one.
    fn up_to(&mut self, most: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % (most + 1)
    }

    fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.up_to(all.len() as u64 - 1) as usize]
    }

    /// Returns a value of a type that is named.
    pub(crate) fn of(&mut self, name: &str) -> Vec<u8> {
        self.value(&Rest(name).kind())
    }

    fn value(&mut self, kind: &Type) -> Vec<u8> {
        let descriptions = self.descriptions;
        let arguments = &kind.arguments;
        match (kind.name(), arguments.as_slice()) {
            ("const", [value, base]) => integer(value.value(), base),
            ("flags", [list, base]) => {
                integer(self.one_of(&descriptions.lists[list.name()]).value(), base)
            }
            // A letter, as any byte would be too much for most texts.
            ("int8", []) => vec![b'a' + self.up_to(25) as u8],
            ("int8", [range]) => {
                let start = range.value();
                let last = range.end.expect("it is a range");
                vec![(start + self.up_to(last - start)) as u8]
            }
            ("int32be", []) => integer(self.up_to(u64::from(u32::MAX)), kind),
            ("stringnoz", []) => (0..1 + self.up_to(8)).map(|_| b'a').collect(),
            ("stringnoz", [text]) => match &text.term {
                Term::Text(text) => text.clone(),
                Term::Name(list) => match &self.one_of(&descriptions.lists[list]).term {
                    Term::Text(text) => text.clone(),
                    other => panic!("{list} has {other:?}"),
                },
                Term::Number(number) => panic!("{number} is not a text"),
            },
            ("fmt", [format, base]) => {
                assert_eq!((format.name(), base.name()), ("dec", "int16"));
                format!("{:020}", self.up_to(0xffff)).into_bytes()
            }
            ("array", [element, size @ ..]) => {
                let (least, most) = match size {
                    [] => (0, 8),
                    [size] => (size.value(), size.end.unwrap_or(size.value())),
                    _ => panic!("an array has one size"),
                };
                let count = least + self.up_to(most - least);
                (0..count).flat_map(|_| self.value(element)).collect()
            }
            ("optional", [inner]) if self.up_to(1) == 0 => self.value(inner),
            ("optional", [_]) => Vec::new(),
            (name, arguments) => {
                let composite = (descriptions.composites.get(name))
                    .unwrap_or_else(|| panic!("there is no type {name} with {arguments:?}"));
                self.composite(composite, arguments)
            }
        }
    }

    fn composite(&mut self, composite: &Composite, arguments: &[Type]) -> Vec<u8> {
        assert_eq!(composite.parameters.len(), arguments.len());
        let fields: Vec<(&str, Type)> = (composite.fields.iter())
            .map(|(name, kind)| (name.as_str(), kind.with(&composite.parameters, arguments)))
            .collect();
        if composite.is_union {
            let without = self.without;
            let chosen: Vec<_> = (fields.iter())
                .filter(|(name, _)| !without.contains(name))
                .collect();
            let (_, kind) = *self.one_of(&chosen);
            return self.value(kind);
        }
        // The sizes of fields come when these have their values.
        let is_size = |kind: &Type| kind.name() == "bytesize";
        let values: Vec<Vec<u8>> = (fields.iter())
            .map(|(_, kind)| {
                if is_size(kind) {
                    Vec::new()
                } else {
                    self.value(kind)
                }
            })
            .collect();
        let size_of = |wanted: &str| {
            let at = (fields.iter().position(|(name, _)| *name == wanted))
                .unwrap_or_else(|| panic!("there is no field {wanted}"));
            values[at].len() as u64
        };
        (fields.iter().zip(&values))
            .flat_map(|((_, kind), value)| match kind.arguments.as_slice() {
                [field, base] if is_size(kind) => integer(size_of(field.name()), base),
                _ => value.clone(),
            })
            .collect()
    }
}

/// Returns the bytes of an integer of a type.
fn integer(value: u64, base: &Type) -> Vec<u8> {
    let size = match base.name() {
        "int8" => 1,
        "int16be" => 2,
        "int32be" => 4,
        other => panic!("there is no integer {other}"),
    };
    let bytes = value.to_be_bytes();
    let (cut, kept) = bytes.split_at(8 - size);
    assert!(cut.iter().all(|&byte| byte == 0), "{value} is too large");
    kept.to_vec()
}
