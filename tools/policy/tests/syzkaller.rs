// SPDX-License-Identifier: GPL-2.0-only

//! The descriptions for syzkaller against the code: they name each file of securityfs and each word
//! of the language, and what they generate is what the kernel takes.

mod common;
mod syzlang;

use common::Collector;
use ipe_policy::policy::{
    envelope::{self, Form},
    measure,
    origin::{path, rule_vouches},
    Action, Algorithm, ErrorKind, Operation, Parameter, PropertyKind, Providers,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syzlang::{mentioned, Call, Descriptions, Generator, Term};

/// What the descriptions take from those of syzkaller, and from its language.
const BORROWED: [&str; 21] = [
    "array",
    "buffer",
    "bytesize",
    "const",
    "dec",
    "fd",
    "fd_dir",
    "filename",
    "flags",
    "fmt",
    "in",
    "int16",
    "int16be",
    "int32be",
    "int8",
    "len",
    "optional",
    "ptr",
    "string",
    "stringnoz",
    "vma",
];

/// A path below the root of the repository.
fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn text_of(path: &str) -> String {
    fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn descriptions() -> Descriptions {
    Descriptions::read(&text_of("tools/syzkaller/ipe.txt"))
}

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> BTreeSet<String> {
    all.iter().map(|&one| name(one).to_owned()).collect()
}

/// The texts between `before` and the next quote.
fn quoted<'t>(text: &'t str, before: &str) -> Vec<&'t str> {
    let after = text.split(before).skip(1);
    after.map(|rest| rest.split('"').next().unwrap()).collect()
}

/// The mode of a directory, which no call depends on.
const DIRECTORY: &str = "";

/// The modes of files, by their name in the sources.
fn modes() -> BTreeMap<String, String> {
    let text = text_of("abstractions/securityfs.rs");
    let table = text.split("fn mode(self)").nth(1).expect("it is there");
    let table = table.split("impl").next().unwrap();
    let rows = table.lines().filter_map(|line| line.split_once(" => 0o"));
    rows.map(|(name, mode)| {
        let name = name.trim().replace("Self::", "Access::");
        (name, format!("0{}", mode.trim_end_matches(',')))
    })
    .collect()
}

/// The files and directories that the sources of `securityfs/` create: their paths and modes. The
/// directory of a policy is `policies/*`.
fn created() -> BTreeMap<String, String> {
    let modes = modes();
    let mut created = BTreeMap::new();
    for entry in fs::read_dir(at("securityfs")).unwrap() {
        let file = entry.unwrap().path();
        if file.is_dir() {
            // Tests.
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let root = quoted(&text, "Directory::new(b\"").into_iter();
        created.extend(root.map(|name| (format!("/{name}"), DIRECTORY.to_owned())));
        let inner = quoted(&text, "Directory::new_in(b\"").into_iter();
        created.extend(inner.map(|name| (format!("/ipe/{name}"), DIRECTORY.to_owned())));

        let mut seen = 0;
        for table in text.split("FileKind<").skip(1) {
            let place = match table.split('>').next().unwrap() {
                "Root" => "/ipe",
                "Entry" => "/ipe/policies/*",
                other => panic!("{}: files of {other}", file.display()),
            };
            for kind in table.split("name: c\"").skip(1) {
                let (name, rest) = kind.split_once('"').unwrap();
                let access = rest.split("access: ").nth(1).expect("it has a mode");
                let mode = &modes[access.split(',').next().unwrap()];
                created.insert(format!("{place}/{name}"), mode.clone());
                seen += 1;
            }
        }
        let all = text.matches("FileKind {\n").count();
        assert_eq!(seen, all, "{}: files that were not seen", file.display());
    }
    created
}

/// The files and directories of securityfs that calls open, with the modes in the comment above.
fn opened(descriptions: &Descriptions) -> BTreeMap<String, String> {
    let text = text_of("tools/syzkaller/ipe.txt");
    let mut mode = DIRECTORY;
    let mut modes = BTreeMap::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            let said = line.strip_prefix("# Mode ");
            mode = said.map_or(DIRECTORY, |mode| mode.trim_end_matches('.'));
        } else if let Some((call, _)) = line.split_once('(') {
            modes.insert(call, mode);
        }
    }

    let mut opened = BTreeMap::new();
    for call in &descriptions.calls {
        if !call.name.starts_with("openat$") {
            continue;
        }
        let [(_, directory), (_, file), ..] = call.arguments.as_slice() else {
            panic!("{} has no file", call.name);
        };
        // ptr[in, string[…]]
        let files = match &file.arguments[1].arguments[0].term {
            Term::Text(text) => BTreeSet::from([String::from_utf8(text.clone()).unwrap()]),
            Term::Name(list) => descriptions.texts(list),
            Term::Number(number) => panic!("{}: {number}", call.name),
        };
        let in_policy = directory.term == Term::Name("fd_ipe_policy".to_owned());
        for file in files {
            let path = if in_policy {
                format!("/ipe/policies/*/{file}")
            } else if let Some(path) = file.strip_prefix("/sys/kernel/security") {
                path.to_owned()
            } else {
                continue;
            };
            opened.insert(path, modes[call.name.as_str()].to_owned());
        }
    }
    opened
}

