// SPDX-License-Identifier: GPL-2.0-only

//! Kernel configurations.

use super::diagnostic::Span;
use crate::{
    failure::{Class, Failure, Result},
    output::printable,
};
use flate2::read::GzDecoder;
use ipe_policy::policy::Providers;
use std::{
    collections::HashMap,
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    path::Path,
};

/// The option of the command line that is built into the kernel.
pub(super) const COMMAND_LINE: &str = "CMDLINE";

/// The length limit of an unpacked configuration.
const LONGEST: u64 = 16 << 20;

/// A kernel's configuration.
#[derive(Clone, Debug)]
pub struct Kconfig {
    /// The printable name for messages.
    pub name: String,
    /// The properties that the kernel can tell.
    pub providers: Providers<'static>,
    /// Whether it refuses rules that never match.
    pub strict: bool,
    text: String,
    options: HashMap<String, Setting>,
}

/// The setting of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    value: Value,
    span: Span,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// `=y`
    BuiltIn,
    /// `=m`
    Module,
    /// `is not set`
    Off,
    /// A string without its quotes, or a number.
    Text(String),
}

impl Kconfig {
    /// Reads a `.config`, a `/boot/config-*` or `/proc/config.gz`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not a configuration.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
        let bytes = unpack(bytes).map_err(|error| Failure::file(path, &error))?;
        let name = printable(path.as_os_str().as_bytes());
        Self::parse(&name, &String::from_utf8_lossy(&bytes)).ok_or_else(|| {
            Failure::new(
                Class::Input,
                format!("{}: not a kernel configuration", path.display()),
            )
        })
    }

    /// Parses a configuration. Returns none if it sets no option.
    pub fn parse(name: &str, text: &str) -> Option<Self> {
        let mut options = HashMap::new();
        let mut offset = 0;
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let code = line.trim();
            if let Some((symbol, value)) = setting(code) {
                let indent = line.len() - line.trim_start().len();
                let span = Span {
                    line: number,
                    column: fitting(indent + 1),
                    offset: fitting(offset + indent),
                    length: fitting(code.len()),
                };
                // As in the kernel's own reader, the last line about an option counts.
                options.insert(symbol.to_owned(), Setting { value, span });
            }
            offset += line.len();
        }
        let built_in = |setting: &Setting| setting.value == Value::BuiltIn;
        if !options.values().any(built_in) {
            return None;
        }
        let mut kernel = Self {
            name: name.to_owned(),
            providers: Providers::NONE,
            strict: false,
            text: text.to_owned(),
            options,
        };
        kernel.providers = Providers::of_kernel(|symbol| kernel.has(symbol));
        kernel.strict = kernel.has("IPE_STRICT_POLICY");
        Some(kernel)
    }

    /// Whether an option is `y`.
    pub fn has(&self, symbol: &str) -> bool {
        self.value(symbol) == Some(&Value::BuiltIn)
    }

    /// Whether an option is `m`.
    pub fn is_module(&self, symbol: &str) -> bool {
        self.value(symbol) == Some(&Value::Module)
    }

    /// Whether an option is `y` or `m`.
    pub fn enables(&self, symbol: &str) -> bool {
        self.has(symbol) || self.is_module(symbol)
    }

    /// Whether the configuration says that an option is not set. A part of a configuration says
    /// nothing about most.
    pub fn rules_out(&self, symbol: &str) -> bool {
        self.value(symbol) == Some(&Value::Off)
    }

    /// Returns whether the kernel has its command line from its configuration alone.
    pub fn fixes_command_line(&self) -> bool {
        self.has("CMDLINE_OVERRIDE") || self.has("CMDLINE_FORCE")
    }

    /// Returns whether the kernel starts a security module. Without a list in the configuration, it
    /// is that of the kernel's authors, which names all of them. `lsm=` in the command line takes
    /// the place of both.
    pub fn starts(&self, module: &str) -> bool {
        let list = match (self.parameter("lsm"), self.value("LSM")) {
            (Some(list), _) => list,
            (None, Some(Value::Text(list))) => list,
            (None, _) => return true,
        };
        list.split(',').any(|name| name == module)
    }

    /// Returns the value of a parameter of the command line that is built into the kernel.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let Some(Value::Text(line)) = self.value(COMMAND_LINE) else {
            return None;
        };
        let values = line.split_whitespace().filter_map(|word| {
            let (key, value) = word.split_once('=')?;
            (key == name).then_some(value)
        });
        values.last()
    }

    /// The configuration's text, unpacked.
    pub(super) fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Whether an option is a text that is not empty.
    pub(super) fn names(&self, symbol: &str) -> bool {
        matches!(self.value(symbol), Some(Value::Text(text)) if !text.is_empty())
    }

    /// Where the configuration says something about an option.
    pub(super) fn span(&self, symbol: &str) -> Option<Span> {
        self.options.get(symbol).map(|setting| setting.span)
    }

    fn value(&self, symbol: &str) -> Option<&Value> {
        self.options.get(symbol).map(|setting| &setting.value)
    }
}

/// Returns the setting in a line, if there is one.
fn setting(line: &str) -> Option<(&str, Value)> {
    if let Some(comment) = line.strip_prefix("# CONFIG_") {
        return Some((comment.strip_suffix(" is not set")?, Value::Off));
    }
    let (symbol, value) = line.strip_prefix("CONFIG_")?.split_once('=')?;
    let value = match value {
        "y" => Value::BuiltIn,
        "m" => Value::Module,
        "n" => Value::Off,
        text => {
            let quoted = text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'));
            Value::Text(quoted.unwrap_or(text).to_owned())
        }
    };
    Some((symbol, value))
}

/// A number of bytes of a configuration, which is shorter than [`LONGEST`].
fn fitting(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Unpacks gzip, such as `/proc/config.gz`, and returns anything else unchanged.
fn unpack(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let mut reader = GzDecoder::new(bytes.as_slice()).take(LONGEST);
    reader.read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests;
