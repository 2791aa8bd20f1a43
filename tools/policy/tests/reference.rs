// SPDX-License-Identifier: GPL-2.0-only

//! The compiled policy decides as the language is defined, for generated policies and objects.

mod common;
#[path = "reference/model.rs"]
mod model;

use common::{compile_for, reference_with, with_programs, OwnedDigest, TestObject};
use ipe_policy::{
    eval::evaluate,
    policy::{
        Algorithm, CommandLine, Extension, FilePropertyKind, Operation, Parameter, Providers,
    },
};
use proptest::{prelude::*, sample::select};

/// How many different digests there are of each algorithm: few, so that rules and objects meet.
const VARIANTS: u8 = 2;

/// A digest with one of the algorithms.
fn digest(algorithms: &'static [&'static str]) -> impl Strategy<Value = OwnedDigest> {
    (select(algorithms), 0..VARIANTS).prop_map(|(algorithm, variant)| {
        let length = Algorithm::from_name(algorithm.as_bytes())
            .unwrap()
            .digest_len();
        let mut bytes = vec![0x5a; length];
        // The difference is in the last byte, or in the first.
        bytes[if variant & 1 == 0 { 0 } else { length - 1 }] = variant;
        OwnedDigest { algorithm, bytes }
    })
}

const FSVERITY: &[&str] = &["sha256", "sha512"];
const DMVERITY: &[&str] = &["sha256", "sha1", "sha512", "md5"];

/// Digests that load and never match.
fn useless() -> impl Strategy<Value = String> {
    select(vec!["sha256:00", "crc32:00000000", ":", "x:", "sha1024:ab"]).prop_map(str::to_owned)
}

fn boolean() -> impl Strategy<Value = &'static str> {
    select(vec!["TRUE", "FALSE"])
}

fn property() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (select(vec!["boot_verified", "dmverity_signature", "fsverity_signature"]), boolean())
            .prop_map(|(name, value)| format!("{name}={value}")),
        3 => digest(DMVERITY).prop_map(|d| format!("dmverity_roothash={}", d.text())),
        3 => digest(FSVERITY)
            .prop_map(|d| format!("fsverity_digest={}", d.text().replace("5a", "5A"))),
        1 => digest(FSVERITY).prop_map(|d| format!("{IMAGE}={}", d.text())),
        1 => (select(vec!["dmverity_roothash", "fsverity_digest"]), useless())
            .prop_map(|(name, value)| format!("{name}={value}")),
        2 => select(&Parameter::ALL[..])
            .prop_map(|parameter| format!("dmverity_roothash=cmdline:{}", parameter.name())),
    ]
}

/// The name of the property with the digest of an image.
const IMAGE: &str = "metadata_backing_file_fsverity_digest";

/// Leaves the digest of an image the only one of its rule, or else a root hash of the command line
/// the only root hash.
fn alone(properties: Vec<String>) -> Vec<String> {
    if properties.iter().any(|text| text.starts_with(IMAGE)) {
        let others = |text: &String| {
            text.starts_with(IMAGE)
                || !(text.contains("_digest=") || text.starts_with("dmverity_roothash="))
        };
        return properties.into_iter().filter(others).collect();
    }
    let Some(first) = properties.iter().find(|text| text.contains("=cmdline:")) else {
        return properties;
    };
    let others = properties
        .iter()
        .filter(|text| !text.starts_with("dmverity_roothash="));
    others.chain([first]).cloned().collect()
}

/// The root hashes that a parameter of the generated command line names.
#[derive(Clone, Debug)]
enum Named {
    Nothing,
    /// In one value.
    Once(Vec<OwnedDigest>),
    /// The value of another line follows.
    Twice(Vec<OwnedDigest>),
}

/// A command line: what each of its parameters names.
type Line = [Named; Parameter::COUNT];

/// Writes the value of a parameter.
fn value(parameter: Parameter, digests: &[OwnedDigest]) -> String {
    let hex = |digest: &OwnedDigest| digest.text().split_once(':').unwrap().1.to_owned();
    if parameter != Parameter::DmModCreate {
        return hex(&digests[0]);
    }
    let table = |digest: &OwnedDigest| {
        let (algorithm, hex) = (digest.algorithm, hex(digest));
        format!("v,,,ro,0 8 verity 1 /dev/vda /dev/vda 4096 4096 1 1 {algorithm} {hex} -")
    };
    digests.iter().map(table).collect::<Vec<_>>().join(";")
}

