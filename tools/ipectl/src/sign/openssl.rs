// SPDX-License-Identifier: GPL-2.0-only

//! The `openssl` program: it signs with keys that a URI names and with ML-DSA, and says why it
//! cannot.

use super::certificate::Scheme;
use crate::failure::{reason, Class, Failure, Result};
use std::{
    ffi::OsStr,
    fs,
    io::{self, Write},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::NamedTempFile;

/// Where the provider for PKCS#11 writes what it does. The calls are all that tells a wrong PIN from
/// a key that is not there; to ask again would spend another of the few tries that a PIN has.
const TRACE: &str = "PKCS11_PROVIDER_DEBUG";

/// Lets the program sign, which asks at the terminal for a PIN where it needs one.
pub(super) fn sign(
    uri: &str,
    passphrase: Option<&OsStr>,
    text: &[u8],
    scheme: Scheme,
) -> Result<Vec<u8>> {
    let of_token = uri.starts_with("pkcs11:");
    let trace = NamedTempFile::new()?;
    let mut command = Command::new("openssl");
    let file;
    let input = if let Scheme::MlDsa(_) = scheme {
        file = file_of(text)?;
        command.args(SIGN_WHOLE).args(["-inkey", uri, "-in"]);
        command.arg(file.path());
        &[][..]
    } else {
        command.args(["dgst", "-sha256", "-binary", "-sign", uri]);
        text
    };
    if let Some(passphrase) = passphrase {
        command.arg("-passin").arg(passphrase);
    }
    if of_token {
        command.args(["-provider", "pkcs11", "-provider", "default"]);
        if std::env::var_os(TRACE).is_none() {
            let mut place = std::ffi::OsString::from("file:");
            place.push(trace.path());
            place.push(",level:1");
            command.env(TRACE, place);
        }
    }
    let (output, written) = run(&mut command, input)?;
    if !output.status.success() {
        return Err(if of_token {
            explain(&output, trace.path())
        } else {
            unusable(&output)
        });
    }
    written?;
    Ok(output.stdout)
}

/// What signs a text that is not hashed first. It wants to know the length, so that the text cannot
/// come through a pipe.
const SIGN_WHOLE: [&str; 3] = ["pkeyutl", "-sign", "-rawin"];

/// Lets the program sign a text that is not hashed first, with a key in PKCS#8. The key is never in a
/// file, nor among the arguments.
pub(super) fn sign_whole(key: &[u8], text: &[u8]) -> Result<Vec<u8>> {
    let text = file_of(text)?;
    let mut command = Command::new("openssl");
    command
        .args(SIGN_WHOLE)
        .args(["-keyform", "DER", "-inkey", "/dev/stdin", "-in"]);
    let (output, written) = run(command.arg(text.path()), key)?;
    if !output.status.success() {
        return Err(unusable(&output).hint("OpenSSL 3.5 and later sign with ML-DSA"));
    }
    written?;
    Ok(output.stdout)
}

/// Whether the program verifies the signature of a text that is not hashed first. It is the program
/// that signed, so that it is there.
pub(super) fn verifies(key: &[u8], text: &[u8], signature: &[u8]) -> bool {
    let verify = || {
        let (key, text, signature) = (file_of(key)?, file_of(text)?, file_of(signature)?);
        let mut command = Command::new("openssl");
        command.args(["pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"]);
        command.arg("-inkey").arg(key.path());
        command.arg("-in").arg(text.path());
        command.arg("-sigfile").arg(signature.path());
        run(&mut command, &[])
    };
    verify().is_ok_and(|(output, _)| output.status.success())
}

/// A file with this content, which goes away with the returned value.
fn file_of(content: &[u8]) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(content)?;
    Ok(file)
}

/// Runs the program with this on its standard input. It need not read all of that.
fn run(command: &mut Command, input: &[u8]) -> Result<(Output, io::Result<()>)> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            Failure::new(Class::Unsupported, format!("openssl: {}", reason(&error))).hint(
                "ipectl uses keys that a URI names, and keys of ML-DSA, through the openssl program",
            )
        })?;
    let mut stdin = child.stdin.take();
    let written = stdin
        .as_mut()
        .map_or(Ok(()), |stdin| stdin.write_all(input));
    drop(stdin);
    Ok((child.wait_with_output()?, written))
}

/// The first line of what the program says.
fn unusable(output: &Output) -> Failure {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = match said.lines().next() {
        Some(line) => line.to_owned(),
        None => output.status.to_string(),
    };
    Failure::new(Class::Signing, format!("openssl cannot sign: {said}"))
}

/// Explains why the key of a token cannot be used.
fn explain(output: &Output, trace: &Path) -> Failure {
    let trace = fs::read(trace).unwrap_or_default();
    let trace = String::from_utf8_lossy(&trace);
    let said = String::from_utf8_lossy(&output.stderr);
    let failure = |message: &str, hint: &str| Failure::new(Class::Signing, message).hint(hint);
    // CKR_PIN_INCORRECT to CKR_PIN_LOCKED
    for (code, message, hint) in [
        (
            160,
            "the token refuses the PIN",
            "a token locks itself after a few wrong PINs: make sure of it before the next try",
        ),
        (
            162,
            "the PIN is too short or too long for the token",
            "is the whole PIN in the first line of the file, or in the variable?",
        ),
        (163, "the PIN of the token has expired", "set a new one"),
        (
            164,
            "the token is locked after too many wrong PINs",
            "its security officer can set a new PIN",
        ),
    ] {
        if trace.contains(&format!("Error {code} returned by C_Login")) {
            return failure(message, hint);
        }
    }
    if let Some(signal) = output.status.signal() {
        return failure(
            &format!("openssl was ended by signal {signal}"),
            "some PKCS#11 libraries, such as SoftHSM's, do not bear to be closed: write \
             'pkcs11-module-quirks = no-deinit' into the provider's section of openssl.cnf",
        );
    }
    if said.contains("unable to load provider") {
        return failure(
            "openssl has no provider for PKCS#11",
            "install it (Debian: apt-get install pkcs11-provider)",
        );
    }
    if said.contains("Module initialization failed") {
        return failure(
            "the provider finds no PKCS#11 library of the token",
            "set PKCS11_PROVIDER_MODULE to the path of the library, or install p11-kit's \
             configuration of it",
        );
    }
    if said.contains("Could not find private key") {
        // The provider logs in to each token that fits.
        return if trace.contains("Calling C_Login") {
            failure(
                "the token has no private key that fits the URI",
                "compare object= and id= with the output of \
                 'pkcs11-tool --login --list-objects --type privkey'",
            )
        } else if trace.is_empty() {
            failure(
                "no private key fits the URI, or the PIN is wrong",
                "compare token=, object= and id= with the output of \
                 'pkcs11-tool --login --list-objects --type privkey'",
            )
        } else {
            failure(
                "no token fits the URI",
                "compare token= with the output of 'pkcs11-tool --list-token-slots'",
            )
        };
    }
    unusable(output)
}
