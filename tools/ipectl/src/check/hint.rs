// SPDX-License-Identifier: GPL-2.0-only

//! Hints about the errors and warnings of the parser.

use super::similar;
use crate::output::printable;
use ipe_policy::policy::{
    Algorithm, ErrorKind, Extension, Operation, Parameter, PropertyKind, WarningKind,
};

/// A short name of an error, for programs.
pub(super) const fn error_code(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::TooLong => "too-long",
        ErrorKind::Nul => "nul",
        ErrorKind::Empty => "empty",
        ErrorKind::HeaderMissing => "header-missing",
        ErrorKind::NameEmpty => "name-empty",
        ErrorKind::VersionMissing => "version-missing",
        ErrorKind::HeaderTrailing => "header-trailing",
        ErrorKind::VersionShort => "version-short",
        ErrorKind::VersionLong => "version-long",
        ErrorKind::VersionNotNumber => "version-not-number",
        ErrorKind::VersionOverflow => "version-overflow",
        ErrorKind::HeaderRepeated => "header-repeated",
        ErrorKind::OperationMissing => "operation-missing",
        ErrorKind::OperationUnknown => "operation-unknown",
        ErrorKind::OperationNotFirst => "operation-not-first",
        ErrorKind::PropertyUnknown => "property-unknown",
        ErrorKind::ValueMissing => "value-missing",
        ErrorKind::BooleanInvalid => "boolean-invalid",
        ErrorKind::DigestSeparatorMissing => "digest-separator-missing",
        ErrorKind::DigestNotHex => "digest-not-hex",
        ErrorKind::DigestOdd => "digest-odd",
        ErrorKind::ParameterUnknown => "parameter-unknown",
        ErrorKind::Unsupported(Extension::CommandLine) => "command-line-unsupported",
        ErrorKind::Unsupported(_) => "extension-unsupported",
        ErrorKind::ProviderMissing(_) => "program-property-unsupported",
        ErrorKind::RootHashNotAlone => "root-hash-not-alone",
        ErrorKind::ImageDigestNotAlone => "image-digest-not-alone",
        ErrorKind::ProgramUnexpected => "program-unexpected",
        ErrorKind::ProgramOnly => "program-only",
        ErrorKind::ModifiedUnexpected => "modified-unexpected",
        ErrorKind::ActionMissing => "action-missing",
        ErrorKind::ActionNotLast => "action-not-last",
        ErrorKind::ActionUnknown => "action-unknown",
        ErrorKind::DefaultWithProperty => "default-with-property",
        ErrorKind::DefaultRepeated => "default-repeated",
        ErrorKind::DefaultMissing(_) => "default-missing",
        ErrorKind::Strict(warning) => warning_code(warning),
    }
}

/// A short name of a warning, for programs.
pub(super) const fn warning_code(kind: &WarningKind) -> &'static str {
    match kind {
        WarningKind::AlgorithmUnknown => "algorithm-unknown",
        WarningKind::AlgorithmUnused => "algorithm-unused",
        WarningKind::DigestLength { .. } => "digest-length",
        WarningKind::ProviderMissing(_) => "provider-missing",
        WarningKind::Contradiction => "contradiction",
        WarningKind::CommandLine(..) => "command-line",
    }
}

