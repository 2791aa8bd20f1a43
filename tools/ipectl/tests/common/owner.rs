// SPDX-License-Identifier: GPL-2.0-only

//! An owner of policies: a key, a certificate, and what `openssl` does with them.

use super::{ends_with, fixtures, succeeds};
use std::{
    fs,
    process::{Command, Output},
};
use tempfile::TempDir;

/// A directory with a key and its certificate.
pub(crate) struct Owner(pub(crate) TempDir);

impl Owner {
    /// Makes a key of this kind, and a certificate with these options.
    pub(crate) fn new(kind: &[&str], options: &[&str]) -> Self {
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

    pub(crate) fn rsa() -> Self {
        Self::new(&["-newkey", "rsa:2048"], &["-days", "30"])
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn try_openssl(&self, arguments: &[&str]) -> Output {
        Command::new("openssl")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    pub(crate) fn openssl(&self, arguments: &[&str]) {
        let output = self.try_openssl(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    /// The arguments that sign a policy with this key file.
    pub(crate) fn arguments<'a>(&self, key: &'a str, more: &[&'a str]) -> Vec<String> {
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

    pub(crate) fn sign(&self, key: &str, more: &[&str]) -> Vec<u8> {
        let arguments = self.arguments(key, more);
        succeeds(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        fs::read(self.path("out.p7b")).unwrap()
    }

    pub(crate) fn refuses(&self, code: i32, key: &str, more: &[&str]) -> String {
        let arguments = self.arguments(key, more);
        ends_with(
            code,
            &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    }

    /// Whether openssl verifies the message, and finds this text in it.
    pub(crate) fn verifies(&self, more: &[&str]) -> bool {
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

/// The text of the policy that is signed.
pub(crate) fn policy() -> Vec<u8> {
    fs::read(fixtures().join("check/good.pol")).unwrap()
}
