// SPDX-License-Identifier: GPL-2.0-only

//! The parser answers as the C implementation does, errno for errno.
//!
//! The sources of the C parser are those of a kernel tree, unchanged; `tests/c_parser` has what
//! they need to run as a program. `IPE_C_TREE` names the tree:
//!
//! ```text
//! IPE_C_TREE=/usr/src/linux cargo test --test c_parser -- --ignored
//! ```

mod common;

use common::Collector;
use ipe_policy::policy::{measure, Errno, Providers};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// The sources of the C parser and of what it calls.
const SOURCES: [&str; 5] = [
    "security/ipe/policy_parser.c",
    "security/ipe/digest.c",
    "lib/parser.c",
    "lib/kstrtox.c",
    "lib/ctype.c",
];

/// The headers that these sources include, next to those of the kernel at large.
const HEADERS: [&str; 4] = [
    "security/ipe/policy_parser.h",
    "security/ipe/policy.h",
    "security/ipe/digest.h",
    "lib/kstrtox.h",
];

/// Builds the C parser.
fn build(tree: &Path) -> PathBuf {
    let shim = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c_parser");
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("c_parser");
    let include = out.join("include");
    fs::create_dir_all(include.join("linux")).unwrap();

    // Each header of the kernel is the one that we have, but for those that stand alone.
    for file in SOURCES.iter().chain(&HEADERS) {
        let text = fs::read_to_string(tree.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("#include <linux/"));
        for name in lines.filter_map(|line| line.split('>').next()) {
            let header = include.join("linux").join(name);
            match name {
                "errno.h" | "limits.h" => continue,
                "args.h" => drop(fs::copy(tree.join("include/linux/args.h"), header).unwrap()),
                _ => fs::write(header, "#include \"kernel.h\"\n").unwrap(),
            }
        }
    }

    let program = out.join("c_parser");
    let status = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args([
            "-O1",
            "-w",
            // What the kernel's headers would declare, and newer compilers insist on.
            "-Wno-implicit-function-declaration",
            "-Wno-incompatible-pointer-types",
            "-D_GNU_SOURCE",
            "-ffunction-sections",
            "-Wl,--gc-sections",
            "-I",
        ])
        .args([shim.as_path(), Path::new("-I"), &include, Path::new("-I")])
        .arg(tree.join("security/ipe"))
        .arg(shim.join("main.c"))
        .args(SOURCES.map(|file| tree.join(file)))
        .arg("-o")
        .arg(&program)
        .status();
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

/// Returns the answer of this parser.
fn answer(text: &[u8]) -> i32 {
    match measure(text, Providers::ALL, false, &mut Collector::default()) {
        Ok(_) => 0,
        Err(error) => match error.errno() {
            Errno::Invalid => 22,
            Errno::Range => 34,
            Errno::BadMessage => 74,
        },
    }
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
        generate(words(), 100_000),
        generate(versions(), 20_000),
    ]
    .concat();
    // The one difference that is wanted: a NUL does not end a policy.
    texts.retain(|text| !text.contains(&0));

    let answers = c_answers(&program, &texts);
    assert_eq!(answers.len(), texts.len());
    for (text, c_answer) in texts.iter().zip(&answers) {
        assert_eq!(
            answer(text),
            *c_answer,
            "{:?}",
            String::from_utf8_lossy(text)
        );
    }
    // All kinds of answers were seen.
    for kind in [0, 22, 34, 74] {
        assert!(
            answers.iter().filter(|&&answer| answer == kind).count() > 100,
            "errno {kind}: {}",
            answers.iter().filter(|&&answer| answer == kind).count()
        );
    }
}
