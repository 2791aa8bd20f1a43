// SPDX-License-Identifier: GPL-2.0-only

//! The output of the program, byte for byte.
//!
//! Each file of `tests/golden` holds commands, each after `$ `, and below them what they write and
//! the code with which they end, if it is not 0. The commands run in `tests/fixtures`. With
//! `UPDATE_GOLDEN=1` the files are written anew.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Splits a command line into words; quotes keep spaces.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert(String::new());
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert(String::new()).push(c),
        }
    }
    words.extend(word);
    words
}

/// Returns the arguments of a command line, and its standard input.
fn parse(line: &str) -> (Vec<String>, Vec<u8>) {
    let (command, input) = line.split_once(" < ").unwrap_or((line, ""));
    let mut words = words(command);
    assert_eq!(words.remove(0), "ipectl", "{line}");
    let stdin = match input {
        "" => Vec::new(),
        file => fs::read(common::fixtures().join(file)).unwrap(),
    };
    (words, stdin)
}

fn run(line: &str) -> String {
    let (words, stdin) = parse(line);
    let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    let run = common::ipectl(&arguments, &stdin);
    let mut text = format!("$ {line}\n{}{}", run.stdout, run.stderr);
    if run.code != 0 {
        text += &format!("[exit {}]\n", run.code);
    }
    text
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn golden() {
    let mut different = Vec::new();
    for file in files() {
        let expected = fs::read_to_string(&file).unwrap();
        let commands = expected.lines().filter_map(|line| line.strip_prefix("$ "));
        let actual = commands.map(run).collect::<Vec<_>>().join("\n");
        if actual == expected {
            continue;
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&file, actual).unwrap();
        } else {
            different.push(format!("--- {}\n{actual}", file.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn exit_code_does_not_depend_on_the_reader() {
    let mut findings = 0;
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let (words, stdin) = parse(line);
            let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
            let code = common::ipectl(&arguments, &stdin).code;
            assert_eq!(common::without_reader(&arguments, &stdin), code, "{line}");
            findings += usize::from(code == 1);
        }
    }
    assert!(findings > 10, "{findings}");
}
