// SPDX-License-Identifier: GPL-2.0-only

//! The page about a policy: well-formed, self-contained, and nothing on it is markup that somebody else
//! chose.

mod common;

use common::{ends_with, ipectl, succeeds};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};
use tempfile::TempDir;

/// Elements without an end.
const VOID: [&str; 3] = ["meta", "br", "hr"];

/// Checks that each element ends where its parent still is open, and that each attribute is quoted.
/// Returns the elements with their attributes, and the text.
fn parse(page: &str) -> (Vec<String>, String) {
    let page = page.strip_prefix("<!DOCTYPE html>\n").expect(page);
    let (mut elements, mut text, mut open) = (Vec::new(), String::new(), Vec::new());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        if open.last() != Some(&"style") {
            assert!(!before.contains('>'), "{before}");
        }
        text += before;
        let (tag, next) = after.split_once('>').expect(after);
        rest = next;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
            continue;
        }
        let name = tag.split(' ').next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if !VOID.contains(&name) {
            open.push(name);
        }
        elements.push(tag.to_owned());
    }
    assert!(open.is_empty(), "{open:?}");
    (elements, text)
}

/// An image with files whose names are markup.
fn image() -> TempDir {
    let root = TempDir::new().unwrap();
    for path in [
        "usr/bin/<script>alert(1)<",
        "usr/bin/\"onclick='x",
        "usr/sbin/&lt;b\u{1b}[2J",
        "sbin/init",
    ] {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let module = root.path().join("usr/lib/modules/x.ko");
    fs::create_dir_all(module.parent().unwrap()).unwrap();
    fs::write(module, "").unwrap();
    root
}

fn report(policy: &str, image: &Path, more: &[&str]) -> String {
    let mut arguments = vec!["report", policy, image.to_str().unwrap()];
    arguments.extend(more);
    succeeds(&arguments)
}

#[test]
fn page_is_well_formed_and_contains_everything_itself() {
    let root = image();
    for page in [
        report("check/good.pol", root.path(), &["--dmverity-signature"]),
        report("simulate/next.pol", root.path(), &["--fsverity"]),
        succeeds(&["report", "check/never.pol"]),
        succeeds(&["report", "simulate/next.pol", "--log", "simulate/audit.log"]),
    ] {
        let (elements, _) = parse(&page);
        for element in &elements {
            let name = element.split(' ').next().unwrap();
            let loads = [
                "script", "link", "img", "iframe", "object", "embed", "base", "form",
            ];
            assert!(!loads.contains(&name), "{element}");
            for attribute in ["src=", "href=", " on", "style="] {
                assert!(!element.contains(attribute), "{element}");
            }
        }
        assert!(
            !page.contains("url(") && !page.contains("@import"),
            "{page}"
        );
        assert!(page.contains("default-src 'none'"), "{page}");
    }
}

#[test]
fn names_are_never_markup() {
    let root = image();
    let page = report("check/good.pol", root.path(), &[]);
    let (elements, text) = parse(&page);
    assert!(!elements.iter().any(|element| element.contains("alert")));
    assert!(text.contains("&lt;script&gt;alert(1)&lt;"), "{text}");
    assert!(text.contains("&quot;onclick=&#39;x"), "{text}");
    assert!(text.contains("&amp;lt;b\u{fffd}[2J"), "{text}");
    assert!(!page.contains('\u{1b}'));
}

#[test]
fn name_of_a_policy_is_never_markup() {
    let policy = b"policy_name=<b>&\"x' policy_version=1.0.0\nDEFAULT action=DENY\n";
    let run = ipectl(&["report", "-"], policy);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let (elements, text) = parse(&run.stdout);
    assert!(
        !elements.iter().any(|element| element == "b"),
        "{elements:?}"
    );
    assert!(text.contains("&lt;b&gt;&amp;&quot;x&#39; 1.0.0"), "{text}");
}

#[test]
fn page_is_accessible() {
    let root = image();
    let page = report("check/good.pol", root.path(), &["--dmverity-signature"]);
    let (elements, text) = parse(&page);
    let named = |name| {
        elements
            .iter()
            .filter(move |element| element.split(' ').next() == Some(name))
    };
    let count = |name| named(name).count();
    assert!(elements.contains(&"html lang=\"en\"".to_owned()));
    assert_eq!((count("h1"), count("main"), count("title")), (1, 1, 1));
    assert_eq!(count("table"), count("caption"));
    // Each heading of a column or a row says which.
    assert!(named("th").all(|element| element.contains("scope=")));
    // A verdict is a word, not only a colour.
    let allowed = elements
        .iter()
        .filter(|element| *element == "span class=\"allow\"");
    assert!(allowed.count() <= text.matches("allowed").count() + text.matches("ALLOW").count());
}

#[test]
fn verdicts_are_those_of_image() {
    let root = image();
    let page = report("check/good.pol", root.path(), &["--dmverity-signature"]);
    let (_, text) = parse(&page);
    assert!(
        text.contains("All files are taken to have: dmverity_signature=TRUE."),
        "{text}"
    );
    assert!(text.contains("allowed init (EXECUTE)"), "{text}");
    assert!(text.contains("allowed x.ko (KMODULE)"), "{text}");
    assert!(!text.contains("denied init"), "{text}");
    let page = report("check/good.pol", root.path(), &[]);
    let (_, text) = parse(&page);
    assert!(text.contains("denied init (EXECUTE)"), "{text}");
    assert!(text.contains("sbin/ denied (1)"), "{text}");
}

#[test]
fn command_line_names_root_hashes() {
    let root = image();
    let policy = "check/command-line.pol";
    let (hash, other) = ("ab".repeat(32), "cd".repeat(32));
    let of_volume = format!("sha256:{hash}");
    let volume = ["--dmverity-roothash", &of_volume];
    let told = |volume: &str, line: &str| {
        let options = ["--dmverity-roothash", volume, "--cmdline", line];
        parse(&report(policy, root.path(), &options)).1
    };
    let line = format!("quiet roothash={hash}");
    let text = told(&of_volume, &line);
    assert!(text.contains("allowed init (EXECUTE)"), "{text}");
    let named = format!("cmdline:roothash{of_volume}");
    assert!(text.contains(&named), "{text}");
    let none = "cmdline:usrhashnone: the command line has no usrhash=";
    assert!(text.contains(none), "{text}");
    // The word is the root hash that it stands for.
    let text = told("cmdline:roothash", &line);
    let taken = format!("All files are taken to have: dmverity_roothash={of_volume}.");
    assert!(text.contains(&taken), "{text}");
    assert!(text.contains("allowed init (EXECUTE)"), "{text}");
    let text = told(&of_volume, &format!("roothash={other}"));
    assert!(text.contains("denied init (EXECUTE)"), "{text}");
    // Without a command line, only the word tells that it is this volume.
    let (_, text) = parse(&report(policy, root.path(), &volume));
    assert!(text.contains("denied init (EXECUTE)"), "{text}");
    assert!(!text.contains("Command line"), "{text}");
    let image = root.path().to_str().unwrap();
    let options = ["--dmverity-roothash", "cmdline:roothash", "--cmdline", "<"];
    let said = ends_with(4, &[&["report", policy, image], &options[..]].concat());
    assert!(said.contains("has no roothash="), "{said}");
}

#[test]
fn recorded_decisions_are_counted_with_the_command_line() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log");
    let hash = "ab".repeat(32);
    let record = format!(
        "type=1420 audit(1.2:3): ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=1 comm=\"a\" \
         path=\"/bin/a\" dev=\"dm-0\" ino=7 \
         rule=\"op=EXECUTE dmverity_roothash=\"sha256\":{hash} action=ALLOW\"\n"
    );
    fs::write(&path, record).unwrap();
    let told = |line: &[&str]| {
        let path = path.to_str().unwrap();
        let arguments = ["report", "check/command-line.pol", "--log", path];
        parse(&succeeds(&[&arguments, line].concat())).1
    };
    let row = "5dmverity_roothash=cmdline:roothashALLOW";
    let line = format!("roothash={hash}");
    let text = told(&["--cmdline", &line]);
    assert!(text.contains(&format!("{row}1\n")), "{text}");
    let text = told(&[]);
    assert!(!text.contains(&format!("{row}1\n")), "{text}");
}

