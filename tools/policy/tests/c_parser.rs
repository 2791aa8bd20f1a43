// SPDX-License-Identifier: GPL-2.0-only

//! The parser returns the same errno as the C implementation.
//!
//! The sources of the C parser are those of a kernel tree, unchanged; `tests/c_parser` has what
//! they need to run as a program. `IPE_C_TREE` names the tree:
//!
//! ```text
//! IPE_C_TREE=/usr/src/linux cargo test --test c_parser -- --ignored
//! ```

#[path = "c_parser/build.rs"]
mod c_parser;
mod common;

use common::errno;
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{
    env,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// Builds the C parser as a program.
fn build(tree: &Path) -> PathBuf {
    let shim = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c_parser");
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("c_parser");
    let program = out.join("c_parser");
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    let mut command = c_parser::command(&compiler, tree, &shim, &out, "main.c");
    let status = command.arg("-o").arg(&program).status();
    assert!(status.expect("there is a C compiler").success());
    program
}

/// Returns the answers of the C parser.
fn c_answers(program: &Path, texts: &[Vec<u8>]) -> Vec<i32> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            for text in texts {
                let length = u32::try_from(text.len()).unwrap().to_le_bytes();
                input.write_all(&[&length[..], text].concat()).unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let answers = String::from_utf8(output.stdout).unwrap();
        answers.lines().map(|line| line.parse().unwrap()).collect()
    })
}

/// A policy with a bit of everything.
const POLICY: &str = concat!(
    "policy_name=p policy_version=1.0.65535 # x\r\n",
    "\tDEFAULT action=ALLOW\n",
    "DEFAULT op=KMODULE action=DENY\n",
    "op=EXECUTE boot_verified=TRUE  dmverity_signature=FALSE action=DENY\n",
    "op=EXECUTE dmverity_roothash=md5:00112233445566778899aAbBcCdDeEfF action=DENY\n",
    "op=EXECUTE fsverity_signature=TRUE fsverity_digest=sha256:0f action=ALLOW\n",
);

/// Words of the language, and some that are nearly so.
const WORDS: [&str; 38] = [
    "policy_name=a",
    "policy_name=",
    "policy_version=1.2.3",
    "policy_version=",
    "DEFAULT",
    "policy_version=+1.2",
    "policy_version=99999.x.1",
    "policy_version=1.2.3.4",
    "op=EXECUTE",
    "policy_version=99999999999999999999999.x",
    "policy_version=x.1.2.3",
    "op=KMODULE",
    "op=FIRMWARE",
    "op=POLICY",
    "op=KEXEC_IMAGE",
    "op=KEXEC_INITRAMFS",
    "op=X509_CERT",
    "op=",
    "op=X",
    "action=ALLOW",
    "action=DENY",
    "action=",
    "boot_verified=TRUE",
    "boot_verified=FALSE",
    "boot_verified=",
    "fsverity_digest=sha256:00",
    "fsverity_digest=",
    "fsverity_digest=:",
    "fsverity_digest=a:0",
    "fsverity_digest=a:zz",
    "dmverity_roothash=a:b:c",
    "dmverity_roothash=ab",
    "dmverity_signature=true",
    "dmverity_signature=TRUE",
    "#",
    "\x0b",
    "=",
    "%s",
];

/// Lines with words of the extensions, which C does not know.
const EXTENSIONS: [&str; 12] = [
    "op=PTRACE action=DENY",
    "op=UNCHECKED_SCRIPT boot_verified=TRUE action=ALLOW",
    "DEFAULT op=INTERACTIVE_SCRIPT action=DENY",
    "op=EXECUTE anonymous_memory=TRUE action=DENY",
    "op=FIRMWARE boot_verified=FALSE anonymous_memory=FALSE action=DENY",
    "op=EXECUTE anonymous_memory=TRUE exe_boot_verified=TRUE action=ALLOW",
    "op=EXECUTE exe_fsverity_digest=sha256:00 anonymous_memory=TRUE action=ALLOW",
    "op=EXECUTE modified=TRUE action=DENY",
    "op=EXECUTE boot_verified=TRUE modified=FALSE action=ALLOW",
    "op=PTRACE exe_dmverity_signature=TRUE action=ALLOW",
    "op=PTRACE exe_fsverity_signature=FALSE action=DENY",
    "op=PTRACE exe_dmverity_roothash=md5:00112233445566778899aabbccddeeff action=DENY",
];

const SEPARATORS: [&str; 10] = [" ", " ", " ", "\t", "\n", "\n", "\r\n", "\x0b", "", "\r"];

