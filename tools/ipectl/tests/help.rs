// SPDX-License-Identifier: GPL-2.0-only

//! Help, manual pages and completions come from one definition.

mod common;

use clap::CommandFactory;
use common::{has, on_terminal, succeeds};
use ipectl::cli::Cli;
use std::fs::{self, File};
use tempfile::TempDir;

#[test]
fn definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_an_example() {
    for command in Cli::command().get_subcommands() {
        let help = succeeds(&[command.get_name(), "--help"]);
        let example = format!("ipectl {}", command.get_name());
        assert!(help.contains("Example"), "{help}");
        assert!(help.matches(&example).count() >= 2, "{help}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = TempDir::new().unwrap();
    succeeds(&["man", directory.path().to_str().unwrap()]);
    for command in Cli::command().get_subcommands() {
        let page = directory
            .path()
            .join(format!("ipectl-{}.1", command.get_name()));
        assert!(
            fs::read_to_string(page).unwrap().starts_with(".ie"),
            "{command}"
        );
    }
    assert!(directory.path().join("ipectl.1").exists());
}

#[test]
fn completions_name_commands_and_options() {
    for shell in ["bash", "zsh", "fish"] {
        let text = succeeds(&["completions", shell]);
        assert!(
            text.contains("suggest") && text.contains("securityfs"),
            "{shell}"
        );
    }
}

#[test]
fn no_colour_without_a_terminal() {
    let run = common::ipectl(&["check", "check/never.pol"], b"");
    assert!(!run.stdout.contains('\x1b') && !run.stderr.contains('\x1b'));
}

#[test]
fn colour_on_a_terminal_unless_disabled() {
    if !has("script") {
        eprintln!("skipped: script is not installed");
        return;
    }
    for (environment, colour) in [
        (&[][..], true),
        (&[("NO_COLOR", "1")], false),
        (&[("TERM", "dumb")], false),
    ] {
        let run = on_terminal(&["check", "check/never.pol"], b"", environment);
        assert_eq!(run.stdout.contains('\x1b'), colour, "{environment:?}");
    }
}

#[test]
fn long_work_shows_progress_on_a_terminal() {
    if !has("script") {
        eprintln!("skipped: script is not installed");
        return;
    }
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("large");
    File::create(&path).unwrap().set_len(16 << 20).unwrap();
    let arguments = ["digest", "--plain", path.to_str().unwrap()];
    let run = on_terminal(&arguments, b"", &[]);
    let (before, after) = run.stdout.split_once("\r\x1b[K").expect(&run.stdout);
    assert!(before.contains(" %") && before.contains("[#"), "{before}");
    assert!(after.starts_with("sha256:"), "{after}");
    let run = common::ipectl(&arguments, b"");
    assert!(run.stdout.starts_with("sha256:") && run.stderr.is_empty());
}
