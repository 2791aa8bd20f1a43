// SPDX-License-Identifier: GPL-2.0-only

//! Keys in all their forms, made by the `openssl` program.

mod common;

use cms::{content_info::ContentInfo, signed_data::SignedData};
use common::{
    fixtures, has, on_terminal,
    owner::{self, Owner},
    succeeds,
};
use der::Decode;
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

#[test]
fn ecdsa_signatures_verify() {
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
fn every_form_of_key_and_certificate_is_read() {
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
fn passphrase_comes_from_a_file_or_a_variable() {
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
fn passphrase_comes_from_the_terminal() {
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
fn uri_of_a_file_is_used() {
    let owner = Owner::rsa();
    let expected = owner.sign("key.pem", &[]);
    let mut arguments = owner.arguments("key.pem", &[]);
    arguments[3] = format!("file:{}", owner.path("key.pem"));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    succeeds(&arguments);
    assert_eq!(fs::read(owner.path("out.p7b")).unwrap(), expected);
}

/// A stand-in for openssl checks that it is asked for the token's key, and signs with a file.
#[test]
fn openssl_is_asked_for_the_key_of_a_token() {
    let owner = Owner::rsa();
    let expected = owner.sign("key.pem", &[]);
    let program = format!(
        "#!/bin/sh\n\
        test \"$*\" = 'dgst -sha256 -binary -sign pkcs11:object=owner -provider pkcs11 -provider default' || exit 9\n\
        PATH=/usr/bin exec openssl dgst -sha256 -binary -sign {}\n",
        owner.path("key.pem")
    );
    let directory = owner.0.path().join("bin");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("openssl"), program).unwrap();
    fs::set_permissions(directory.join("openssl"), PermissionsExt::from_mode(0o755)).unwrap();

    let mut arguments = owner.arguments("key.pem", &[]);
    arguments[3] = "pkcs11:object=owner".to_owned();
    let output = Command::new(env!("CARGO_BIN_EXE_ipectl"))
        .args(arguments)
        .current_dir(fixtures())
        .env("PATH", format!("{}:/usr/bin:/bin", directory.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read(owner.path("out.p7b")).unwrap(), expected);
}

/// A stand-in for openssl ends as one does whose PKCS#11 library does not bear to be closed.
#[test]
fn crash_of_openssl_is_explained() {
    let owner = Owner::rsa();
    let directory = owner.0.path().join("bin");
    fs::create_dir(&directory).unwrap();
    let program = "#!/bin/sh\ncat >/dev/null\nkill -SEGV $$\n";
    fs::write(directory.join("openssl"), program).unwrap();
    fs::set_permissions(directory.join("openssl"), PermissionsExt::from_mode(0o755)).unwrap();
    let mut arguments = owner.arguments("key.pem", &[]);
    arguments[3] = "pkcs11:object=owner".to_owned();
    let output = Command::new(env!("CARGO_BIN_EXE_ipectl"))
        .args(arguments)
        .current_dir(fixtures())
        .env("PATH", format!("{}:/usr/bin:/bin", directory.display()))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("was ended by signal 11"), "{said}");
    assert!(said.contains("no-deinit"), "{said}");
}

#[test]
fn outdated_encryption_is_decrypted_or_named() {
    let owner = Owner::rsa();
    let expected = owner.sign("key.pem", &[]);
    fs::write(owner.path("pass"), "secret\n").unwrap();
    let pass = owner.path("pass");
    let more = ["--passphrase-file", pass.as_str()];
    let encrypt = |options: &[&str]| {
        let arguments = ["pkcs8", "-topk8", "-in", "key.pem", "-out", "old.pem"];
        let passphrase = ["-passout", "pass:secret"];
        owner.openssl(&[&arguments[..], &passphrase, options].concat());
    };
    // The form that `openssl req -newkey` writes on Debian 12, and older forms of PBES2.
    for options in [
        &["-v2", "des3"][..],
        &["-v2", "des3", "-v2prf", "hmacWithSHA1"],
        &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"],
    ] {
        encrypt(options);
        assert_eq!(owner.sign("old.pem", &more), expected, "{options:?}");
    }
    for (options, says, command) in [
        (
            &["-v1", "PBE-SHA1-3DES"][..],
            "PBE-SHA1-3DES",
            "openssl pkey -in KEY -aes256 -out NEW",
        ),
        (
            &["-v2", "camellia-256-cbc"],
            "an algorithm that ipectl lacks",
            "openssl pkey -in KEY -aes256 -out NEW",
        ),
    ] {
        encrypt(options);
        let said = owner.refuses(5, "old.pem", &more);
        assert!(said.contains(says), "{said}");
        assert!(said.contains(command), "{said}");
        let passphrases = ["-passin", "pass:secret", "-passout", "pass:secret"];
        let convert = ["pkey", "-in", "old.pem", "-aes256", "-out", "new.pem"];
        owner.openssl(&[&convert[..], &passphrases].concat());
        assert_eq!(owner.sign("new.pem", &more), expected, "{options:?}");
    }
}

#[test]
fn pkcs12_is_named() {
    let owner = Owner::rsa();
    let expected = owner.sign("key.pem", &[]);
    fs::write(owner.path("pass"), "secret\n").unwrap();
    let pass = owner.path("pass");
    let more = ["--passphrase-file", pass.as_str()];
    let passphrases = ["-passin", "pass:secret", "-passout", "pass:secret"];
    let export = ["pkcs12", "-export", "-inkey", "key.pem", "-in", "crt.pem"];
    let passout = &passphrases[2..];
    owner.openssl(&[&export[..], passout, &["-out", "owner.p12"]].concat());
    let said = owner.refuses(5, "owner.p12", &more);
    assert!(said.contains("PKCS#12"), "{said}");
    assert!(
        said.contains("openssl pkcs12 -in FILE -out NEW.pem"),
        "{said}"
    );
    let convert = ["pkcs12", "-in", "owner.p12", "-out", "new.pem"];
    owner.openssl(&[&convert[..], &passphrases].concat());
    assert_eq!(owner.sign("new.pem", &more), expected);

    fs::copy(owner.path("crt.pem"), owner.path("crt.saved")).unwrap();
    fs::copy(owner.path("owner.p12"), owner.path("crt.pem")).unwrap();
    let said = owner.refuses(5, "key.pem", &[]);
    assert!(said.contains("PKCS#12"), "{said}");
    fs::copy(owner.path("new.pem"), owner.path("crt.pem")).unwrap();
    assert_eq!(owner.sign("key.pem", &[]), expected);
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
fn key_of_a_softhsm_token_signs() {
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
        let object = "pkcs11:token=policies;object=other;type=private";
        let token = "pkcs11:token=others;object=owner;type=private";
        let refuses = |key: &str, pin: &str, reason: &str| {
            let (code, said) = sign(key, pin);
            assert_eq!(code, 5, "{said}");
            assert!(said.contains(reason), "{said}");
        };
        refuses(key, "wrong", "the token refuses the PIN");
        refuses(object, "right", "the token has no private key that fits");
        refuses(token, "right", "no token fits the URI");
        let configuration = OPENSSL_CONF.replace("libsofthsm2.so", "other.so");
        fs::write(owner.path("openssl.cnf"), configuration).unwrap();
        refuses(key, "right", "PKCS11_PROVIDER_MODULE");
    }
}

#[test]
fn ml_dsa_signatures_verify() {
    let probe = Owner::rsa();
    let kinds = ["genpkey", "-algorithm", "ML-DSA-65", "-out", "pq.pem"];
    if !probe.try_openssl(&kinds).status.success() {
        eprintln!("skipped: openssl has no ML-DSA");
        return;
    }
    for (kind, oid) in [
        ("ML-DSA-44", "2.16.840.1.101.3.4.3.17"),
        ("ML-DSA-65", "2.16.840.1.101.3.4.3.18"),
        ("ML-DSA-87", "2.16.840.1.101.3.4.3.19"),
    ] {
        let owner = Owner::new(&["-newkey", kind], &["-days", "30"]);
        let message = owner.sign("key.pem", &[]);
        // The signature is the same to openssl, and the message is what the kernel takes.
        let data: SignedData = ContentInfo::from_der(&message)
            .and_then(|info| info.content.decode_as())
            .unwrap();
        let [info] = data.signer_infos.0.as_slice() else {
            panic!("{data:?}");
        };
        assert!(info.signed_attrs.is_none());
        assert_eq!(info.signature_algorithm.oid.to_string(), oid);
        assert_eq!(info.digest_alg.oid.to_string(), "2.16.840.1.101.3.4.2.3");
        fs::write(owner.path("signature"), info.signature.as_bytes()).unwrap();
        fs::write(owner.path("text"), owner::policy()).unwrap();
        let verify = [
            "pkeyutl", "-verify", "-rawin", "-certin", "-inkey", "crt.pem",
        ];
        let given = ["-in", "text", "-sigfile", "signature"];
        owner.openssl(&[&verify[..], &given].concat());

        // The other ways to a key.
        let read = ["pkey", "-in", "key.pem"];
        owner.openssl(&[&read[..], &["-outform", "der", "-out", "key.der"]].concat());
        let encrypted = ["-aes256", "-passout", "pass:secret", "-out", "enc.pem"];
        owner.openssl(&[&read[..], &encrypted].concat());
        fs::write(owner.path("pass"), "secret\n").unwrap();
        let passphrase = owner.path("pass");
        let uri = format!("file:{}", owner.path("key.pem"));
        let mut arguments = owner.arguments("key.pem", &[]);
        arguments[3] = uri;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let message = fs::read(owner.path("out.p7b")).unwrap();
        succeeds(&arguments);
        assert_eq!(
            fs::read(owner.path("out.p7b")).unwrap().len(),
            message.len()
        );
        owner.sign("key.der", &["--append"]);
        owner.sign("enc.pem", &["--passphrase-file", &passphrase]);

        let other = Owner::new(&["-newkey", kind], &["-days", "30"]);
        fs::copy(other.path("key.pem"), owner.path("other.pem")).unwrap();
        for key in ["other.pem", "rsa.pem"] {
            fs::copy(probe.path("key.pem"), owner.path("rsa.pem")).unwrap();
            let said = owner.refuses(5, key, &[]);
            assert!(said.contains("do not belong together"), "{key}: {said}");
        }
        fs::copy(owner.path("key.pem"), probe.path("pq.pem")).unwrap();
        let said = probe.refuses(5, "pq.pem", &[]);
        assert!(said.contains("do not belong together"), "{said}");
    }
}

#[test]
fn missing_openssl_is_named() {
    let probe = Owner::rsa();
    let kinds = ["genpkey", "-algorithm", "ML-DSA-65", "-out", "pq.pem"];
    if !probe.try_openssl(&kinds).status.success() {
        eprintln!("skipped: openssl has no ML-DSA");
        return;
    }
    let owner = Owner::new(&["-newkey", "ML-DSA-65"], &["-days", "30"]);
    let output = Command::new(env!("CARGO_BIN_EXE_ipectl"))
        .args(owner.arguments("key.pem", &[]))
        .current_dir(fixtures())
        .env("PATH", owner.0.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("keys of ML-DSA"), "{said}");
}

#[test]
fn key_must_match_the_certificate() {
    let (owner, other) = (Owner::rsa(), Owner::rsa());
    fs::copy(other.path("key.pem"), owner.path("other.pem")).unwrap();
    let said = owner.refuses(5, "other.pem", &[]);
    assert!(said.contains("do not belong together"), "{said}");
    fs::write(owner.path("nothing.pem"), "nothing\n").unwrap();
    let said = owner.refuses(5, "nothing.pem", &[]);
    assert!(said.contains("no private key"), "{said}");
    owner.refuses(3, "not-there.pem", &[]);
}
