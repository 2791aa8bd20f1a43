// SPDX-License-Identifier: GPL-2.0-only

//! Some text causes each error and each warning, and no two of them have the same message.

mod common;

use common::Collector;
use ipe_policy::policy::{
    envelope::{form, Unusable, MAX_LENGTH},
    measure, CommandLine, ErrorKind, Extension, FilePropertyKind, Operation, Parameter,
    PropertyKind, Providers, Unresolved, WarningKind,
};
use std::collections::BTreeSet;

/// Numbers the errors. A new one does not compile until it is here.
const fn error_number(kind: ErrorKind) -> usize {
    match kind {
        ErrorKind::TooLong => 0,
        ErrorKind::Nul => 1,
        ErrorKind::Empty => 2,
        ErrorKind::HeaderMissing => 3,
        ErrorKind::NameEmpty => 4,
        ErrorKind::VersionMissing => 5,
        ErrorKind::HeaderTrailing => 6,
        ErrorKind::VersionShort => 7,
        ErrorKind::VersionLong => 8,
        ErrorKind::VersionNotNumber => 9,
        ErrorKind::VersionOverflow => 10,
        ErrorKind::HeaderRepeated => 11,
        ErrorKind::OperationMissing => 12,
        ErrorKind::OperationUnknown => 13,
        ErrorKind::OperationNotFirst => 14,
        ErrorKind::PropertyUnknown => 15,
        ErrorKind::ValueMissing => 16,
        ErrorKind::BooleanInvalid => 17,
        ErrorKind::DigestSeparatorMissing => 18,
        ErrorKind::DigestNotHex => 19,
        ErrorKind::DigestOdd => 20,
        ErrorKind::ActionMissing => 21,
        ErrorKind::ActionNotLast => 22,
        ErrorKind::ActionUnknown => 23,
        ErrorKind::DefaultWithProperty => 24,
        ErrorKind::DefaultRepeated => 25,
        ErrorKind::Strict(_) => 26,
        ErrorKind::ParameterUnknown => 27,
        ErrorKind::ProgramUnexpected => 28,
        ErrorKind::RootHashNotAlone => 29,
        ErrorKind::ProgramOnly => 30,
        ErrorKind::ImageDigestNotAlone => 31,
        ErrorKind::ModifiedUnexpected => 32,
        ErrorKind::DefaultMissing(operation) => 33 + operation as usize,
        ErrorKind::Unsupported(extension) => 33 + Operation::COUNT + extension as usize,
        ErrorKind::ProviderMissing(kind) => {
            33 + Operation::COUNT + Extension::COUNT + kind as usize
        }
    }
}

const ERRORS: usize = 33 + Operation::COUNT + Extension::COUNT + FilePropertyKind::COUNT;

/// Texts that are refused as a whole or for their header.
const TEXTS: &[(&str, ErrorKind)] = &[
    ("\0", ErrorKind::Nul),
    (" # nothing\n", ErrorKind::Empty),
    ("DEFAULT action=DENY", ErrorKind::HeaderMissing),
    ("policy_name= policy_version=1.0.0", ErrorKind::NameEmpty),
    ("policy_name=a", ErrorKind::VersionMissing),
    (
        "policy_name=a policy_version=1.0.0 x",
        ErrorKind::HeaderTrailing,
    ),
    ("policy_name=a policy_version=1.0", ErrorKind::VersionShort),
    (
        "policy_name=a policy_version=1.0.0.0",
        ErrorKind::VersionLong,
    ),
    (
        "policy_name=a policy_version=1..0",
        ErrorKind::VersionNotNumber,
    ),
    (
        "policy_name=a policy_version=1.0.65536",
        ErrorKind::VersionOverflow,
    ),
];