#[test]
fn every_file_of_securityfs_is_described_and_every_one_described_exists() {
    let descriptions = descriptions();
    let mut expected = created();
    // Opened on the way to its files.
    assert!(expected.remove("/ipe").is_some());
    for name in descriptions.texts("ipe_names") {
        expected.insert(format!("/ipe/policies/{name}"), DIRECTORY.to_owned());
    }
    assert_eq!(opened(&descriptions), expected);
}

#[test]
fn every_word_of_the_language_is_described_and_every_one_described_exists() {
    let all = descriptions();
    let operations = names(&Operation::ALL, Operation::name);
    assert_eq!(all.texts("ipe_operations"), operations);
    assert!(all.texts("ipe_file_operations").is_subset(&operations));
    assert_eq!(
        all.texts("ipe_actions"),
        names(&[Action::Allow, Action::Deny], Action::name)
    );

    let is_file = |kind| matches!(kind, PropertyKind::File(_));
    let is_program = |kind| matches!(kind, PropertyKind::Program(_));
    let properties = |is_listed: &dyn Fn(PropertyKind) -> bool| {
        let kinds = PropertyKind::ALL.iter().copied();
        names(
            &kinds.filter(|&kind| is_listed(kind)).collect::<Vec<_>>(),
            PropertyKind::name,
        )
    };
    assert_eq!(
        all.texts("ipe_file_booleans"),
        properties(&|kind| is_file(kind) && !kind.is_digest())
    );
    assert_eq!(
        all.texts("ipe_file_digests"),
        properties(&|kind| is_file(kind) && kind.is_digest())
    );
    assert_eq!(
        all.texts("ipe_program_booleans"),
        properties(&|kind| is_program(kind) && !kind.is_digest())
    );
    assert_eq!(
        all.texts("ipe_program_digests"),
        properties(&|kind| is_program(kind) && kind.is_digest())
    );
    assert_eq!(
        all.texts("ipe_class_booleans"),
        properties(&|kind| !is_file(kind) && !is_program(kind))
    );

    let parameters =
        Parameter::ALL.map(|parameter| format!("{}{}", Parameter::PREFIX, parameter.name()));
    assert_eq!(all.texts("ipe_parameters"), BTreeSet::from(parameters));
    let mut described = BTreeSet::new();
    for list in all.lists.keys() {
        if let Some(bytes) = list.strip_prefix("ipe_algorithms_") {
            for name in all.texts(list) {
                let algorithm = Algorithm::from_name(name.as_bytes()).expect("it exists");
                assert_eq!(bytes, algorithm.digest_len().to_string(), "{name}");
                described.insert(name);
            }
        }
    }
    assert_eq!(described, names(&Algorithm::ALL, Algorithm::name));
}

