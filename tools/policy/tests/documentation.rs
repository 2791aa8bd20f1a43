// SPDX-License-Identifier: GPL-2.0-only

//! The documentation against the code: its example policies load, and it names everything.

mod common;

use common::Collector;
use ipe_policy::policy::{
    measure, Algorithm, Extension, FilePropertyKind, Operation, PropertyKind, Providers,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The directory of the documentation.
fn documentation() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Documentation")
}

/// The text of one of its pages.
fn page(name: &str) -> String {
    let path = documentation().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The example policies: name of the file and text.
fn examples() -> Vec<(String, Vec<u8>)> {
    let mut examples: Vec<_> = fs::read_dir(documentation().join("examples"))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    examples.sort();
    assert!(!examples.is_empty());
    examples
}

#[test]
fn examples_load_without_a_warning() {
    for (name, text) in examples() {
        assert!(name.ends_with(".pol"), "{name} is not a policy");
        let mut collector = Collector::default();
        let result = measure(&text, Providers::ALL, false, &mut collector);
        for error in &collector.errors {
            let position = error.position;
            eprintln!("{name}:{}:{}: {error}", position.line, position.column);
        }
        for warning in &collector.warnings {
            let position = warning.position;
            eprintln!("{name}:{}:{}: {warning}", position.line, position.column);
        }
        assert!(result.is_ok(), "{name} is refused");
        assert!(collector.warnings.is_empty(), "{name} has warnings");
    }
}

#[test]
fn every_example_is_shown_and_every_one_shown_exists() {
    let guide = page("admin-guide.rst");
    let shown: BTreeSet<&str> = guide
        .lines()
        .filter_map(|line| line.trim().strip_prefix(".. literalinclude:: examples/"))
        .collect();
    let there = examples();
    let there: BTreeSet<&str> = there.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(shown, there);
}

#[test]
fn every_word_of_the_language_is_described() {
    let guide = page("admin-guide.rst");
    let words = (Operation::ALL.iter().map(|operation| operation.name()))
        .chain(PropertyKind::ALL.iter().map(|kind| kind.name()))
        .chain(
            FilePropertyKind::ALL
                .iter()
                .filter_map(|kind| kind.provider()),
        )
        .chain(Extension::ALL.iter().map(|extension| extension.name()))
        .chain(Algorithm::ALL.iter().map(|algorithm| algorithm.name()));
    for word in words {
        let quoted = [format!("``{word}``"), format!("``CONFIG_{word}``")];
        assert!(
            quoted.iter().any(|quoted| guide.contains(quoted)),
            "the guide for administrators does not describe {word}"
        );
    }
}

#[test]
fn pages_refer_to_files_that_exist() {
    let root = documentation().join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let links = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| !link.contains("://")) {
        assert!(root.join(link).exists(), "README.md refers to {link}");
    }
}

/// The text without what is in parentheses.
fn without_parentheses(text: &str) -> String {
    let mut depth = 0;
    text.chars()
        .filter(|&letter| {
            depth += i32::from(letter == '(');
            let keep = depth == 0;
            depth -= i32::from(letter == ')');
            keep
        })
        .collect()
}

/// The text of a file, and of the headers beside it that it includes: programs share tests there.
fn with_fixtures(file: &Path) -> String {
    let mut text = fs::read_to_string(file).unwrap();
    let headers: Vec<PathBuf> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#include \"")?.strip_suffix('"'))
        .map(|header| file.with_file_name(header))
        .filter(|header| header.exists())
        .collect();
    for header in headers {
        text += &fs::read_to_string(header).unwrap();
    }
    text
}

/// Looks for a test that a page names: `program`, `program: fixture.test`, or, of the program that
/// was named last, `fixture.test`; or `path/to/file.rs`, `path/to/file.rs: function`.
fn look_for_test(named: &str, file: &mut PathBuf) {
    let root = documentation().join("..");
    let (place, test) = match named.split_once(": ") {
        Some((place, test)) => (Some(place), Some(test)),
        None if named.contains('/') || named.ends_with("_test") => (Some(named), None),
        None => (None, Some(named)),
    };
    if let Some(place) = place {
        *file = if place.contains('/') {
            root.join(place)
        } else {
            let programs = root.join("tools/testing/selftests/ipe");
            programs.join(place).with_extension("c")
        };
    }
    assert!(file.exists(), "{named}: there is no {}", file.display());
    let Some(test) = test else { return };
    let text = with_fixtures(file);
    let wanted = match (
        file.extension().is_some_and(|e| e == "c"),
        test.split_once('.'),
    ) {
        (true, Some((fixture, test))) => vec![
            format!("TEST_F({fixture}, {test})"),
            format!("TEST_F_TIMEOUT({fixture}, {test},"),
        ],
        (true, None) => vec![format!("TEST({test})")],
        (false, _) => vec![format!("fn {test}()")],
    };
    assert!(
        wanted.iter().any(|wanted| text.contains(wanted)),
        "{named}: none of {wanted:?} is in {}",
        file.display()
    );
}

#[test]
fn tests_of_the_differences_exist() {
    let page = page("differences.rst");
    let mut looked = 0;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line != "Test" {
            continue;
        }
        let body: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.starts_with("   "))
            .map(str::trim)
            .collect();
        let body = without_parentheses(&body.join(" "));
        let mut file = PathBuf::new();
        if body.starts_with("None") {
            continue;
        }
        for named in body.split("``").skip(1).step_by(2) {
            look_for_test(named, &mut file);
            looked += 1;
        }
    }
    assert!(looked > 0);
    let count = |wanted| page.lines().filter(|&line| line == wanted).count();
    assert_eq!(count("Here"), count("Test"), "a difference has no test");
}

/// The hooks that the module registers: the lines of `hooks!`, such as `file_open if …;`.
fn registered_hooks() -> BTreeSet<String> {
    let declaration = documentation().join("../abstractions/lsm.rs");
    let text = fs::read_to_string(declaration).unwrap();
    let list = text.split("\nhooks! {\n").nth(1).unwrap();
    let list = list.split("\n}\n").next().unwrap();
    list.lines()
        .filter_map(|line| line.trim().split_once(" if "))
        .map(|(hook, _)| hook.to_owned())
        .collect()
}

#[test]
fn every_registered_hook_is_an_entry_point() {
    let page = page("entry-points.rst");
    let section = page.split("\nHooks that IPE uses\n").nth(1).unwrap();
    let section = section.split("\nHooks that see").next().unwrap();
    // A term of the list of definitions starts its line and may name several hooks.
    let described: BTreeSet<&str> = section
        .lines()
        .filter(|line| line.starts_with("``"))
        .flat_map(|line| line.split("``").skip(1).step_by(2))
        .collect();
    let registered = registered_hooks();
    assert!(!registered.is_empty());
    for hook in &registered {
        assert!(
            described.contains(hook.as_str()),
            "entry-points.rst does not say what {hook} is used for"
        );
    }
}
