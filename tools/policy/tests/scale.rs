// SPDX-License-Identifier: GPL-2.0-only

//! Large policies: bounded time, bounded memory, the same decisions.
//!
//! The times are far above what is needed, and far below what a quadratic algorithm would take.

mod common;

use common::{compile, Collector, OwnedDigest, TestObject};
use ipe_policy::{
    eval::evaluate,
    policy::{
        envelope::{form, Unusable, MAX_LENGTH},
        measure, rule_at, Action, Class, Error, ErrorKind, Operation, Providers, Reporter, Scope,
        Warning,
    },
};
use std::{
    fmt::Write,
    ops::ControlFlow,
    time::{Duration, Instant},
};

const HEADER: &str = "policy_name=large policy_version=0.0.0\nDEFAULT action=DENY\n";

/// The digest with a number, as it is written.
fn numbered(number: u64) -> String {
    format!("{number:064x}")
}

/// An object with the fs-verity digest that has a number.
fn object(number: u64) -> TestObject {
    let mut bytes = vec![0; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    TestObject {
        fsverity_digest: Some(OwnedDigest {
            algorithm: "sha256",
            bytes,
        }),
        ..Default::default()
    }
}

/// A policy that allows so many digests.
fn policy(rules: u64) -> String {
    let mut text = HEADER.to_owned();
    for number in 0..rules {
        let digest = numbered(number);
        writeln!(
            text,
            "op=EXECUTE fsverity_digest=sha256:{digest} action=ALLOW"
        )
        .unwrap();
    }
    text
}

/// Fails if something takes longer than it may.
fn within<T>(seconds: u64, what: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = what();
    assert!(
        start.elapsed() < Duration::from_secs(seconds),
        "{:?}",
        start.elapsed()
    );
    result
}

#[test]
fn sha256_rules_take_48_bytes_at_most() {
    for rules in [1, 2, 3, 10, 1000, 4097] {
        let text = policy(rules);
        let plan = measure(
            text.as_bytes(),
            Providers::ALL,
            true,
            &mut Collector::default(),
        );
        assert!(plan.unwrap().words() * 4 <= 48 * rules as usize);
    }
}

#[test]
fn each_of_many_rules_is_found() {
    let text = policy(100_000);
    let compiled = within(10, || compile(text.as_bytes()));
    let line = text.lines().last().unwrap().len() + 1;
    for number in (0..100_000).step_by(997).chain([0, 99_999]) {
        let verdict = evaluate(
            &compiled,
            Some(Operation::Execute),
            Class::File,
            &object(number),
        );
        let offset = HEADER.len() + line * number as usize;
        assert_eq!(verdict.action, Action::Allow);
        assert_eq!(verdict.scope, Scope::Rule(offset as u32));
    }
    for number in 100_000..101_000 {
        let verdict = evaluate(
            &compiled,
            Some(Operation::Execute),
            Class::File,
            &object(number),
        );
        assert_eq!(verdict.scope, Scope::GlobalDefault);
    }
}

#[test]
fn a_million_rules_compile() {
    let text = policy(1_000_000);
    let compiled = within(60, || compile(text.as_bytes()));
    let verdict = evaluate(
        &compiled,
        Some(Operation::Execute),
        Class::File,
        &object(999_999),
    );
    assert_eq!(verdict.action, Action::Allow);
}

#[test]
fn a_digest_may_be_named_often() {
    let mut text = HEADER.to_owned();
    for number in 0..100_000 {
        let digest = numbered(7);
        let flag = ["", " boot_verified=TRUE", " fsverity_signature=FALSE"][number % 3];
        writeln!(
            text,
            "op=EXECUTE fsverity_digest=sha256:{digest}{flag} action=ALLOW"
        )
        .unwrap();
    }
    let compiled = within(10, || compile(text.as_bytes()));
    let verdict = evaluate(&compiled, Some(Operation::Execute), Class::File, &object(7));
    assert_eq!(verdict.scope, Scope::Rule(HEADER.len() as u32));
}

#[test]
fn many_rules_without_digests() {
    let mut text = HEADER.to_owned();
    for _ in 0..200_000 {
        text.push_str("op=EXECUTE boot_verified=TRUE action=ALLOW\n");
    }
    let plan = measure(
        text.as_bytes(),
        Providers::ALL,
        true,
        &mut Collector::default(),
    );
    assert_eq!(plan.unwrap().words(), 0);
}

#[test]
fn long_lines() {
    let long = 1 << 20;
    let fill = |byte: &str| byte.repeat(long);
    let digits = fill("0");
    for (line, expected) in [
        (format!("# {}", fill("#")), None),
        (fill(" "), None),
        (fill("\t"), None),
        (format!("op=EXECUTE{}action=DENY", fill(" \t")), None),
        (
            format!("op=EXECUTE {}action=DENY", fill("boot_verified=TRUE ")),
            None,
        ),
        (
            format!("op=EXECUTE fsverity_digest=sha256:{digits} action=DENY"),
            None,
        ),
        (
            format!("op=EXECUTE fsverity_digest=sha256:{digits}0 action=DENY"),
            Some(ErrorKind::DigestOdd),
        ),
        (
            format!("op=EXECUTE fsverity_digest={} action=DENY", fill("a")),
            Some(ErrorKind::DigestSeparatorMissing),
        ),
        (fill("="), Some(ErrorKind::ActionMissing)),
        (
            format!("{} action=DENY", fill("x")),
            Some(ErrorKind::OperationMissing),
        ),
        (
            format!("op=EXECUTE {} action=DENY", fill("=")),
            Some(ErrorKind::PropertyUnknown),
        ),
    ] {
        let text = format!("{HEADER}{line}\n");
        let result = within(10, || {
            measure(
                text.as_bytes(),
                Providers::ALL,
                false,
                &mut Collector::default(),
            )
        });
        assert_eq!(
            result.err().map(|error| error.kind),
            expected,
            "{}",
            &line[..40]
        );
    }
}

#[test]
fn long_names_and_versions() {
    let name = "n".repeat(1 << 20);
    let zeros = "0".repeat(1 << 20);
    let text = format!("policy_name={name} policy_version={zeros}1.0.0\nDEFAULT action=DENY");
    let compiled = compile(text.as_bytes());
    assert_eq!(compiled.name(text.as_bytes()), name.as_bytes());
    assert_eq!(compiled.version().major, 1);
}

/// Texts of 16 MiB, the most that the kernel collects, of what the parser may look at twice.
#[test]
fn the_longest_texts_take_bounded_time() {
    let size = 16 << 20;
    let rule = "op=EXECUTE boot_verified=TRUE action=DENY\n";
    for piece in [
        "\n",
        "\r",
        "\r\n",
        " ",
        "\t \x0b",
        "\x0b\n",
        "#\n",
        "# ",
        "=",
        "op=EXECUTE ",
        "op=EXECUTE \x0b",
        "op=EXECUTE action=DENY \x0b \x0c",
        "boot_verified=TRUE ",
        "DEFAULT ",
        "policy_name=a\n",
        "\0",
        "\0\n",
        "fsverity_digest=sha256:",
        rule,
    ] {
        let text = format!("{HEADER}{}", piece.repeat(size / piece.len()));
        // Both the parser that stops and the one that goes on; the latter keeps all errors.
        within(60, || {
            let _ = measure(
                text.as_bytes(),
                Providers::ALL,
                false,
                &mut Collector::default(),
            );
        });
        let line = format!("{HEADER}op=EXECUTE {}", piece.repeat(size / piece.len()));
        within(60, || {
            rule_at(line.as_bytes(), HEADER.len() as u32).is_some()
        });
    }
}

/// White space means as little by the mebibyte as by the byte, wherever it may be.
#[test]
fn deep_white_space() {
    for (blank, space) in [(" ", "\x0b"), ("\t", "\x0c"), (" \t", "\x0b \t\x0c")] {
        let (blanks, end) = (blank.repeat(1 << 20), space.repeat(1 << 18));
        let text = format!(
            "{end}\n{blanks}policy_name=a{blanks}policy_version=1.0.0{end}\r\n{end}#{end}\n\
            {blanks}DEFAULT{blanks}action=DENY{blanks}{end}\n\
            {blanks}op=EXECUTE{blanks}boot_verified=TRUE{blanks}action=ALLOW{end}#{end}"
        );
        let compiled = within(60, || compile(text.as_bytes()));
        assert_eq!(compiled.name(text.as_bytes()), b"a");
        let object = TestObject {
            boot_verified: true,
            ..Default::default()
        };
        let verdict = evaluate(&compiled, Some(Operation::Execute), Class::File, &object);
        assert_eq!(verdict.action, Action::Allow);
    }
}

/// Memory is what the compiled form needs: at most a few times the text, whatever it says.
#[test]
fn memory_is_bounded_by_the_text() {
    let digest = "0".repeat(32);
    // The shortest rules that need memory.
    for rule in [
        format!("op=EXECUTE dmverity_roothash=md5:{digest} action=DENY\n"),
        format!("op=POLICY dmverity_roothash=md4:{digest} action=ALLOW\n"),
        format!("op=POLICY dmverity_roothash=md4:{digest} boot_verified=TRUE action=ALLOW\n"),
    ] {
        let text = format!("{HEADER}{}", rule.repeat(100_000));
        let plan = measure(
            text.as_bytes(),
            Providers::ALL,
            true,
            &mut Collector::default(),
        );
        assert!(plan.unwrap().words() * 4 <= text.len());
    }
}

/// Stops the parser at the first error.
struct First;

impl Reporter for First {
    fn error(&mut self, _: &Error) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn warning(&mut self, _: &Warning) {}
}

/// The offset of a rule must differ from those that stand for the defaults.
#[test]
fn texts_of_almost_two_gib_are_read() {
    // Nobody looks at more than the first bytes.
    let mut text = vec![0; (1 << 31) - 16];
    text[..2].copy_from_slice(b"x\n");
    let refused = |text: &[u8]| {
        let result = measure(text, Providers::ALL, true, &mut First);
        result.err().map(|error| error.kind)
    };
    assert_eq!(refused(&text), Some(ErrorKind::TooLong));
    text.pop();
    assert_eq!(refused(&text), Some(ErrorKind::HeaderMissing));
}

#[test]
fn messages_of_16_mib_are_read() {
    let mut message = vec![b'#'; MAX_LENGTH];
    assert_eq!(form(&message), Ok(None));
    message.push(b'#');
    assert_eq!(form(&message), Err(Unusable::TooLong));
}