#[test]
fn unused_lines_are_marked() {
    let page = succeeds(&["report", "simulate/next.pol", "--log", "simulate/audit.log"]);
    let (elements, _) = parse(&page);
    let unused = elements
        .iter()
        .filter(|element| *element == "tr class=\"unused\"");
    assert_eq!(unused.count(), 0, "{page}");
    let run = ipectl(
        &["report", "simulate/next.pol", "--log", "simulate/tmpfs.log"],
        b"",
    );
    let (elements, text) = parse(&run.stdout);
    let unused = elements
        .iter()
        .filter(|element| *element == "tr class=\"unused\"");
    assert_eq!(
        (unused.count(), text.matches("unused").count() > 5),
        (5, true)
    );
    let page = succeeds(&["report", "simulate/next.pol"]);
    assert!(!page.contains(">unused<"), "{page}");
}

#[test]
fn page_is_written_to_a_file_but_not_over_its_input() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("page.html");
    let path = path.to_str().unwrap();
    assert_eq!(succeeds(&["report", "check/good.pol", "-o", path]), "");
    let page = succeeds(&["report", "check/good.pol"]);
    assert_eq!(fs::read_to_string(path).unwrap(), page);
    let policy = directory.path().join("good.pol");
    fs::copy(common::fixtures().join("check/good.pol"), &policy).unwrap();
    let policy = policy.to_str().unwrap();
    ends_with(2, &["report", policy, "-o", policy]);
}
