// SPDX-License-Identifier: GPL-2.0-only

//! Validates JSON against the schemas of `schema/`.
//!
//! It knows the keywords that the schemas use, and refuses any other, so that none of them goes
//! unchecked. It is stricter than JSON Schema: a field that the schema does not name is an error,
//! since every field that the program writes is to be documented.

use serde_json::Value;
use std::{fs, path::Path};

/// Keywords that say nothing about the value.
const ANNOTATIONS: [&str; 6] = [
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "title",
    "description",
];

/// Returns the schema of a command.
pub(crate) fn of(command: &str) -> Value {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let path = directory.join(format!("{command}.json"));
    let text = fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Checks what a command wrote, and returns the command.
pub(crate) fn check(output: &str) -> String {
    let value: Value = serde_json::from_str(output).expect(output);
    let command = value["command"].as_str().expect(output).to_owned();
    let schema = of(&command);
    if let Err(error) = validate(&schema, &schema, &value) {
        panic!("{command}: {error}\n{output}");
    }
    command
}

/// Checks a value against a schema, or a part of it; `root` is the whole schema.
pub(crate) fn validate(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => root
            .pointer(reference.trim_start_matches('#'))
            .ok_or_else(|| format!("no {reference}"))?,
        None => schema,
    };
    for (keyword, wanted) in schema.as_object().ok_or("a schema is an object")? {
        let good = match keyword.as_str() {
            "type" => has_type(wanted, value),
            "const" => wanted == value,
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value
                .as_i64()
                .is_none_or(|number| number >= wanted.as_i64().unwrap()),
            "pattern" => value
                .as_str()
                .is_none_or(|text| matches(wanted.as_str().unwrap(), text)),
            "required" => names(wanted).all(|name| value.get(name).is_some()),
            "oneOf" => {
                let branches = wanted.as_array().unwrap().iter();
                let good = branches.filter(|branch| validate(root, branch, value).is_ok());
                good.count() == 1
            }
            "properties" => {
                for (name, field) in value.as_object().ok_or("not an object")? {
                    let schema = wanted.get(name).ok_or_else(|| format!("unknown {name}"))?;
                    validate(root, schema, field).map_err(|error| format!("{name}: {error}"))?;
                }
                true
            }
            "items" => {
                for item in value.as_array().ok_or("not a list")? {
                    validate(root, wanted, item)?;
                }
                true
            }
            keyword if ANNOTATIONS.contains(&keyword) => true,
            _ => return Err(format!("the test does not know {keyword}")),
        };
        if !good {
            return Err(format!("{value} does not fit {keyword} {wanted}"));
        }
    }
    Ok(())
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().unwrap().iter().filter_map(Value::as_str)
}

/// Whether a value is of a type, or of one of several.
fn has_type(wanted: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    wanted.as_str().map_or_else(|| names(wanted).any(is), is)
}

/// Whether a text fits a pattern: classes of characters, each with `+` or `{n}`, and characters
/// that stand for themselves, from `^` to `$`.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern = pattern.strip_prefix('^').and_then(|p| p.strip_suffix('$'));
    let mut pattern = pattern.expect("patterns are anchored").replace('\\', "");
    let mut text = text;
    while !pattern.is_empty() {
        let Some(class) = pattern.strip_prefix('[') else {
            let Some(rest) = text.strip_prefix(&pattern[..1]) else {
                return false;
            };
            text = rest;
            pattern.remove(0);
            continue;
        };
        let (class, rest) = class.split_once(']').unwrap();
        let end = text.find(|c| !in_class(class, c)).unwrap_or(text.len());
        let (length, rest) = match rest.strip_prefix('+') {
            Some(rest) if end > 0 => (end, rest.to_owned()),
            Some(_) => return false,
            None => {
                let (count, rest) = rest.strip_prefix('{').unwrap().split_once('}').unwrap();
                (count.parse().unwrap(), rest.to_owned())
            }
        };
        if end != length {
            return false;
        }
        text = &text[length..];
        pattern = rest;
    }
    text.is_empty()
}

/// Whether a class such as `a-z0-9_-` has a character.
fn in_class(class: &str, c: char) -> bool {
    let class: Vec<char> = class.chars().collect();
    class.contains(&c)
        || class
            .windows(3)
            .any(|range| range[1] == '-' && (range[0]..=range[2]).contains(&c))
}
