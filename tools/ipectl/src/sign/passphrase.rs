// SPDX-License-Identifier: GPL-2.0-only

//! The passphrase of a private key.

use crate::failure::{Class, Failure, Result};
use std::{
    ffi::{OsStr, OsString},
    io::{self, IsTerminal},
    path::PathBuf,
};

/// Where the passphrase of a key comes from.
pub enum Passphrase {
    /// The first line of a file.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// A prompt on the terminal.
    Prompt,
}

impl Passphrase {
    /// How the `openssl` program is told where it comes from; not at all where it shall ask.
    pub(super) fn for_openssl(&self) -> Option<OsString> {
        let source = |kind: &str, place: &OsStr| {
            let mut source = OsString::from(kind);
            source.push(place);
            source
        };
        match self {
            Self::File(path) => Some(source("file:", path.as_os_str())),
            Self::Variable(name) => Some(source("env:", name.as_ref())),
            Self::Prompt => None,
        }
    }

    /// Asks for it.
    pub(super) fn get(&self) -> Result<String> {
        match self {
            Self::File(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
                Ok(text.lines().next().unwrap_or_default().to_owned())
            }
            Self::Variable(name) => std::env::var(name).map_err(|_| {
                Failure::new(
                    Class::Signing,
                    format!("the key has a passphrase, but the variable {name} is not set"),
                )
            }),
            Self::Prompt if io::stdin().is_terminal() => {
                rpassword::prompt_password("Passphrase of the key: ").map_err(Failure::from)
            }
            Self::Prompt => Err(Failure::new(Class::Signing, "the key has a passphrase")
                .hint("pass it with --passphrase-file or --passphrase-env")),
        }
    }
}