/// Lines that are refused after a good header and a default.
const LINES: &[(&str, ErrorKind)] = &[
    (
        "policy_name=b policy_version=1.0.0",
        ErrorKind::HeaderRepeated,
    ),
    (
        "boot_verified=TRUE action=DENY",
        ErrorKind::OperationMissing,
    ),
    ("op=EXEC action=DENY", ErrorKind::OperationUnknown),
    (
        "op=EXECUTE op=POLICY action=DENY",
        ErrorKind::OperationNotFirst,
    ),
    (
        "op=EXECUTE path=/bin action=DENY",
        ErrorKind::PropertyUnknown,
    ),
    (
        "op=EXECUTE boot_verified action=DENY",
        ErrorKind::ValueMissing,
    ),
    (
        "op=EXECUTE boot_verified=yes action=DENY",
        ErrorKind::BooleanInvalid,
    ),
    (
        "op=EXECUTE fsverity_digest=ab action=DENY",
        ErrorKind::DigestSeparatorMissing,
    ),
    (
        "op=EXECUTE fsverity_digest=x:0g action=DENY",
        ErrorKind::DigestNotHex,
    ),
    (
        "op=EXECUTE fsverity_digest=x:000 action=DENY",
        ErrorKind::DigestOdd,
    ),
    (
        "op=EXECUTE dmverity_roothash=cmdline:root action=DENY",
        ErrorKind::ParameterUnknown,
    ),
    (
        "op=EXECUTE dmverity_roothash=cmdline:roothash dmverity_roothash=x: action=DENY",
        ErrorKind::RootHashNotAlone,
    ),
    (
        "op=EXECUTE fsverity_digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef \
         metadata_backing_file_fsverity_digest=x: action=DENY",
        ErrorKind::ImageDigestNotAlone,
    ),
    (
        "op=EXECUTE exe_boot_verified=TRUE action=DENY",
        ErrorKind::ProgramUnexpected,
    ),
    (
        "op=PTRACE boot_verified=TRUE action=DENY",
        ErrorKind::ProgramOnly,
    ),
    (
        "op=KMODULE modified=TRUE action=DENY",
        ErrorKind::ModifiedUnexpected,
    ),
    ("op=EXECUTE boot_verified=TRUE", ErrorKind::ActionMissing),
    (
        "op=EXECUTE action=DENY action=DENY",
        ErrorKind::ActionNotLast,
    ),
    ("op=EXECUTE action=KILL", ErrorKind::ActionUnknown),
    (
        "DEFAULT op=POLICY boot_verified=TRUE action=DENY",
        ErrorKind::DefaultWithProperty,
    ),
    ("DEFAULT action=DENY", ErrorKind::DefaultRepeated),
];

const HEADER: &str = "policy_name=a policy_version=1.0.0\n";

/// Returns the first error of a text.
fn refused(text: &[u8]) -> ErrorKind {
    match measure(text, Providers::ALL, true, &mut Collector::default()) {
        Ok(_) => panic!("accepted: {}", String::from_utf8_lossy(text)),
        Err(error) => error.kind,
    }
}

/// Every operation has a default but this one, which a rule names.
fn all_defaults_but(missing: Operation) -> String {
    let mut text = format!("{HEADER}op={} action=ALLOW\n", missing.name());
    for operation in Operation::ALL {
        if operation != missing {
            text += &format!("DEFAULT op={} action=DENY\n", operation.name());
        }
    }
    text
}

#[test]
fn every_error_has_a_text() {
    let mut seen = [false; ERRORS];
    let mut messages = BTreeSet::new();
    let mut found = |kind: ErrorKind| {
        seen[error_number(kind)] = true;
        assert!(messages.insert(kind.to_string()), "{kind} is said twice");
    };

    for (text, kind) in TEXTS {
        assert_eq!(refused(text.as_bytes()), *kind, "{text}");
        found(*kind);
    }
    for (line, kind) in LINES {
        let text = format!("{HEADER}DEFAULT action=DENY\n{line}\n");
        assert_eq!(refused(text.as_bytes()), *kind, "{line}");
        found(*kind);
    }
    for operation in Operation::ALL {
        let kind = ErrorKind::DefaultMissing(operation);
        assert_eq!(refused(all_defaults_but(operation).as_bytes()), kind);
        found(kind);
    }
    let text = format!("{HEADER}DEFAULT action=DENY\nop=EXECUTE fsverity_digest=x: action=DENY");
    let kind = ErrorKind::Strict(WarningKind::AlgorithmUnknown);
    assert_eq!(refused(text.as_bytes()), kind);
    found(kind);
    for extension in Extension::ALL {
        let line = match extension {
            Extension::CommandLine => "op=EXECUTE dmverity_roothash=cmdline:usrhash action=DENY",
            Extension::AnonymousMemory => "op=EXECUTE anonymous_memory=TRUE action=DENY",
            Extension::Program => "op=PTRACE exe_boot_verified=TRUE action=DENY",
            Extension::Ptrace => "DEFAULT op=PTRACE action=DENY",
            Extension::Script => "op=INTERACTIVE_SCRIPT action=DENY",
            Extension::Image => "op=EXECUTE metadata_backing_file_fsverity_digest=x: action=DENY",
            Extension::Modified => "op=EXECUTE modified=TRUE action=DENY",
        };
        let text = format!("{HEADER}DEFAULT action=DENY\n{line}\n");
        let others = Extension::ALL
            .into_iter()
            .filter(|other| *other != extension);
        let providers = others.fold(Providers::NONE, Providers::with_extension);
        let error = measure(text.as_bytes(), providers, true, &mut Collector::default());
        let kind = ErrorKind::Unsupported(extension);
        assert_eq!(error.err().map(|error| error.kind), Some(kind));
        found(kind);
    }
    // That of an extension is refused for that.
    let of_c = |kind: &FilePropertyKind| kind.extension().is_none();
    for kind in FilePropertyKind::ALL.into_iter().filter(of_c) {
        let value = if PropertyKind::Program(kind).is_digest() {
            "sha256:00"
        } else {
            "FALSE"
        };
        let name = PropertyKind::Program(kind).name();
        let text = format!("{HEADER}DEFAULT action=DENY\nop=PTRACE {name}={value} action=DENY\n");
        let providers = Extension::ALL
            .into_iter()
            .fold(Providers::NONE, Providers::with_extension);
        let error = measure(text.as_bytes(), providers, false, &mut Collector::default());
        let missing = ErrorKind::ProviderMissing(kind);
        // A property without a provider is always there.
        let expected = kind.provider().map(|_| missing);
        assert_eq!(error.err().map(|error| error.kind), expected);
        found(missing);
    }
    // Two GiB that nobody looks at.
    assert_eq!(refused(&vec![0; 1 << 31]), ErrorKind::TooLong);
    found(ErrorKind::TooLong);

    for kind in FilePropertyKind::ALL {
        seen[error_number(ErrorKind::ProviderMissing(kind))] |= !of_c(&kind);
    }
    assert!(seen.iter().all(|seen| *seen), "{seen:?}");
}

