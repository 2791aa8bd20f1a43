// SPDX-License-Identifier: GPL-2.0-only

//! Parsing, compiling and evaluating policies of 1 to 100,000 digests.
//!
//! `cargo bench` shows times; what the kernel's hook costs in instructions is measured in a guest.

#![allow(missing_docs, reason = "criterion's macros make functions")]

use criterion::{criterion_group, criterion_main, BenchmarkId, Criterion, Throughput};
use ipe_policy::{
    eval::{evaluate, Digest, Subject},
    policy::{
        measure, Algorithm, Compiled, Error, Operation, Providers, Reporter, Warning,
        MAX_DIGEST_LEN,
    },
};
use std::{fmt::Write, hint::black_box, ops::ControlFlow};

/// The numbers of rules.
const RULES: [u64; 6] = [1, 10, 100, 1_000, 10_000, 100_000];

/// Expects nothing to be wrong.
struct Nothing;

impl Reporter for Nothing {
    fn error(&mut self, _: &Error) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn warning(&mut self, _: &Warning) {}
}

/// A file: of the initramfs, or with the fs-verity digest that has a number.
enum File {
    Initramfs,
    Verity(u64),
}

impl Subject for File {
    fn boot_verified(&self) -> bool {
        matches!(self, File::Initramfs)
    }

    fn dmverity_signature(&self) -> bool {
        false
    }

    fn fsverity_signature(&self) -> bool {
        false
    }

    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        None
    }

    fn fsverity_digest<'b>(&'b self, buffer: &'b mut [u8; MAX_DIGEST_LEN]) -> Option<Digest<'b>> {
        match self {
            File::Initramfs => None,
            File::Verity(number) => {
                let (_, last) = buffer[..32].split_last_chunk_mut()?;
                *last = number.to_be_bytes();
                Digest::new(Algorithm::Sha256, &buffer[..32])
            }
        }
    }
}

/// A policy that allows so many digests, then the initramfs.
fn policy(rules: u64) -> String {
    let mut text = "policy_name=bench policy_version=0.0.0\nDEFAULT action=DENY\n".to_owned();
    for number in 0..rules {
        writeln!(
            text,
            "op=EXECUTE fsverity_digest=sha256:{number:064x} action=ALLOW"
        )
        .unwrap();
    }
    text.push_str("op=EXECUTE boot_verified=TRUE action=ALLOW\n");
    text
}

fn compile(text: &[u8]) -> Compiled<Vec<u32>> {
    let plan = measure(text, Providers::ALL, true, &mut Nothing).expect("the policy is good");
    let words = vec![0; plan.words()];
    plan.emit(text, words)
}

fn compiling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    for rules in RULES {
        let text = policy(rules);
        group.throughput(Throughput::Elements(rules));
        group.bench_with_input(
            BenchmarkId::from_parameter(rules),
            &text,
            |bencher, text| {
                bencher.iter(|| compile(black_box(text.as_bytes())));
            },
        );
    }
    group.finish();
}

fn evaluating(criterion: &mut Criterion) {
    for (name, file) in [
        ("evaluate/initramfs", |_| File::Initramfs),
        ("evaluate/last digest", |rules| File::Verity(rules - 1)),
        ("evaluate/no digest of the policy", |rules| {
            File::Verity(rules)
        }),
    ] as [(&str, fn(u64) -> File); 3]
    {
        let mut group = criterion.benchmark_group(name);
        for rules in RULES {
            let compiled = compile(policy(rules).as_bytes());
            let file = file(rules);
            group.bench_function(BenchmarkId::from_parameter(rules), |bencher| {
                bencher.iter(|| evaluate(&compiled, Some(Operation::Execute), black_box(&file)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, compiling, evaluating);
criterion_main!(benches);
