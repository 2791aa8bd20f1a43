// SPDX-License-Identifier: GPL-2.0-only

//! The JSON of each command fits its schema.

mod common;

use clap::CommandFactory;
use common::{
    ipectl,
    owner::Owner,
    schema::{check, of, validate},
    succeeds,
};
use ipectl::cli::Cli;
use serde_json::json;
use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};
use tempfile::TempDir;

/// Commands that write no JSON: what they write is for other programs, or for people.
const WITHOUT_JSON: [&str; 3] = ["completions", "man", "report"];

/// Returns what the golden files show of commands with `--json`.
fn golden() -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut outputs = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for block in text.split("\n$ ") {
            let (command, output) = block.split_once('\n').unwrap();
            if command.contains(" --json") {
                let end = output.find("\n}\n").expect(block);
                outputs.push(output[..end + 2].to_owned());
            }
        }
    }
    outputs
}

#[test]
fn golden_outputs_fit_their_schemas() {
    let commands: BTreeSet<_> = golden().iter().map(|output| check(output)).collect();
    for command in [
        "activate", "attest", "check", "delete", "deploy", "diff", "enforce", "explain", "fmt",
        "new", "rules", "seal", "simulate", "status", "suggest", "trial",
    ] {
        assert!(commands.contains(command), "{command}");
    }
}

#[test]
fn digest_fits_its_schema() {
    assert_eq!(
        check(&succeeds(&["digest", "--json", "suggest/root"])),
        "digest"
    );
}

#[test]
fn image_fits_its_schema() {
    let root = TempDir::new().unwrap();
    let program = root.path().join("program");
    fs::write(&program, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let root = root.path().to_str().unwrap();
    let run = ipectl(&["image", "--json", "check/good.pol", root], b"");
    assert_eq!(check(&run.stdout), "image");
}

#[test]
fn sign_fits_its_schema() {
    let owner = Owner::rsa();
    for more in [&["--json"][..], &["--json", "--append"]] {
        let arguments = owner.arguments("key.pem", more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert_eq!(check(&succeeds(&arguments)), "sign");
    }
}

#[test]
fn every_command_has_a_schema_of_its_version() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let files: BTreeSet<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let program = Cli::command();
    let commands = program.get_subcommands().map(clap::Command::get_name);
    let commands: BTreeSet<_> = commands
        .filter(|command| !WITHOUT_JSON.contains(command))
        .collect();
    let expected = commands.iter().map(|command| format!("{command}.json"));
    assert_eq!(files, expected.collect());
    for command in commands {
        assert_eq!(of(command)["$id"], format!("urn:ipectl:{command}:1"));
    }
}

#[test]
fn output_that_does_not_fit_is_found() {
    let schema = of("status");
    let policy = json!({
        "name": "p",
        "version": "1.0.0",
        "active": true,
        "on_trial": false,
        "signed": null,
    });
    let good = json!({
        "command": "status",
        "schema": 1,
        "enforcing": true,
        "success_audit": null,
        "sealed": false,
        "policies": [policy],
    });
    assert_eq!(validate(&schema, &schema, &good), Ok(()));
    for (field, wrong) in [
        ("command", json!("check")),
        ("schema", json!(2)),
        ("enforcing", json!(1)),
        ("policies", json!(null)),
        ("policies", json!([{ "name": "p" }])),
        ("unknown", json!(true)),
    ] {
        let mut output = good.clone();
        output[field] = wrong;
        assert!(validate(&schema, &schema, &output).is_err(), "{field}");
    }
}

#[test]
fn text_that_does_not_fit_a_pattern_is_found() {
    let fits = |pattern: &str, text: &str| {
        let schema = json!({ "pattern": pattern });
        validate(&schema, &schema, &json!(text)).is_ok()
    };
    let version = r"^[0-9]+\.[0-9]+\.[0-9]+$";
    for (pattern, good, wrong) in [
        (version, "1.20.3", ["1.20", "1.20.3.", "1.a.3"]),
        ("^[a-z0-9-]+$", "too-long", ["", "Too", "a_b"]),
        ("^[0-9a-f]{4}$", "01af", ["01a", "01aff", "01ag"]),
    ] {
        assert!(fits(pattern, good), "{good}");
        for text in wrong {
            assert!(!fits(pattern, text), "{text}");
        }
    }
}