/// Numbers the warnings likewise.
const fn warning_number(kind: WarningKind) -> usize {
    match kind {
        WarningKind::AlgorithmUnknown => 0,
        WarningKind::AlgorithmUnused => 1,
        WarningKind::DigestLength { .. } => 2,
        WarningKind::Contradiction => 3,
        WarningKind::ProviderMissing(kind) => 4 + kind as usize,
        WarningKind::CommandLine(parameter, reason) => {
            4 + FilePropertyKind::COUNT + 3 * parameter as usize + reason as usize
        }
    }
}

const WARNINGS: usize = 4 + FilePropertyKind::COUNT + 3 * Parameter::COUNT;

#[test]
fn every_warning_has_a_text() {
    let digest = "00".repeat(32);
    let cases = [
        ("fsverity_digest=crc32:00", WarningKind::AlgorithmUnknown),
        ("fsverity_digest=md5:00", WarningKind::AlgorithmUnused),
        (
            "fsverity_digest=sha256:00",
            WarningKind::DigestLength {
                expected: 32,
                given: 1,
            },
        ),
        (
            "boot_verified=TRUE boot_verified=FALSE",
            WarningKind::Contradiction,
        ),
    ];
    let mut seen = [false; WARNINGS];
    let mut messages = BTreeSet::new();
    let mut check = |property: &str, providers: Providers<'_>, kind: WarningKind| {
        let text = format!("{HEADER}DEFAULT action=DENY\nop=EXECUTE {property} action=DENY\n");
        let mut collector = Collector::default();
        assert!(measure(text.as_bytes(), providers, false, &mut collector).is_ok());
        let kinds: Vec<_> = collector
            .warnings
            .iter()
            .map(|warning| warning.kind)
            .collect();
        assert_eq!(kinds, [kind], "{property}");
        // Nothing of the policy is in the message, which could put lines into a log.
        assert!(!kind.to_string().contains(property));
        assert!(messages.insert(kind.to_string()), "{kind} is said twice");
        seen[warning_number(kind)] = true;

        let strict = measure(text.as_bytes(), providers, true, &mut collector);
        assert_eq!(strict.err().unwrap().kind, ErrorKind::Strict(kind));
    };

    for (property, kind) in cases {
        check(property, Providers::ALL, kind);
    }
    for kind in FilePropertyKind::ALL {
        let others = FilePropertyKind::ALL
            .into_iter()
            .filter(|other| *other != kind);
        let providers = others.fold(Providers::NONE, Providers::with);
        if providers.contains(kind) {
            // A property without a provider is always there, and one of an extension is not known.
            assert!(kind.provider().is_none() || kind.extension().is_some());
            continue;
        }
        let value = if PropertyKind::File(kind).is_digest() {
            format!("sha256:{digest}")
        } else {
            "TRUE".to_owned()
        };
        let property = format!("{}={value}", kind.name());
        check(&property, providers, WarningKind::ProviderMissing(kind));
    }
    for parameter in Parameter::ALL {
        let name = parameter.name();
        for (line, reason) in [
            (String::new(), Unresolved::Absent),
            (format!("{name}=1 {name}=2"), Unresolved::Ambiguous),
            (format!("{name}=x"), Unresolved::Invalid),
        ] {
            let line = CommandLine::new(line.as_bytes());
            let providers = Providers::ALL.with_command_line(&line);
            let kind = WarningKind::CommandLine(parameter, reason);
            check(
                &format!("dmverity_roothash=cmdline:{name}"),
                providers,
                kind,
            );
        }
    }
    for kind in [
        FilePropertyKind::BootVerified,
        FilePropertyKind::ImageDigest,
    ] {
        seen[warning_number(WarningKind::ProviderMissing(kind))] = true;
    }
    assert!(seen.iter().all(|seen| *seen), "{seen:?}");
}

#[test]
fn every_reason_against_a_message_has_one() {
    // A new one does not compile until it is here.
    let message = |unusable| match unusable {
        Unusable::Malformed => vec![0],
        Unusable::TooLong => vec![b'p'; MAX_LENGTH + 1],
    };
    for unusable in [Unusable::Malformed, Unusable::TooLong] {
        assert_eq!(form(&message(unusable)), Err(unusable));
    }
}