fn written(line: &Line) -> String {
    let mut text = "quiet".to_owned();
    for (parameter, named) in Parameter::ALL.into_iter().zip(line) {
        let (Named::Once(digests) | Named::Twice(digests)) = named else {
            continue;
        };
        text += &format!(" {}=\"{}\"", parameter.name(), value(parameter, digests));
        if let Named::Twice(_) = named {
            text += &format!(" {}=other", parameter.name());
        }
    }
    text
}

fn line() -> impl Strategy<Value = Line> {
    let named = || {
        let digests = || prop::collection::vec(digest(DMVERITY), 1..4);
        prop_oneof![
            1 => Just(Named::Nothing),
            4 => digests().prop_map(Named::Once),
            1 => digests().prop_map(Named::Twice),
        ]
    };
    [named(), named(), named()]
}

/// Returns whether a parameter names the root hash of a volume.
fn names(line: &Line, parameter: Parameter, roothash: &OwnedDigest) -> bool {
    let Named::Once(digests) = &line[parameter as usize] else {
        return false;
    };
    match parameter {
        Parameter::DmModCreate => digests.contains(roothash),
        // The algorithm is not said, and short ones are not believed.
        _ => digests[0].bytes == roothash.bytes && roothash.bytes.len() >= 32,
    }
}

fn action() -> impl Strategy<Value = &'static str> {
    select(vec!["ALLOW", "DENY"])
}

/// The operations that are used: some, so that there are several rules for each.
const OPERATIONS: [Operation; 5] = [
    Operation::Execute,
    Operation::KernelModule,
    Operation::X509Cert,
    Operation::Ptrace,
    Operation::UncheckedScript,
];

/// The properties of a rule: those of the object, and those of the program where it can ask for
/// them.
fn properties(
    operation: Operation,
    memory: Option<bool>,
    modified: Option<bool>,
    object: Vec<String>,
    of_program: Vec<String>,
) -> Vec<String> {
    let of_program = alone(of_program)
        .into_iter()
        .map(|property| format!("exe_{property}"));
    if operation == Operation::Ptrace {
        return of_program.collect();
    }
    let mut all = alone(object);
    all.extend(memory.map(|is| format!("anonymous_memory={}", is.to_string().to_uppercase())));
    if operation == Operation::Execute {
        all.extend(modified.map(|is| format!("modified={}", is.to_string().to_uppercase())));
    }
    if operation == Operation::Execute && memory == Some(true) {
        all.extend(of_program);
    }
    all
}

fn rule() -> impl Strategy<Value = String> {
    let memory = prop_oneof![
        2 => Just(None),
        2 => Just(Some(true)),
        1 => Just(Some(false)),
    ];
    let modified = prop_oneof![
        8 => Just(None),
        1 => Just(Some(true)),
        1 => Just(Some(false)),
    ];
    (
        select(&OPERATIONS[..]),
        memory,
        modified,
        prop::collection::vec(property(), 0..4),
        prop::collection::vec(property(), 0..4),
        action(),
    )
        .prop_flat_map(
            |(operation, memory, modified, object, of_program, action)| {
                let properties = properties(operation, memory, modified, object, of_program);
                (
                    Just(operation),
                    Just(properties).prop_shuffle(),
                    Just(action),
                )
            },
        )
        .prop_map(|(operation, properties, action)| {
            format!(
                "op={} {} action={action}",
                operation.name(),
                properties.join("\t ")
            )
        })
}

/// A rule, an empty line, or a comment, with white space around it.
fn policy_line() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        12 => rule().boxed(),
        1 => Just(String::new()).boxed(),
        1 => Just("# op=EXECUTE action=ALLOW".to_owned()).boxed(),
    ];
    let space = || select(vec!["", "", " ", "\t "]);
    let end = select(vec!["\n", "\n", "\r\n", "\r", " # comment\n"]);
    (space(), text, space(), end)
        .prop_map(|(before, text, after, end)| format!("{before}{text}{after}{end}"))
}

