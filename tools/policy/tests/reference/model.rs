// SPDX-License-Identifier: GPL-2.0-only

//! The compiled policy decides, and asks for digests, as the model of `tools/proof` does, for
//! generated policies and objects.
//!
//! The model is a program in OCaml that is extracted from what the proof is about. `make proof`
//! builds it and runs this test; `IPE_MODEL` names the program.

use super::{
    common::{compile_for, with_programs, OwnedDigest, TestObject},
    line, object, policy, providers, written, IMAGE, OPERATIONS,
};
use ipe_policy::{
    eval::evaluate,
    policy::{
        lines, Action, Algorithm, Class, CommandLine, Compiled, FileProperty, FilePropertyKind,
        Operation, Parameter, Property, Providers, RootHash, RootHashes, Scope, Statement,
    },
};
use proptest::{
    collection::vec,
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{
    env,
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
    thread,
};

/// The number of policies.
const POLICIES: usize = 2000;

/// The number of objects for each policy.
const OBJECTS: usize = 12;

/// A number that no algorithm has.
const UNKNOWN: usize = 99;

fn number(algorithm: &[u8]) -> usize {
    Algorithm::from_name(algorithm).map_or(UNKNOWN, |algorithm| algorithm as usize)
}

fn boolean(value: bool) -> &'static str {
    if value {
        "TRUE"
    } else {
        "FALSE"
    }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Allow => "ALLOW",
        Action::Deny => "DENY",
    }
}

fn operation(operation: Option<Operation>) -> &'static str {
    operation.map_or("-", Operation::name)
}

fn digest(algorithm: &[u8], hex: &[u8]) -> String {
    format!(
        "{}:{}",
        number(algorithm),
        std::str::from_utf8(hex).unwrap()
    )
}

fn optional(owned: Option<&OwnedDigest>) -> String {
    owned.map_or("-".into(), |owned| {
        let text = owned.text();
        let (algorithm, hex) = text.split_once(':').unwrap();
        digest(algorithm.as_bytes(), hex.as_bytes())
    })
}

/// The table of the algorithms. Those of fs-verity are the ones of the kernel.
fn algorithms() -> String {
    Algorithm::ALL
        .into_iter()
        .fold(String::new(), |text, algorithm| {
            let fsverity = ["sha256", "sha512"].contains(&algorithm.name());
            let (number, length) = (algorithm as usize, algorithm.digest_len());
            text + &format!("algorithm {number} {length} {}\n", boolean(fsverity))
        })
}

/// A property as the model reads it.
fn condition(property: &Property<'_>) -> String {
    let value = match *property {
        Property::AnonymousMemory(value) | Property::Modified(value) => boolean(value).to_owned(),
        Property::File(property) | Property::Program(property) => match property {
            FileProperty::BootVerified(value)
            | FileProperty::DmveritySignature(value)
            | FileProperty::FsveritySignature(value) => boolean(value).to_owned(),
            FileProperty::DmverityRoothash(RootHash::CommandLine(parameter)) => {
                format!("cmdline:{}", parameter as usize)
            }
            FileProperty::DmverityRoothash(RootHash::Digest(text))
            | FileProperty::FsverityDigest(text) => digest(text.algorithm, text.hex),
            FileProperty::ImageDigest(_) => unreachable!("the model does not have it"),
        },
    };
    format!("{}={value}", property.kind().name())
}