/// The policy with a byte replaced, inserted or removed, for every place and byte.
fn near() -> Vec<Vec<u8>> {
    let policy = POLICY.as_bytes();
    let mut texts = Vec::new();
    for at in 0..policy.len() {
        let (before, after) = policy.split_at(at);
        texts.extend([
            before.to_vec(),
            after.to_vec(),
            [before, &after[1..]].concat(),
        ]);
        for byte in 1..=255 {
            texts.push([before, &[byte], after].concat());
            texts.push([before, &[byte], &after[1..]].concat());
        }
    }
    texts
}

/// Texts of words, with and without what makes a policy complete.
fn words() -> impl Strategy<Value = Vec<u8>> {
    let words = vec((select(&WORDS[..]), select(&SEPARATORS[..])), 0..8);
    (any::<bool>(), any::<bool>(), words).prop_map(|(header, default, words)| {
        let mut text = String::new();
        text.push_str(if header {
            "policy_name=a policy_version=1.2.3\n"
        } else {
            ""
        });
        text.push_str(if default { "DEFAULT action=DENY\n" } else { "" });
        text.extend(
            words
                .into_iter()
                .flat_map(|(word, separator)| [word, separator]),
        );
        text.into_bytes()
    })
}

/// Policies with something like a version.
fn versions() -> impl Strategy<Value = Vec<u8>> {
    "[0-9.]{0,9}[0-9.+x-]{0,3}[0-9.]{0,24}".prop_map(|version| {
        format!("policy_name=a policy_version={version}\nDEFAULT action=DENY").into_bytes()
    })
}

/// Texts with something long in them: words, lines, white space, numbers, many lines.
fn long() -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for piece in [
        " ",
        "\t",
        "\n",
        "\r\n",
        "\x0b",
        "#",
        "=",
        "x",
        "0",
        "a:",
        "op=",
        "DEFAULT ",
        "\u{a0}",
        "boot_verified=TRUE ",
        "op=EXECUTE action=DENY\n",
        "# x\n",
    ] {
        let long = piece.repeat((1 << 20) / piece.len());
        for (before, after) in [
            ("", ""),
            (
                "",
                "policy_name=a policy_version=1.2.3\nDEFAULT action=DENY",
            ),
            ("policy_name=", " policy_version=1.2.3\nDEFAULT action=DENY"),
            (
                "policy_name=a ",
                "policy_version=1.2.3\nDEFAULT action=DENY",
            ),
            (
                "policy_name=a policy_version=",
                "1.2.3\nDEFAULT action=DENY",
            ),
            (
                "policy_name=a policy_version=1.2.3",
                "\nDEFAULT action=DENY",
            ),
            (
                "policy_name=a policy_version=1.2.3\nDEFAULT action=DENY\n",
                "",
            ),
            ("policy_name=a policy_version=1.2.3\nDEFAULT action=", ""),
            (
                "policy_name=a policy_version=1.2.3\nDEFAULT action=DENY\nop=EXECUTE ",
                " action=DENY",
            ),
            (
                "policy_name=a policy_version=1.2.3\nDEFAULT action=DENY\n\
                op=EXECUTE fsverity_digest=sha256:",
                " action=DENY",
            ),
        ] {
            texts.push([before, &long, after].concat().into_bytes());
        }
    }
    texts
}

/// Generates texts, the same each time.
fn generate(strategy: impl Strategy<Value = Vec<u8>>, number: usize) -> Vec<Vec<u8>> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut text = || strategy.new_tree(&mut runner).unwrap().current();
    (0..number).map(|_| text()).collect()
}

#[test]
#[ignore = "IPE_C_TREE must name a kernel tree"]
fn answers_are_those_of_the_c_parser() {
    let tree = env::var_os("IPE_C_TREE").expect("IPE_C_TREE names a kernel tree");
    let program = build(Path::new(&tree));
    let mut texts = [
        near(),
        long(),
        generate(words(), 100_000),
        generate(versions(), 20_000),
    ]
    .concat();
    // A difference that is wanted: a NUL does not end a policy.
    texts.retain(|text| !text.contains(&0));

    let answers = c_answers(&program, &texts);
    assert_eq!(answers.len(), texts.len());
    for (text, c_answer) in texts.iter().zip(&answers) {
        assert_eq!(
            errno(text),
            *c_answer,
            "{:?}",
            String::from_utf8_lossy(&text[..text.len().min(1000)])
        );
    }
    // The other one: C refuses what it does not know.
    let extended = EXTENSIONS.map(|line| {
        format!("policy_name=a policy_version=1.2.3\nDEFAULT action=DENY\n{line}\n").into_bytes()
    });
    assert!(extended.iter().all(|text| errno(text) == 0));
    assert_eq!(c_answers(&program, &extended), [74; EXTENSIONS.len()]);
    // All kinds of answers were seen.
    for kind in [0, 22, 34, 74] {
        assert!(
            answers.iter().filter(|&&answer| answer == kind).count() > 100,
            "errno {kind}: {}",
            answers.iter().filter(|&&answer| answer == kind).count()
        );
    }
}