/// Defaults that make a policy complete: a global one, or one for every operation.
fn defaults() -> impl Strategy<Value = Vec<String>> {
    let of_all = prop::collection::vec(action(), Operation::COUNT).prop_map(|actions| {
        Operation::ALL
            .iter()
            .zip(actions)
            .map(|(operation, action)| format!("DEFAULT op={} action={action}\n", operation.name()))
            .collect::<Vec<_>>()
    });
    let of_some = (action(), prop::option::of(action())).prop_map(|(global, execute)| {
        let mut lines = vec![format!("DEFAULT action={global}\n")];
        lines.extend(execute.map(|action| format!("DEFAULT op=EXECUTE action={action}\n")));
        lines
    });
    prop_oneof![of_all, of_some]
}

fn policy() -> impl Strategy<Value = String> {
    (defaults(), prop::collection::vec(policy_line(), 0..24))
        .prop_flat_map(|(defaults, lines)| Just([defaults, lines].concat()).prop_shuffle())
        .prop_map(|lines| {
            format!(
                "policy_name=generated policy_version=1.2.3\n{}",
                lines.concat()
            )
        })
}

fn providers() -> impl Strategy<Value = Providers<'static>> {
    prop_oneof![
        4 => Just(Providers::ALL),
        1 => prop::collection::vec(select(&FilePropertyKind::ALL[..]), 0..4).prop_map(|kinds| {
            let none = Extension::ALL.into_iter().fold(Providers::NONE, Providers::with_extension);
            kinds.into_iter().fold(none, Providers::with)
        }),
    ]
}

/// A digest of one of the algorithms, or none; some are not in any policy.
fn any_digest(algorithms: &'static [&'static str]) -> impl Strategy<Value = Option<OwnedDigest>> {
    let foreign = digest(algorithms).prop_map(|mut digest| {
        digest.bytes[9] ^= 0x10;
        digest
    });
    prop_oneof![
        1 => Just(None),
        4 => digest(algorithms).prop_map(Some),
        1 => foreign.prop_map(Some),
    ]
}

fn object() -> impl Strategy<Value = TestObject> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let modified = any::<bool>();
    let digests = (
        any_digest(DMVERITY),
        any_digest(FSVERITY),
        any_digest(FSVERITY),
    );
    (flags, modified, digests).prop_map(|(flags, modified, (dmv, fsv, image))| TestObject {
        memory: flags.3,
        modified,
        boot_verified: flags.0,
        dmverity_signature: flags.1,
        fsverity_signature: flags.2,
        dmverity_roothash: dmv,
        fsverity_digest: fsv,
        image_digest: image,
        ..Default::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..Default::default() })]

    #[test]
    fn compiled_policy_decides_as_the_reference(
        text in policy(),
        providers in providers(),
        line in line(),
        objects in prop::collection::vec(object(), 24),
    ) {
        let command_line = written(&line);
        let command_line = CommandLine::new(command_line.as_bytes());
        let providers = with_programs(text.as_bytes(), providers);
        let compiled = compile_for(text.as_bytes(), providers.with_command_line(&command_line));
        prop_assert_eq!(compiled.name(text.as_bytes()), b"generated");

        for object in objects {
            let operations = OPERATIONS.into_iter().map(Some).chain([None, Some(Operation::Policy)]);
            for operation in operations {
                object.asked.take();
                let verdict = evaluate(&compiled, operation, object.class(), &object);
                let named = |parameter, digest: &_| names(&line, parameter, digest);
                let expected = reference_with(&text, providers, named, operation, &object);
                prop_assert_eq!(
                    verdict, expected, "{:?} {:?} {:?}\n{}", operation, object, line, text
                );
                let (dmv, fsv) = object.asked.get();
                prop_assert!(dmv <= 1 && fsv <= 1 && object.image_asked.take() <= 1);
                // A policy that does not say `modified` cannot tell.
                let said = text.split(['\n', '\r']).any(|line| {
                    line.split('#').next().unwrap().contains("modified=")
                });
                prop_assert_eq!(compiled.tells_modified(), said);
                let Some(operation) = operation else { continue };
                let word = format!("op={}", operation.name());
                let mut words = text.split(['\n', '\r']).flat_map(|line| {
                    line.split('#').next().unwrap().split_whitespace()
                });
                prop_assert_eq!(compiled.names(operation), words.any(|named| named == word));
                if object.memory && !compiled.asks_for_program(operation) {
                    let unknown = TestObject { memory: true, ..Default::default() };
                    let without = evaluate(&compiled, Some(operation), unknown.class(), &unknown);
                    prop_assert_eq!(without, verdict);
                }
            }
        }
    }
}
