// SPDX-License-Identifier: GPL-2.0-only

//! Signed messages, compared with and verified by the `openssl` program.

mod common;

use common::{
    ends_with, fixtures,
    owner::{policy, Owner},
    succeeds,
};
use ipe_policy::policy::envelope::{form, split_appended, Form, MAX_LENGTH};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The longest message that the kernel's ASN.1 decoder takes.
const MAX_PKCS7: usize = 65535;

#[test]
fn message_is_that_of_openssl() {
    let owner = Owner::rsa();
    let good = fixtures().join("check/good.pol");
    let input = ["-in", good.to_str().unwrap()];
    let mut arguments = vec![
        "smime",
        "-sign",
        "-binary",
        "-nodetach",
        "-noattr",
        "-nosmimecap",
    ];
    arguments.extend(["-signer", "crt.pem", "-inkey", "key.pem", "-md", "sha256"]);
    arguments.extend(["-outform", "der", "-out", "expected"]);
    arguments.extend(input);
    owner.openssl(&arguments);
    let message = owner.sign("key.pem", &[]);
    assert_eq!(message, fs::read(owner.path("expected")).unwrap());
    assert!(owner.verifies(&[]));

    arguments.push("-nocerts");
    owner.openssl(&arguments);
    let message = owner.sign("key.pem", &["--no-certificates"]);
    assert_eq!(message, fs::read(owner.path("expected")).unwrap());
    assert!(owner.verifies(&[]));
    assert_eq!(form(&message), Ok(Some(Form::Pkcs7)));
}

#[test]
fn appended_signature_verifies() {
    let owner = Owner::rsa();
    let message = owner.sign("key.pem", &["--append"]);
    assert_eq!(form(&message), Ok(Some(Form::Appended)));
    let parts = split_appended(&message).unwrap();
    assert_eq!(message[parts.text.clone()], policy());

    fs::write(owner.path("out.p7b"), &message[parts.signature]).unwrap();
    let text = fixtures().join("check/good.pol");
    let text = ["-content", text.to_str().unwrap()];
    assert!(owner.verifies(&text));
}

