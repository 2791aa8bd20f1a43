// SPDX-License-Identifier: GPL-2.0-only

//! The program that checks the list of signers while the kernel is built: the lists that it accepts,
//! those that stop the build, and its messages.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const ONE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF";

/// Runs the program on a list. Returns what it has done, and the output file.
fn check(name: &str, list: &str) -> (Output, Option<Vec<u8>>) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("signers-{name}"));
    let _ = fs::remove_file(&file);
    let output = Command::new(env!("CARGO_BIN_EXE_check-signers"))
        .arg(&file)
        .arg(list)
        .output()
        .unwrap();
    assert!(output.stdout.is_empty());
    (output, fs::read(file).ok())
}

#[test]
fn good_lists_are_copied_byte_for_byte() {
    let colons = "ab:".repeat(31) + "CD";
    for list in [
        "",
        ONE,
        &colons,
        &format!("{ONE},{colons}"),
        &format!(" {ONE}\t,, {colons} "),
    ] {
        let (output, copy) = check("good", list);
        assert!(output.status.success(), "{list}");
        assert!(output.stderr.is_empty(), "{list}");
        assert_eq!(copy.as_deref(), Some(list.as_bytes()));
    }
}

#[test]
fn malformed_lists_stop_the_build() {
    let column = |number| {
        format!(
            "column {number}: not a SHA-256 fingerprint: 64 hexadecimal digits, or 32 pairs of them \
             with colons between"
        )
    };
    let nobody = "it names no certificate, so nobody could sign policies".to_owned();
    for (list, said) in [
        ("x".to_owned(), column(1)),
        (format!("{ONE}, {}", &ONE[1..]), column(67)),
        (format!("sha256:{ONE}"), column(1)),
        ("/keys/owner.crt".to_owned(), column(1)),
        (" ".to_owned(), nobody.clone()),
        (",".to_owned(), nobody),
    ] {
        let (output, copy) = check("malformed", &list);
        assert_eq!(output.status.code(), Some(1), "{list}");
        let said = format!("CONFIG_IPE_POLICY_SIGNERS: error: {said}\n");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), said);
        assert_eq!(copy, None, "{list}");
    }
}

#[test]
fn usage_and_files_that_cannot_be_written_are_errors() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_check-signers"))
            .args(arguments)
            .output()
            .unwrap()
    };
    assert_eq!(run(&["out"]).status.code(), Some(2));
    let output = run(&["missing/out", ONE]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr)
        .unwrap()
        .starts_with("missing/out: "));
}