/// Returns a hint about an error in the text `place`.
pub(super) fn for_error(kind: &ErrorKind, place: &[u8]) -> Option<String> {
    let place = printable(place);
    let value = place
        .split_once('=')
        .map_or(place.as_str(), |(_, value)| value);
    let fixed = |text: &str| Some(text.to_owned());

    match kind {
        ErrorKind::HeaderMissing => fixed(
            "start with 'policy_name=NAME policy_version=1.0.0'; only comments may precede it",
        ),
        ErrorKind::VersionMissing => fixed("write policy_version=1.0.0 after the name"),
        ErrorKind::HeaderTrailing => {
            fixed("names and versions contain no spaces; put everything else on lines of its own")
        }
        ErrorKind::VersionShort => Some(match place.matches('.').count() {
            1 => format!("write {place}.0"),
            _ => format!("write {place}.0.0"),
        }),
        ErrorKind::VersionLong => {
            let three: Vec<_> = value.split('.').take(3).collect();
            match three.as_slice() {
                [_, _, _] => Some(format!("write {}", three.join("."))),
                _ => fixed("write three numbers, such as 1.0.0"),
            }
        }
        ErrorKind::VersionNotNumber => fixed("a version is three numbers, such as 1.0.0"),
        ErrorKind::HeaderRepeated => fixed("put each policy into its own file"),
        ErrorKind::OperationMissing => operation_missing(&place),
        ErrorKind::OperationUnknown => Some(match similar::operation(value) {
            Some(meant) => format!("no operation {value}; did you mean {}?", meant.name()),
            None => format!(
                "the operations are {}",
                list(Operation::ALL.map(Operation::name))
            ),
        }),
        ErrorKind::OperationNotFirst => fixed("write a rule for each operation"),
        ErrorKind::PropertyUnknown => {
            let name = place.split('=').next().unwrap_or_default();
            Some(match similar::property(name) {
                Some(meant) if meant.name() == name => format!("write {name}=…"),
                Some(meant) => format!("no property {name}; did you mean {}?", meant.name()),
                None => format!(
                    "the properties are {}",
                    list(PropertyKind::ALL.map(PropertyKind::name))
                ),
            })
        }
        ErrorKind::BooleanInvalid => {
            similar::boolean(&place).map(|meant| format!("write {meant}, in capitals"))
        }
        ErrorKind::DigestSeparatorMissing => {
            let digits = value.chars().all(|c| c.is_ascii_hexdigit());
            digits
                .then(|| of_length(value.len() / 2).next())
                .flatten()
                .map(|algorithm| format!("write {}:{value}", algorithm.name()))
                .or_else(|| fixed("write the algorithm, a colon and the digits: sha256:1f…"))
        }
        ErrorKind::DigestOdd => fixed("a digit is missing or extra"),
        ErrorKind::ParameterUnknown => {
            let name = value.strip_prefix(Parameter::PREFIX).unwrap_or(value);
            Some(match similar::parameter(name) {
                Some(meant) => format!(
                    "no root hash in {name}; did you mean {}{}?",
                    Parameter::PREFIX,
                    meant.name()
                ),
                None => format!(
                    "the parameters with root hashes are {}",
                    list(Parameter::ALL.map(Parameter::name))
                ),
            })
        }
        ErrorKind::Unsupported(extension) => Some(format!(
            "build the kernel with CONFIG_{}=y",
            extension.name()
        )),
        ErrorKind::ProviderMissing(kind) => kind
            .provider()
            .map(|symbol| format!("build the kernel with CONFIG_{symbol}=y")),
        ErrorKind::ProgramUnexpected => fixed(
            "write a rule with op=EXECUTE anonymous_memory=TRUE for the memory of a program, or \
             with op=PTRACE",
        ),
        ErrorKind::ProgramOnly => Some(match PropertyKind::from_name(name_of(&place)) {
            Some(PropertyKind::File(_)) => {
                format!("to ask for that of the program, write exe_{place}")
            }
            _ => "remove it: PTRACE is about the memory of a process in any case".to_owned(),
        }),
        ErrorKind::ModifiedUnexpected => {
            fixed("remove it: only EXECUTE is about mappings of files, which can be modified")
        }
        ErrorKind::RootHashNotAlone => fixed("a volume has one root hash: write a rule for each"),
        ErrorKind::ImageDigestNotAlone => fixed("write a rule for each digest"),
        ErrorKind::ActionMissing => fixed("end the line with action=ALLOW or action=DENY"),
        ErrorKind::ActionNotLast => fixed("move it to the end of the line"),
        ErrorKind::ActionUnknown => similar::action(value).map(|meant| {
            let name = meant.name();
            format!("no action {value}; did you mean {name}?")
        }),
        ErrorKind::DefaultWithProperty => {
            fixed("to decide by a property, write a rule without DEFAULT")
        }
        ErrorKind::DefaultMissing(_) => {
            fixed("add 'DEFAULT action=DENY' to deny everything that no rule allows")
        }
        ErrorKind::Strict(warning) => for_warning(warning, place.as_bytes()),
        ErrorKind::Empty => fixed("'ipectl new' writes a policy to start from"),
        _ => None,
    }
}

/// Returns the name of a property with its value.
fn name_of(property: &str) -> &[u8] {
    let name = property.split('=').next();
    name.unwrap_or_default().as_bytes()
}

/// Returns a hint about a line that does not begin with an operation.
fn operation_missing(place: &str) -> Option<String> {
    let (key, value) = place.split_once('=').unwrap_or(("", place));
    if let Some(meant) = Operation::from_name(value.as_bytes()).or(similar::operation(value)) {
        return Some(format!("write op={}", meant.name()));
    }
    if key.eq_ignore_ascii_case("action") {
        return Some("to decide everything else, write DEFAULT action=…".to_owned());
    }
    if place.eq_ignore_ascii_case("default") {
        return Some("write DEFAULT, in capitals".to_owned());
    }
    Some(
        "a rule looks like 'op=EXECUTE property=value … action=ALLOW'; comments begin with #"
            .to_owned(),
    )
}

/// Returns a hint about a warning in the text `place`.
pub(super) fn for_warning(kind: &WarningKind, place: &[u8]) -> Option<String> {
    let place = printable(place);
    match kind {
        WarningKind::AlgorithmUnknown => Some(match similar::algorithm(&place) {
            Some(meant) => format!("no algorithm {place}; did you mean {}?", meant.name()),
            None => "sha256 is the most common algorithm".to_owned(),
        }),
        WarningKind::AlgorithmUnused => Some("fs-verity uses sha256 or sha512".to_owned()),
        WarningKind::DigestLength { expected, given } => {
            let others: Vec<_> = of_length(*given as usize).map(Algorithm::name).collect();
            let digits = format!("it has {} digits instead of {}", 2 * given, 2 * expected);
            Some(if others.is_empty() {
                format!("{digits}: was it truncated when it was copied?")
            } else {
                format!("{digits}, the length of a {} digest", others.join(", "))
            })
        }
        WarningKind::ProviderMissing(kind) => kind
            .provider()
            .map(|symbol| format!("build the kernel with CONFIG_{symbol}=y")),
        WarningKind::Contradiction | WarningKind::CommandLine(..) => None,
    }
}

/// The algorithms whose digests have so many bytes, the usual ones.
fn of_length(bytes: usize) -> impl Iterator<Item = Algorithm> {
    const USUAL: [Algorithm; 5] = [
        Algorithm::Sha256,
        Algorithm::Sha512,
        Algorithm::Sha384,
        Algorithm::Sha224,
        Algorithm::Sha1,
    ];
    USUAL
        .into_iter()
        .filter(move |algorithm| algorithm.digest_len() == bytes)
}

fn list<const N: usize>(names: [&str; N]) -> String {
    names.join(", ")
}
