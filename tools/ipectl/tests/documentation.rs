// SPDX-License-Identifier: GPL-2.0-only

//! The examples in the documentation show the output of the program.
//!
//! Each block of a page that begins with `$ ` is run as a shell would, beside the documentation's
//! example policies and what lies in `tests/fixtures/documentation`. A line `…` stands for any
//! lines, `…` in a line for any text. The programs that read the audit log are not at hand: in their
//! place, `ausearch` prints the recorded `audit.log`, `journalctl` the last line of it.

mod common;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A command and what follows it on the page.
#[derive(Debug)]
struct Example {
    command: String,
    shown: Vec<String>,
}

/// The examples of a page: indented blocks, or fenced ones.
fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut block: Option<usize> = None;
    for line in page.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if let Some(command) = text.strip_prefix("$ ") {
            block = Some(indent);
            examples.push(Example {
                command: command.to_owned(),
                shown: Vec::new(),
            });
            continue;
        }
        match (block, examples.last_mut()) {
            (Some(0), _) if text.starts_with("```") => block = None,
            (Some(of_block), _) if indent < of_block && !text.is_empty() => block = None,
            (Some(of_block), Some(example)) => {
                let line = line.get(of_block..).unwrap_or_default();
                example.shown.push(line.to_owned());
            }
            _ => {}
        }
    }
    for example in &mut examples {
        while example.shown.last().is_some_and(String::is_empty) {
            example.shown.pop();
        }
    }
    examples
}

/// Whether a line is as shown.
fn line_fits(shown: &str, said: &str) -> bool {
    let Some((before, after)) = shown.split_once('…') else {
        return shown == said;
    };
    let Some(rest) = said.strip_prefix(before) else {
        return false;
    };
    (0..=rest.len()).any(|at| rest.is_char_boundary(at) && line_fits(after, &rest[at..]))
}

/// Whether all lines are as shown.
fn fits(shown: &[String], said: &[&str]) -> bool {
    match shown.split_first() {
        None => said.is_empty(),
        Some((first, rest)) if first.trim() == "…" => {
            (0..=said.len()).any(|at| fits(rest, &said[at..]))
        }
        Some((first, rest)) => said
            .split_first()
            .is_some_and(|(line, others)| line_fits(first, line) && fits(rest, others)),
    }
}

/// A directory with all that the examples name.
fn directory() -> TempDir {
    let directory = TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for from in [
        root.join("../../Documentation/examples"),
        root.join("tests/fixtures/documentation"),
    ] {
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), directory.path().join(entry.file_name())).unwrap();
        }
    }
    let program = |name: &str, text: &str| {
        let path = directory.path().join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    };
    fs::create_dir(directory.path().join("bin")).unwrap();
    program("ausearch", "cat audit.log");
    program("journalctl", "tail -n 1 audit.log");
    program(
        "ipectl",
        concat!("exec ", env!("CARGO_BIN_EXE_ipectl"), " \"$@\""),
    );
    let status = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:3072", "-noenc", "-sha256"])
        .args(["-days", "3650", "-subj", "/CN=Owner", "-set_serial", "1"])
        .args(["-keyout", "owner.key", "-out", "owner.crt"])
        .current_dir(directory.path())
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    directory
}

#[test]
fn examples_show_what_the_program_says() {
    let directory = directory();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", directory.path().join("bin").display());
    let mut different = String::new();
    for page in [
        "README.md",
        "tools/ipectl/README.md",
        "Documentation/admin-guide.rst",
    ] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(page);
        let examples = examples(&fs::read_to_string(file).unwrap());
        let examples = examples
            .iter()
            .filter(|example| example.command.contains("ipectl"));
        let mut number = 0;
        for Example { command, shown } in examples {
            number += 1;
            let output = Command::new("sh")
                .args(["-c", &format!("{command} 2>&1")])
                .current_dir(directory.path())
                .env("PATH", &path)
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            if !fits(shown, &said.lines().collect::<Vec<_>>()) {
                different += &format!("{page}: $ {command}\n{said}\n");
            }
        }
        assert!(number > 0, "{page} shows nothing");
    }
    assert!(different.is_empty(), "{different}");
}

#[test]
fn ellipsis_stands_for_any_text() {
    let shown = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (text, said, same) in [
        ("a\n…\nd", "a\nb\nc\nd", true),
        ("a\n…\nd", "a\nd", true),
        ("a\n…\nd", "a\nb", false),
        ("a\nd", "a\nb\nd", false),
        ("a", "a\nb", false),
        ("a … c", "a b c", true),
        ("a … c", "a b d", false),
        ("a…", "ab", true),
    ] {
        let said: Vec<_> = said.lines().collect();
        assert_eq!(fits(&shown(text), &said), same, "{text:?} {said:?}");
    }
    let page = "Text.\n\n    $ ipectl a\n    b\n\n    c\n\nText.\n```\n$ ipectl d\ne\n```\nText.\n";
    let found = examples(page);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].shown, ["b", "", "c"]);
    assert_eq!(found[1].shown, ["e"]);
}

/// The policies that the documentation loads in the initramfs let the initramfs go on, and those
/// that
/// it loads later no longer trust the initramfs.
#[test]
fn policies_fit_the_stage_they_are_for() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Documentation/examples");
    for (stage, policies) in [
        ("boot", ["boot.pol", "signed-files.pol"]),
        ("root", ["appliance.pol", "signed-files-root.pol"]),
    ] {
        for policy in policies {
            let output = Command::new(env!("CARGO_BIN_EXE_ipectl"))
                .args(["check", "--strict", "--stage", stage, policy])
                .current_dir(&examples)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{policy}, {stage}: {said}");
        }
    }
}

/// The documentation's policies have no warnings, except for the one that hands over in the
/// initramfs, and do not let kexec boot a kernel whose command line root chooses, except for the one
/// that denies nothing.
#[test]
fn examples_have_no_warnings_and_allow_no_kexec() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Documentation/examples");
    let output = Command::new(env!("CARGO_BIN_EXE_ipectl"))
        .args(["check", "--json", "."])
        .current_dir(&examples)
        .output()
        .unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{found:#}");
    let found = found["diagnostics"].as_array().unwrap();
    let warnings: Vec<_> = found
        .iter()
        .filter(|one| one["severity"] == "warning")
        .map(|one| (one["file"].as_str().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    assert_eq!(warnings, [("./hand-over.pol", "policy-from-initramfs")]);
    let of_kexec = found
        .iter()
        .filter(|one| one["code"] == "kexec-command-line");
    let files: Vec<_> = of_kexec.map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["./allow-all.pol"]);
}
