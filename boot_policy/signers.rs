// SPDX-License-Identifier: GPL-2.0-only

//! Checks the list of the certificates that may sign policies, while the kernel is built.
//!
//! Usage: `signers OUTPUT LIST`
//!
//! `LIST` is `CONFIG_IPE_POLICY_SIGNERS`. The output is a copy of it, which the kernel reads by the
//! same code. A list that is malformed, or not empty and without a fingerprint, fails the build.

#[path = "../policy/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_extern_crates,
    unused_imports,
    reason = "the kernel uses more of it, its tests are written for a crate without std"
)]
mod policy;

use policy::signers;
use std::process::ExitCode;

/// The option whose value the list is.
const OPTION: &str = "CONFIG_IPE_POLICY_SIGNERS";

/// Returns what is wrong with a list.
///
/// # Errors
///
/// The message for the person who has written it.
fn check(list: &str) -> Result<(), String> {
    let mut number = 0;
    for fingerprint in signers::fingerprints(list.as_bytes()) {
        fingerprint.map_err(|malformed| malformed.to_string())?;
        number += 1;
    }
    if number == 0 && !list.is_empty() {
        return Err("it names no certificate, so nobody could sign policies".to_owned());
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [output, list] = arguments.as_slice() else {
        eprintln!("usage: signers OUTPUT LIST");
        return ExitCode::from(2);
    };
    if let Err(error) = check(list) {
        eprintln!("{OPTION}: error: {error}");
        return ExitCode::FAILURE;
    }
    if let Err(error) = std::fs::write(output, list) {
        eprintln!("{output}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