/// A policy and its kernel as the model reads them.
fn policy_lines(text: &str, providers: Providers<'_>, command_line: CommandLine<'_>) -> String {
    let mut out = "policy\nprovides".to_owned();
    for kind in FilePropertyKind::ALL {
        if providers.contains(kind) && kind.extension().is_none() {
            write!(out, " {}", kind.name()).unwrap();
        }
    }
    out.push('\n');
    for parameter in Parameter::ALL {
        let mut named = format!("named {}", parameter as usize);
        let resolved = command_line.each(parameter, &mut |algorithm, hex| {
            write!(named, " {}", digest(algorithm.name().as_bytes(), hex)).unwrap();
        });
        if resolved.is_ok() {
            out += &named;
            out.push('\n');
        }
    }
    for line in lines(text.as_bytes()) {
        match line.statement {
            Statement::Rule(rule) => {
                let (name, action) = (rule.operation.name(), action(rule.action));
                write!(out, "rule {} {name} {action}", line.offset).unwrap();
                for property in rule.properties() {
                    write!(out, " {}", condition(&property)).unwrap();
                }
                out.push('\n');
            }
            Statement::Default(of, default) => {
                writeln!(out, "default {} {}", operation(of), action(default)).unwrap();
            }
            Statement::Header | Statement::Empty => {}
            Statement::Invalid => panic!("a policy that loads has an invalid line"),
        }
    }
    out
}

fn object_line(object: &TestObject) -> String {
    format!(
        "{} {} {} {} {} {}\n",
        match object.class() {
            Class::File => "file",
            Class::Memory => "memory",
            Class::Modified => "modified",
        },
        boolean(object.boot_verified),
        boolean(object.dmverity_signature),
        boolean(object.fsverity_signature),
        optional(object.dmverity_roothash.as_ref()),
        optional(object.fsverity_digest.as_ref()),
    )
}

/// The decision here, in the words of the model.
fn verdict(
    compiled: &Compiled<Vec<u32>>,
    operation: Option<Operation>,
    object: &TestObject,
) -> String {
    object.asked.take();
    let verdict = evaluate(compiled, operation, object.class(), object);
    let scope = match verdict.scope {
        Scope::Rule(offset) => offset.to_string(),
        Scope::OperationDefault => "operation".into(),
        Scope::GlobalDefault => "global".into(),
    };
    let (dmverity, fsverity) = object.asked.get();
    format!("{} {scope} {fsverity} {dmverity}", action(verdict.action))
}

#[test]
#[ignore = "needs the extracted model, see tools/proof"]
fn compiled_policy_decides_as_the_model() {
    let program = env::var_os("IPE_MODEL").expect("IPE_MODEL names no model");
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (policy(), providers(), line(), vec(object(), OBJECTS));

    let mut input = algorithms();
    let mut expected = Vec::new();
    for _ in 0..POLICIES {
        let (text, providers, line, objects) = strategy.new_tree(&mut runner).unwrap().current();
        // The model has no digests of images: the rules that name one are left out.
        let lines = text.split_inclusive(['\n', '\r']);
        let text: String = lines.filter(|line| !line.contains(IMAGE)).collect();
        let command_line = written(&line);
        let command_line = CommandLine::new(command_line.as_bytes());
        let providers = with_programs(text.as_bytes(), providers);
        let compiled = compile_for(text.as_bytes(), providers.with_command_line(&command_line));
        let start = input.len();
        input += &policy_lines(&text, providers, command_line);

        for object in objects {
            input += &object_line(&object);
            let operations = OPERATIONS.into_iter().map(Some);
            for of in operations.chain([None, Some(Operation::Policy)]) {
                writeln!(input, "decide {}", operation(of)).unwrap();
                expected.push((verdict(&compiled, of, &object), start..input.len()));
            }
        }
    }

    // Policies whose digests no object can have would say little.
    let asks_for_both = |(verdict, _): &(String, _)| verdict.ends_with(" 1 1");
    assert!(expected.iter().filter(|case| asks_for_both(case)).count() > 1000);

    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        let input = input.as_bytes();
        let writer = scope.spawn(move || stdin.write_all(input));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        output
    });
    let status = output.status;
    assert!(status.success(), "the model fails: {status}");
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = answers.lines().collect();
    assert_eq!(answers.len(), expected.len());
    for (answer, (verdict, asked)) in answers.into_iter().zip(expected) {
        assert_eq!(answer, verdict, "{}", &input[asked]);
    }
}
