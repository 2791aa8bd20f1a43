// SPDX-License-Identifier: GPL-2.0-only

//! Rules, defaults and properties in one form, so that all spellings of the same are shown alike.

use crate::output::printable;
use ipe_policy::policy::{Action, FileProperty, Operation, Parameter, Property, RootHash, Rule};

/// Returns a rule with single blanks, and with digits in lower case.
pub fn rule(rule: &Rule<'_>) -> String {
    let mut text = format!("op={}", rule.operation.name());
    for property in rule.properties() {
        text.push(' ');
        text.push_str(&self::property(&property));
    }
    text.push_str(" action=");
    text.push_str(rule.action.name());
    text
}

/// Returns a property with its value, with digits in lower case.
pub fn property(property: &Property<'_>) -> String {
    let value = match property {
        Property::AnonymousMemory(value) | Property::Modified(value) => boolean(*value),
        Property::File(property) | Property::Program(property) => file_value(property),
    };
    format!("{}={value}", property.kind().name())
}

fn boolean(value: bool) -> String {
    if value { "TRUE" } else { "FALSE" }.to_owned()
}

/// Returns the value of a property of a file.
fn file_value(property: &FileProperty<'_>) -> String {
    match property {
        FileProperty::BootVerified(value)
        | FileProperty::DmveritySignature(value)
        | FileProperty::FsveritySignature(value) => boolean(*value),
        FileProperty::DmverityRoothash(RootHash::CommandLine(parameter)) => {
            format!("{}{}", Parameter::PREFIX, parameter.name())
        }
        FileProperty::DmverityRoothash(RootHash::Digest(text))
        | FileProperty::FsverityDigest(text)
        | FileProperty::ImageDigest(text) => {
            format!(
                "{}:{}",
                printable(text.algorithm),
                String::from_utf8_lossy(text.hex).to_ascii_lowercase()
            )
        }
    }
}

/// Returns a default with single blanks.
pub fn default(operation: Option<Operation>, action: Action) -> String {
    match operation {
        Some(operation) => format!("DEFAULT op={} action={}", operation.name(), action.name()),
        None => format!("DEFAULT action={}", action.name()),
    }
}