/// Returns whether a name is that of a constant.
fn is_constant(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

#[test]
fn every_type_is_declared_and_used() {
    let all = descriptions();
    let (declared, used) = (all.declared(), all.used());
    for name in used.iter().filter(|name| !is_constant(name)) {
        let is_known = declared.contains(name) || BORROWED.contains(name);
        assert!(is_known, "{name} is not declared");
    }
    for name in &declared {
        assert!(used.contains(name), "{name} is not used");
    }
    for (name, composite) in &all.composites {
        let attribute = if composite.is_union {
            "varlen"
        } else {
            "packed"
        };
        assert_eq!(composite.attribute, attribute, "{name} has no fixed size");
    }
}

#[test]
fn every_resource_comes_from_a_call_and_goes_to_one() {
    let all = descriptions();
    for resource in all.resources.keys().map(String::as_str) {
        let comes = |call: &Call| call.result.as_deref() == Some(resource);
        assert!(all.calls.iter().any(comes), "nothing returns {resource}");
        let goes = |call: &Call| mentioned(&call.arguments).contains(resource);
        assert!(all.calls.iter().any(goes), "nothing takes {resource}");
    }
}

#[test]
fn every_constant_has_a_value() {
    let all = descriptions();
    let file = text_of("tools/syzkaller/ipe.txt.const");
    let valued: BTreeSet<String> = (file.lines())
        .filter(|line| !line.starts_with(['#', 'a']))
        .map(|line| line.split(" = ").next().unwrap().to_owned())
        .collect();
    let numbers =
        (all.calls.iter()).map(|call| format!("__NR_{}", call.name.split('$').next().unwrap()));
    let constants = all.used().into_iter().filter(|name| is_constant(name));
    let wanted: BTreeSet<String> = numbers.chain(constants.map(str::to_owned)).collect();
    assert_eq!(valued, wanted);
    assert!(all.defines.is_subset(&wanted), "a definition is not used");
}

/// Generates this many values of a type, without the alternatives that are called so.
fn generated(name: &str, number: u64, without: &[&str]) -> Vec<Vec<u8>> {
    let descriptions = descriptions();
    let mut generator = Generator {
        descriptions: &descriptions,
        seed: 1,
        without,
    };
    (0..number).map(|_| generator.of(name)).collect()
}

#[test]
fn texts_load_unless_two_of_their_words_exclude_each_other() {
    let mut loaded = String::new();
    let (mut good, mut all) = (0, 0);
    for text in generated("ipe_text", 4000, &["any", "odd"]) {
        let mut collector = Collector::default();
        all += 1;
        if measure(&text, Providers::ALL, false, &mut collector).is_ok() {
            good += 1;
            loaded += std::str::from_utf8(&text).unwrap();
            continue;
        }
        for error in collector.errors {
            assert!(
                matches!(
                    error.kind,
                    ErrorKind::DefaultRepeated
                        | ErrorKind::RootHashNotAlone
                        | ErrorKind::ImageDigestNotAlone
                ),
                "{}: {error}",
                String::from_utf8_lossy(&text)
            );
        }
    }
    assert!(good > all / 2, "{good} of {all} load");
    for word in (names(&Operation::ALL, Operation::name).into_iter())
        .chain(names(&PropertyKind::ALL, PropertyKind::name))
        .chain(names(&Algorithm::ALL, Algorithm::name))
    {
        assert!(loaded.contains(&word), "no text with {word} loads");
    }
}

#[test]
fn messages_are_complete_and_of_both_forms() {
    let forms: Vec<_> = generated("ipe_message", 1000, &[])
        .iter()
        .map(|message| {
            // Complete with its last byte, not before.
            let (_, start) = message.split_last().unwrap();
            assert_eq!(envelope::form(start), Ok(None));
            envelope::form(message).unwrap().expect("it is complete")
        })
        .collect();
    assert!(forms.contains(&Form::Pkcs7) && forms.contains(&Form::Appended));
}

#[test]
fn pieces_begin_messages() {
    let outcomes: Vec<_> = generated("ipe_piece", 1000, &["any"])
        .iter()
        .map(|piece| envelope::form(piece))
        .collect();
    assert!(outcomes.contains(&Ok(None)));
    assert!(outcomes.iter().any(Result::is_err));
}

#[test]
fn paths_are_paths() {
    for written in generated("ipe_path", 100, &[]) {
        let path = path(&written).expect("it is a path").expect("it is usable");
        assert!(!path.ends_with(b"\n"));
    }
}

#[test]
fn a_policy_of_the_guest_allows_the_next_one() {
    let boot = text_of("tools/syzkaller/boot.pol");
    let mut collector = Collector::default();
    assert!(measure(boot.as_bytes(), Providers::ALL, false, &mut collector).is_ok());
    assert!(collector.warnings.is_empty());
    let first = descriptions().lists["ipe_names"][0].term.clone();
    let Term::Text(name) = first else { panic!() };
    let header = format!("policy_name={} ", String::from_utf8(name).unwrap());
    assert!(boot.contains(&header));

    let line = "op=POLICY boot_verified=TRUE action=ALLOW";
    let vouches = |text: &str| {
        let offset = text.find(line).expect("it has the rule");
        rule_vouches(text.as_bytes(), u32::try_from(offset).unwrap())
    };
    assert!(vouches(&boot));
    for text in generated("ipe_text", 10, &["any", "odd"]) {
        let text = String::from_utf8(text).unwrap().replace('\r', "\n");
        assert!(vouches(&text));
    }
}

#[test]
fn the_manager_enables_every_call() {
    let configuration = text_of("tools/syzkaller/ipe.cfg");
    let list = |key: &str| -> Vec<String> {
        let after = configuration
            .split(&format!("\"{key}\": ["))
            .nth(1)
            .unwrap();
        let inside = after.split(']').next().unwrap();
        let entries = inside.split('"').skip(1).step_by(2);
        entries.map(str::to_owned).collect()
    };
    let enabled = list("enable_syscalls");
    let matches = |entry: &str, name: &str| match entry.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == entry,
    };
    let calls = descriptions().calls;
    for call in &calls {
        let is_enabled = enabled.iter().any(|entry| matches(entry, &call.name));
        assert!(is_enabled, "{} is not enabled", call.name);
    }
    for entry in enabled.iter().chain(&list("disable_syscalls")) {
        if entry.contains("ipe") {
            let exists = calls.iter().any(|call| matches(entry, &call.name));
            assert!(exists, "there is no {entry}");
        }
    }
}
