// SPDX-License-Identifier: GPL-2.0-only

//! Sources of policies: a file, standard input or a directory, with text or signed messages.

use crate::{
    failure::{Class, Failure, Result},
    output::printable,
};
use cms::{content_info::ContentInfo, signed_data::SignedData};
use der::{asn1::OctetStringRef, Decode};
use ipe_policy::policy::envelope::{self, Form};
use std::{
    ffi::OsStr,
    fs,
    io::Read,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// The endings of the files that are taken from a directory.
const ENDINGS: [&str; 4] = ["pol", "policy", "ipe", "p7b"];

/// The text of a policy, and its origin.
#[derive(Debug)]
pub struct Source {
    /// The printable name for messages.
    pub name: String,
    /// The file, if it is one.
    pub path: Option<PathBuf>,
    /// The policy's text.
    pub text: Vec<u8>,
    /// The form of the signature and the length of the message, if it is signed.
    pub signed: Option<(Form, usize)>,
}

impl Source {
    /// A text that is not signed.
    pub fn from_text(name: &str, text: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            path: None,
            text: text.to_vec(),
            signed: None,
        }
    }

    /// Reads one policy; `-` is standard input.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is a message without a policy.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(path, &read_bytes(path)?)
    }

    /// Takes what was read from a path.
    ///
    /// # Errors
    ///
    /// It is a message without a policy.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin {
            "<stdin>".to_owned()
        } else {
            printable(path.as_os_str().as_bytes())
        };
        let (text, form) = unwrap(bytes)
            .map_err(|reason| Failure::new(Class::Invalid, format!("{name}: {reason}")))?;
        Ok(Self {
            name,
            path: (!is_stdin).then(|| path.to_owned()),
            signed: form.map(|form| (form, bytes.len())),
            text,
        })
    }
}

/// Reads a file, or standard input for `-`.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|error| Failure::file(path, &error))
}

/// Returns the file of a path, or the policies of a directory.
pub fn expand(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| Failure::file(path, &error))? {
        let file = entry?.path();
        let ending = file.extension().and_then(OsStr::to_str);
        if ending.is_some_and(|ending| ENDINGS.contains(&ending)) && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::new(
            Class::Input,
            format!("{}: no policies in this directory", path.display()),
        )
        .hint(format!("policy files end in .{}", ENDINGS.join(", ."))));
    }
    Ok(files)
}

/// Returns the text of a policy, and the form of its signature if it is a message.
fn unwrap(bytes: &[u8]) -> std::result::Result<(Vec<u8>, Option<Form>), String> {
    if let Some(parts) = envelope::split_appended(bytes) {
        return Ok((bytes[parts.text].to_vec(), Some(Form::Appended)));
    }
    if bytes.first() != Some(&0x30) {
        if bytes.starts_with(b"-----BEGIN ") {
            return Err("this is PEM, but the kernel only takes DER".to_owned());
        }
        return Ok((bytes.to_vec(), None));
    }
    let text = embedded_text(bytes).map_err(|error| format!("not a PKCS#7 message: {error}"))?;
    let text = text.ok_or("the PKCS#7 message contains no policy: its signature is detached")?;
    Ok((text, Some(Form::Pkcs7)))
}

/// The content of a PKCS#7 message.
fn embedded_text(bytes: &[u8]) -> der::Result<Option<Vec<u8>>> {
    let info = ContentInfo::from_der(bytes)?;
    let data: SignedData = info.content.decode_as()?;
    match data.encap_content_info.econtent {
        None => Ok(None),
        Some(content) => {
            let octets: OctetStringRef<'_> = content.decode_as()?;
            Ok(Some(octets.as_bytes().to_vec()))
        }
    }
}
