// SPDX-License-Identifier: GPL-2.0-only

//! The loaded policies, which of them is active, and the mode.

use super::files::Files;
use crate::{failure::Result, output::printable};
use ipe_policy::policy::Version;
use serde::Serialize;

/// A policy that is loaded.
#[derive(Debug, Serialize)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Whether it is the active one, or none if only root can tell.
    pub active: Option<bool>,
    /// Whether it is on trial, or none if only root can tell or the kernel has no trials.
    pub on_trial: Option<bool>,
    /// Whether userspace loaded it with a signature. Otherwise, it is built into the kernel.
    pub signed: Option<bool>,
}

/// Reads a file as a line of text.
fn text(files: &dyn Files, file: &str) -> Option<String> {
    let bytes = files.read(file).ok()?;
    Some(printable(bytes.trim_ascii()))
}

/// Reads a file that is `0` or `1`.
pub fn switch(files: &dyn Files, file: &str) -> Option<bool> {
    match text(files, file)?.as_str() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Reads a version.
pub fn version(files: &dyn Files, name: &str) -> Option<Version> {
    parse_version(&text(files, &format!("policies/{name}/version"))?)
}

/// Parses a version as the kernel writes it.
fn parse_version(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    let version = Version {
        major: numbers.next()??,
        minor: numbers.next()??,
        revision: numbers.next()??,
    };
    numbers.next().is_none().then_some(version)
}

/// Everything that is loaded.
pub fn loaded(files: &dyn Files) -> Result<Vec<Loaded>> {
    let names = files.policies()?;
    let policy = |name: String| Loaded {
        version: text(files, &format!("policies/{name}/version")),
        active: switch(files, &format!("policies/{name}/active")),
        on_trial: switch(files, &format!("policies/{name}/trial")),
        signed: match files.read(&format!("policies/{name}/pkcs7")) {
            Ok(_) => Some(true),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Some(false),
            Err(_) => None,
        },
        name,
    };
    Ok(names.into_iter().map(policy).collect())
}
