// SPDX-License-Identifier: GPL-2.0-only

//! Certificates of signers and their issuers, made by the `openssl` program.

mod common;

use common::{owner::Owner, succeeds};
use ipectl::{
    failure::Class,
    sign::{Expired, Signer},
};
use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

#[test]
fn unsuitable_certificates_are_refused() {
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
        (&["-newkey", "ed25519"], &[], "neither RSA, nor ECDSA"),
    ];
    for (kind, options, reason) in cases {
        let owner = Owner::new(kind, options);
        let said = owner.refuses(5, "key.pem", &[]);
        assert!(said.contains(reason), "{said}");
        assert!(!Path::new(&owner.path("out.p7b")).exists());
    }
}

#[test]
fn certificate_must_be_valid_now() {
    let owner = Owner::rsa();
    let path = owner.path("crt.pem");
    let (now, month) = (SystemTime::now(), Duration::from_secs(31 * 24 * 3600));
    let read = |now| Signer::read(path.as_ref(), now, Expired::Refuse);
    assert!(read(now).is_ok());
    for (now, reason) in [
        (now + month, "the certificate expired"),
        (now - month, "the certificate is not valid before"),
    ] {
        let failure = read(now).err().unwrap();
        assert_eq!(failure.class, Class::Signing);
        assert!(failure.message.contains(reason), "{failure}");
    }
    // With leave, one that expired signs, but not one that is not valid yet.
    let read = |now| Signer::read(path.as_ref(), now, Expired::Allow);
    let warnings = read(now + month).unwrap().warnings;
    assert!(
        warnings[0].contains("the certificate expired"),
        "{warnings:?}"
    );
    assert!(read(now).unwrap().warnings.is_empty());
    assert!(read(now - month).is_err());
}

#[test]
fn expired_certificate_signs_with_a_warning() {
    let dates = [
        "-not_before",
        "20200101000000Z",
        "-not_after",
        "20210101000000Z",
    ];
    let owner = Owner::new(&["-newkey", "rsa:2048"], &dates);
    let said = owner.refuses(5, "key.pem", &[]);
    assert!(
        said.contains("expired") && said.contains("--allow-expired"),
        "{said}"
    );
    let arguments = owner.arguments("key.pem", &["--allow-expired"]);
    let said = succeeds(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(
        said.contains("warning: the certificate expired on"),
        "{said}"
    );
}

#[test]
fn certificates_of_issuers_are_a_chain() {
    let (owner, other) = (
        Owner::rsa(),
        Owner::new(&["-newkey", "rsa:2048"], &["-days", "30"]),
    );
    // The signer's certificate, issued by another key.
    owner.openssl(&[
        "req",
        "-new",
        "-key",
        "key.pem",
        "-subj",
        "/CN=Signer",
        "-out",
        "request.pem",
    ]);
    for name in ["key.pem", "crt.pem"] {
        let to = owner.path(&format!("issuer-{name}"));
        fs::copy(other.path(name), to).unwrap();
    }
    owner.openssl(&[
        "x509",
        "-req",
        "-in",
        "request.pem",
        "-CA",
        "issuer-crt.pem",
        "-CAkey",
        "issuer-key.pem",
        "-days",
        "30",
        "-out",
        "signer.pem",
    ]);
    let read = |name: &str| fs::read_to_string(owner.path(name)).unwrap();
    let (signer, issuer) = (read("signer.pem"), read("issuer-crt.pem"));
    let stranger = Owner::new(&["-newkey", "rsa:2048", "-subj", "/CN=Stranger"], &[]);
    let stranger = fs::read_to_string(stranger.path("crt.pem")).unwrap();
    let now = SystemTime::now();
    for (others, warned) in [
        (issuer.clone(), None),
        (
            format!("{issuer}{stranger}"),
            Some("of CN=Stranger is of no use"),
        ),
        (
            format!("{stranger}{issuer}"),
            Some("of CN=Stranger is of no use"),
        ),
    ] {
        fs::write(owner.path("chain.pem"), format!("{signer}{others}")).unwrap();
        let path = owner.path("chain.pem");
        let found = Signer::read(path.as_ref(), now, Expired::Refuse).unwrap();
        assert_eq!(
            found.warnings.len(),
            usize::from(warned.is_some()),
            "{:?}",
            found.warnings
        );
        assert!(
            warned.is_none_or(|text| found.warnings[0].contains(text)),
            "{:?}",
            found.warnings
        );
    }
    fs::write(owner.path("crt.pem"), format!("{signer}{issuer}")).unwrap();
    owner.sign("key.pem", &[]);
    // The message has all that leads to the issuer, whom the verifier trusts.
    let message = [
        "cms", "-verify", "-binary", "-inform", "der", "-in", "out.p7b",
    ];
    let trust = [
        "-CAfile",
        "issuer-crt.pem",
        "-purpose",
        "any",
        "-out",
        "text",
    ];
    owner.openssl(&[&message[..], &trust].concat());
    let expired = SystemTime::now() + Duration::from_secs(60 * 24 * 60 * 60);
    let path = owner.path("crt.pem");
    let found = Signer::read(path.as_ref(), expired, Expired::Allow).unwrap();
    assert_eq!(found.warnings.len(), 2, "{:?}", found.warnings);
}