/// A policy of more than 64 KiB in the directory.
fn long_policy(owner: &Owner) -> PathBuf {
    let mut text = String::from("policy_name=long policy_version=1.0.0\nDEFAULT action=DENY\n");
    for number in 0..1000 {
        text += &format!("op=EXECUTE fsverity_digest=sha256:{number:064x} action=ALLOW\n");
    }
    let path = owner.0.path().join("long.pol");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn long_policy_needs_an_appended_signature() {
    let owner = Owner::rsa();
    let policy = long_policy(&owner);
    let mut arguments = owner.arguments("key.pem", &[]);
    arguments[1] = policy.to_str().unwrap().to_owned();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = ends_with(4, &arguments);
    assert!(said.contains("--append"), "{said}");
    arguments.push("--append");
    succeeds(&arguments);
}

#[test]
fn message_over_the_limit_of_the_kernel_is_not_signed() {
    let owner = Owner::rsa();
    let text = |length: usize| {
        let mut text = b"policy_name=out policy_version=1.0.0\nDEFAULT action=DENY\n#".to_vec();
        text.resize(length, b'-');
        let path = owner.path("out.pol");
        fs::write(&path, text).unwrap();
        path
    };
    // The second text is short enough, but not with its signature.
    for length in [MAX_LENGTH + (1 << 20), MAX_LENGTH - 100] {
        let policy = text(length);
        let mut arguments = owner.arguments("key.pem", &["--append"]);
        arguments[1] = policy;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = ends_with(4, &arguments);
        assert!(said.contains("longer than 16 MiB"), "{said}");
        assert!(!Path::new(&owner.path("out.p7b")).exists());
    }

    let errno = |code, path: &str| {
        let said = ends_with(code, &["check", "--json", path]);
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        said["diagnostics"][0]["errno"].as_str().map(str::to_owned)
    };
    assert_eq!(errno(1, &text(MAX_LENGTH)).as_deref(), Some("EFBIG"));
    assert_eq!(errno(0, &text(MAX_LENGTH - 1)), None);
    // As other programs sign it.
    text(MAX_PKCS7);
    let mut arguments = vec![
        "smime",
        "-sign",
        "-binary",
        "-nodetach",
        "-noattr",
        "-in",
        "out.pol",
    ];
    arguments.extend(["-signer", "crt.pem", "-inkey", "key.pem", "-outform", "der"]);
    arguments.extend(["-out", "out.p7b"]);
    owner.openssl(&arguments);
    let errno = errno(1, &owner.path("out.p7b"));
    assert_eq!(errno.as_deref(), Some("EMSGSIZE"));
}

#[test]
fn invalid_and_signed_policies_are_refused() {
    let owner = Owner::rsa();
    let signed = owner.sign("key.pem", &[]);
    fs::write(owner.path("good.p7b"), signed).unwrap();
    let good = owner.path("good.p7b");
    for (policy, code) in [
        ("check/every-error.pol", 4),
        (good.as_str(), 4),
        ("not-there", 3),
    ] {
        let mut arguments = owner.arguments("key.pem", &[]);
        arguments[1] = policy.to_owned();
        ends_with(
            code,
            &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
    let mut arguments = owner.arguments("key.pem", &["--strict"]);
    arguments[1] = "check/never.pol".to_owned();
    ends_with(1, &arguments.iter().map(String::as_str).collect::<Vec<_>>());

    // A signed policy can be checked; only its file name leads to a warning.
    succeeds(&["check", "--quiet", "--strict", &good]);
    fs::rename(&good, owner.path("other.p7b")).unwrap();
    let said = ends_with(1, &["check", "--strict", &owner.path("other.p7b")]);
    assert!(said.contains("install it as good.p7b"), "{said}");
}

#[test]
fn input_is_not_overwritten() {
    let owner = Owner::rsa();
    fs::copy(fixtures().join("check/good.pol"), owner.path("p.pol")).unwrap();
    fs::write(owner.path("pass"), "secret\n").unwrap();
    symlink("key.pem", owner.path("link")).unwrap();
    for (output, file, what) in [
        ("key.pem", "key.pem", "private key"),
        ("link", "key.pem", "private key"),
        ("crt.pem", "crt.pem", "certificate"),
        ("p.pol", "p.pol", "policy"),
        ("pass", "pass", "passphrase"),
    ] {
        let before = fs::read(owner.path(file)).unwrap();
        let (option, pass) = ("--passphrase-file", owner.path("pass"));
        let mut arguments = owner.arguments("key.pem", &[option, &pass]);
        arguments[1] = owner.path("p.pol");
        arguments[7] = owner.path(output);
        let said = ends_with(2, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(said.contains(&format!("overwrite the {what}")), "{said}");
        assert_eq!(fs::read(owner.path(file)).unwrap(), before, "{output}");
    }
    let mut arguments = owner.arguments("key.pem", &["--append"]);
    arguments[3] = format!("file:{}", owner.path("key.pem"));
    arguments[7] = owner.path("key.pem");
    ends_with(2, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn policy_from_standard_input_is_not_overwritten() {
    let owner = Owner::rsa();
    fs::copy(fixtures().join("check/good.pol"), owner.path("p.pol")).unwrap();
    for (output, code) in [("p.pol", 2), ("-", 0)] {
        let run = Command::new(env!("CARGO_BIN_EXE_ipectl"))
            .args(["sign", "-", "-k", "key.pem", "-c", "crt.pem", "-o", output])
            .current_dir(owner.0.path())
            .stdin(fs::File::open(owner.path("p.pol")).unwrap())
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(code), "{run:?}");
        assert_eq!(fs::read(owner.path("p.pol")).unwrap(), policy());
    }
}

/// Runs the program with a file size limit of zero.
fn without_room(directory: &Path, arguments: &str) -> Output {
    Command::new("sh")
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" {arguments}"),
        ])
        .arg(env!("CARGO_BIN_EXE_ipectl"))
        .current_dir(directory)
        .output()
        .unwrap()
}

#[test]
fn failed_write_keeps_the_old_file() {
    let owner = Owner::rsa();
    let text = "policy_name=p   policy_version=1.0.0\nDEFAULT action=DENY\n";
    fs::write(owner.path("p.pol"), text).unwrap();
    fs::write(owner.path("p.p7b"), "old").unwrap();
    let names = || {
        let entries = fs::read_dir(owner.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    for arguments in ["fmt --write p.pol", "sign p.pol -k key.pem -c crt.pem"] {
        let output = without_room(owner.0.path(), arguments);
        assert_eq!(fs::read_to_string(owner.path("p.pol")).unwrap(), text);
        assert_eq!(fs::read_to_string(owner.path("p.p7b")).unwrap(), "old");
        assert_eq!(output.status.code(), Some(3), "{arguments}: {output:?}");
        assert_eq!(names(), before, "{arguments}");
    }
}
