// SPDX-License-Identifier: GPL-2.0-only

//! Signed messages, compared with and verified by the `openssl` program.

mod common;

use common::{ends_with, fixtures, has, on_terminal, succeeds};
use ipe_policy::policy::envelope::{form, split_appended, Form, MAX_LENGTH};
use ipectl::{failure::Class, sign::Signer};
use std::{
    fs,
    os::unix::fs::{symlink, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

/// The longest message that the kernel's ASN.1 decoder takes.
const MAX_PKCS7: usize = 65535;

/// A folder with a key and its certificate.
struct Owner(TempDir);

impl Owner {
    /// Makes a key of this kind, and a certificate with these options.
    fn new(kind: &[&str], options: &[&str]) -> Self {
        let owner = Self(TempDir::new().unwrap());
        let (key, crt) = (owner.path("key.pem"), owner.path("crt.pem"));
        let mut arguments = vec![
            "req",
            "-x509",
            "-sha256",
            "-noenc",
            "-subj",
            "/O=Test/CN=Owner",
        ];
        arguments.extend(["-keyout", &key, "-out", &crt]);
        arguments.extend(kind);
        arguments.extend(options);
        owner.openssl(&arguments);
        owner
    }

    fn rsa() -> Self {
        Self::new(&["-newkey", "rsa:2048"], &["-days", "30"])
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn try_openssl(&self, arguments: &[&str]) -> Output {
        Command::new("openssl")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = self.try_openssl(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    /// The arguments that sign a policy with this key file.
    fn arguments<'a>(&self, key: &'a str, more: &[&'a str]) -> Vec<String> {
        let (key, crt, out) = (self.path(key), self.path("crt.pem"), self.path("out.p7b"));
        [
            "sign",
            "check/good.pol",
            "--key",
            &key,
            "--certificate",
            &crt,
            "-o",
            &out,
        ]
        .iter()
        .chain(more)
        .map(|argument| argument.to_string())
        .collect()
    }

    fn sign(&self, key: &str, more: &[&str]) -> Vec<u8> {
        let arguments = self.arguments(key, more);
        succeeds(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        fs::read(self.path("out.p7b")).unwrap()
    }

    fn refuses(&self, code: i32, key: &str, more: &[&str]) -> String {
        let arguments = self.arguments(key, more);
        ends_with(
            code,
            &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    }

    /// Whether openssl verifies the message, and finds this text in it.
    fn verifies(&self, more: &[&str]) -> bool {
        let mut arguments = vec!["cms", "-verify", "-binary", "-inform", "der"];
        arguments.extend([
            "-in",
            "out.p7b",
            "-CAfile",
            "crt.pem",
            "-certfile",
            "crt.pem",
        ]);
        arguments.extend(["-purpose", "any", "-out", "text"]);
        arguments.extend(more);
        let output = self.try_openssl(&arguments);
        output.status.success() && fs::read(self.path("text")).unwrap() == policy()
    }
}

fn policy() -> Vec<u8> {
    fs::read(fixtures().join("check/good.pol")).unwrap()
}

#[test]
fn the_message_is_the_one_that_openssl_makes() {
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
fn appended_signature() {
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

#[test]
fn elliptic_curves() {
    for curve in ["prime256v1", "secp384r1"] {
        let parameters = format!("ec_paramgen_curve:{curve}");
        let kind = ["-newkey", "ec", "-pkeyopt", &parameters];
        let owner = Owner::new(&kind, &["-days", "30"]);
        owner.sign("key.pem", &[]);
        assert!(owner.verifies(&[]), "{curve}");
        owner.openssl(&["ec", "-in", "key.pem", "-out", "sec1.pem"]);
        owner.sign("sec1.pem", &[]);
        assert!(owner.verifies(&[]), "{curve}");
    }
}

#[test]
fn forms_of_keys_and_certificates() {
    let owner = Owner::rsa();
    let expected = owner.sign("key.pem", &[]);
    owner.openssl(&["rsa", "-in", "key.pem", "-traditional", "-out", "pkcs1.pem"]);
    owner.openssl(&[
        "pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "der", "-out", "key.der",
    ]);
    owner.openssl(&[
        "rsa",
        "-in",
        "key.pem",
        "-traditional",
        "-outform",
        "der",
        "-out",
        "pkcs1.der",
    ]);
    for key in ["pkcs1.pem", "key.der", "pkcs1.der"] {
        assert_eq!(owner.sign(key, &[]), expected, "{key}");
    }
    owner.openssl(&[
        "x509", "-in", "crt.pem", "-outform", "der", "-out", "crt.der",
    ]);
    fs::rename(owner.path("crt.der"), owner.path("crt.pem")).unwrap();
    assert_eq!(owner.sign("key.pem", &[]), expected);
}

#[test]
fn passphrases() {
    let owner = Owner::rsa();
    let expected = owner.sign("key.pem", &[]);
    owner.openssl(&[
        "pkcs8",
        "-topk8",
        "-in",
        "key.pem",
        "-passout",
        "pass:secret",
        "-out",
        "safe.pem",
    ]);
    fs::write(owner.path("right"), "secret\n").unwrap();
    fs::write(owner.path("wrong"), "Secret\n").unwrap();
    let file = |name| ["--passphrase-file".to_owned(), owner.path(name)];
    let [option, right] = file("right");
    assert_eq!(owner.sign("safe.pem", &[&option, &right]), expected);
    let [option, wrong] = file("wrong");
    let said = owner.refuses(5, "safe.pem", &[&option, &wrong]);
    assert!(said.contains("is the passphrase right?"), "{said}");
    let said = owner.refuses(5, "safe.pem", &[]);
    assert!(said.contains("--passphrase-file"), "{said}");
    let said = owner.refuses(5, "safe.pem", &["--passphrase-env", "IPECTL_TEST_NOT_SET"]);
    assert!(said.contains("IPECTL_TEST_NOT_SET is not set"), "{said}");

    // The variable is set for the child alone.
    let arguments = owner.arguments("safe.pem", &["--passphrase-env", "IPECTL_TEST_SECRET"]);
    let status = Command::new(env!("CARGO_BIN_EXE_ipectl"))
        .args(arguments)
        .current_dir(fixtures())
        .env("IPECTL_TEST_SECRET", "secret")
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    assert_eq!(fs::read(owner.path("out.p7b")).unwrap(), expected);
}

#[test]
fn a_passphrase_from_the_terminal() {
    if !has("script") {
        eprintln!("skipped: script is not installed");
        return;
    }
    let owner = Owner::rsa();
    let expected = owner.sign("key.pem", &[]);
    let arguments = ["pkcs8", "-topk8", "-in", "key.pem", "-out", "safe.pem"];
    owner.openssl(&[&arguments[..], &["-passout", "pass:secret"]].concat());
    let arguments = owner.arguments("safe.pem", &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    for (typed, code) in [("Secret\n", 5), ("secret\n", 0)] {
        let run = on_terminal(&arguments, typed.as_bytes(), &[]);
        assert_eq!(run.code, code, "{}", run.stdout);
        assert!(
            run.stdout.contains("Passphrase of the key:"),
            "{}",
            run.stdout
        );
    }
    assert_eq!(fs::read(owner.path("out.p7b")).unwrap(), expected);
}

#[test]
fn keys_that_are_named_by_a_uri() {
    let owner = Owner::rsa();
    let expected = owner.sign("key.pem", &[]);
    let mut arguments = owner.arguments("key.pem", &[]);
    arguments[3] = format!("file:{}", owner.path("key.pem"));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    succeeds(&arguments);
    assert_eq!(fs::read(owner.path("out.p7b")).unwrap(), expected);
}

/// What stands in for openssl checks that it is asked for the token's key, and signs with a file.
#[test]
fn keys_of_a_token() {
    let owner = Owner::rsa();
    let expected = owner.sign("key.pem", &[]);
    let program = format!(
        "#!/bin/sh\n\
        test \"$*\" = 'dgst -sha256 -binary -sign pkcs11:object=owner -provider pkcs11 -provider default' || exit 9\n\
        PATH=/usr/bin exec openssl dgst -sha256 -binary -sign {}\n",
        owner.path("key.pem")
    );
    let folder = owner.0.path().join("bin");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("openssl"), program).unwrap();
    fs::set_permissions(folder.join("openssl"), PermissionsExt::from_mode(0o755)).unwrap();

    let mut arguments = owner.arguments("key.pem", &[]);
    arguments[3] = "pkcs11:object=owner".to_owned();
    let output = Command::new(env!("CARGO_BIN_EXE_ipectl"))
        .args(arguments)
        .current_dir(fixtures())
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read(owner.path("out.p7b")).unwrap(), expected);
}

/// How openssl uses a token of SoftHSM, which does not bear to be closed when openssl ends.
const OPENSSL_CONF: &str = "openssl_conf = start
[start]
providers = use
[use]
default = use_default
pkcs11 = use_pkcs11
[use_default]
activate = 1
[use_pkcs11]
pkcs11-module-path = /usr/lib/softhsm/libsofthsm2.so
pkcs11-module-quirks = no-deinit
activate = 1
";

/// A token of SoftHSM, used by openssl's provider for PKCS#11.
#[test]
fn keys_of_a_real_token() {
    if !has("softhsm2-util") {
        eprintln!("skipped: softhsm2 is not installed");
        return;
    }
    let elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    for (owner, repeats) in [
        (Owner::rsa(), true),
        (Owner::new(&elliptic, &["-days", "30"]), false),
    ] {
        let expected = owner.sign("key.pem", &[]);
        let configuration = owner.path("softhsm2.conf");
        fs::create_dir(owner.path("tokens")).unwrap();
        let text = format!("directories.tokendir = {}\n", owner.path("tokens"));
        fs::write(&configuration, text).unwrap();
        let softhsm = |arguments: &str| {
            let output = Command::new("softhsm2-util")
                .args(arguments.split(' '))
                .current_dir(owner.0.path())
                .env("SOFTHSM2_CONF", &configuration)
                .output()
                .unwrap();
            assert!(output.status.success(), "{arguments}: {output:?}");
        };
        softhsm("--init-token --free --label policies --pin 1234 --so-pin 5678");
        softhsm("--import key.pem --token policies --label owner --id 01 --pin 1234");
        fs::remove_file(owner.path("key.pem")).unwrap();
        fs::remove_file(owner.path("out.p7b")).unwrap();
        fs::write(owner.path("right"), "1234\n").unwrap();
        fs::write(owner.path("wrong"), "4321\n").unwrap();
        fs::write(owner.path("openssl.cnf"), OPENSSL_CONF).unwrap();

        let sign = |key: &str, pin: &str| {
            let mut arguments = owner.arguments("", &[]);
            arguments[3] = key.to_owned();
            let output = Command::new(env!("CARGO_BIN_EXE_ipectl"))
                .args(arguments)
                .args(["--passphrase-file", &owner.path(pin)])
                .current_dir(fixtures())
                .env("SOFTHSM2_CONF", &configuration)
                .env("OPENSSL_CONF", owner.path("openssl.cnf"))
                .output()
                .unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            (output.status.code().unwrap(), said)
        };
        let key = "pkcs11:token=policies;object=owner;type=private";
        assert_eq!(sign(key, "right"), (0, String::new()));
        assert!(owner.verifies(&[]));
        let message = fs::read(owner.path("out.p7b")).unwrap();
        assert!(!repeats || message == expected);
        let other = "pkcs11:token=policies;object=other;type=private";
        for (key, pin) in [(key, "wrong"), (other, "right")] {
            let (code, said) = sign(key, pin);
            assert_eq!(code, 5, "{said}");
            assert!(said.contains("Could not find private key"), "{said}");
        }
    }
}

#[test]
fn unfit_certificates() {
    let rsa = ["-newkey", "rsa:2048"];
    let cases: [(&[&str], &[&str], &str); 4] = [
        (
            &rsa,
            &["-addext", "keyUsage=keyCertSign"],
            "digitalSignature",
        ),
        (
            &rsa,
            &["-addext", "extendedKeyUsage=serverAuth"],
            "codeSigning",
        ),
        (&["-newkey", "rsa:1024"], &[], "1024 bits"),
        (&["-newkey", "ed25519"], &[], "neither RSA nor ECDSA"),
    ];
    for (kind, options, reason) in cases {
        let owner = Owner::new(kind, options);
        let said = owner.refuses(5, "key.pem", &[]);
        assert!(said.contains(reason), "{said}");
        assert!(!Path::new(&owner.path("out.p7b")).exists());
    }
}

#[test]
fn certificates_that_are_not_valid_now() {
    let owner = Owner::rsa();
    let path = owner.path("crt.pem");
    let (now, month) = (SystemTime::now(), Duration::from_secs(31 * 24 * 3600));
    let read = |now| Signer::read(path.as_ref(), now);
    assert!(read(now).is_ok());
    for (now, reason) in [
        (now + month, "the certificate expired"),
        (now - month, "the certificate is not valid before"),
    ] {
        let failure = read(now).err().unwrap();
        assert_eq!(failure.class, Class::Signing);
        assert!(failure.message.contains(reason), "{failure}");
    }
}

#[test]
fn keys_that_do_not_fit() {
    let (owner, other) = (Owner::rsa(), Owner::rsa());
    fs::copy(other.path("key.pem"), owner.path("other.pem")).unwrap();
    let said = owner.refuses(5, "other.pem", &[]);
    assert!(said.contains("do not belong together"), "{said}");
    fs::write(owner.path("nothing.pem"), "nothing\n").unwrap();
    let said = owner.refuses(5, "nothing.pem", &[]);
    assert!(said.contains("there is no private key"), "{said}");
    owner.refuses(3, "not-there.pem", &[]);
}

/// A policy of more than 64 KiB in the folder.
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
fn a_long_policy_needs_an_appended_signature() {
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
fn what_is_longer_than_the_kernel_takes_is_not_signed() {
    let owner = Owner::rsa();
    let text = |length: usize| {
        let mut text = b"policy_name=out policy_version=1.0.0\nDEFAULT action=DENY\n#".to_vec();
        text.resize(length, b'-');
        let path = owner.path("out.pol");
        fs::write(&path, text).unwrap();
        path
    };
    // The latter text is short enough, and with its signature it is not.
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
fn policies_that_are_not_signed() {
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

    // What was signed can be checked; its name is systemd's concern.
    succeeds(&["check", "--quiet", "--strict", &good]);
    fs::rename(&good, owner.path("other.p7b")).unwrap();
    let said = ends_with(1, &["check", "--strict", &owner.path("other.p7b")]);
    assert!(said.contains("install it as good.p7b"), "{said}");
}

#[test]
fn no_input_is_written_over() {
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
        assert!(said.contains(&format!("replace the {what}")), "{said}");
        assert_eq!(fs::read(owner.path(file)).unwrap(), before, "{output}");
    }
    let mut arguments = owner.arguments("key.pem", &["--append"]);
    arguments[3] = format!("file:{}", owner.path("key.pem"));
    arguments[7] = owner.path("key.pem");
    ends_with(2, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_policy_from_standard_input_is_not_written_over() {
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

/// Runs the program where no file can have a byte.
fn without_room(folder: &Path, arguments: &str) -> Output {
    Command::new("sh")
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" {arguments}"),
        ])
        .arg(env!("CARGO_BIN_EXE_ipectl"))
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn what_cannot_be_written_stays() {
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
