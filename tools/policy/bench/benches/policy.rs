// SPDX-License-Identifier: GPL-2.0-only

//! Parsing, compiling and evaluating policies of 1 to 100,000 digests.
//!
//! `cargo bench` shows times; what the kernel's hook costs in instructions is measured in a guest.

#![allow(missing_docs, reason = "criterion's macros make functions")]

use criterion::{criterion_group, criterion_main, BenchmarkId, Criterion, Throughput};
use ipe_policy::{
    eval::evaluate,
    policy::{Class, Operation},
};
use ipe_policy_bench::{compile, policy, File};
use std::hint::black_box;

/// The numbers of rules.
const RULES: [u64; 6] = [1, 10, 100, 1_000, 10_000, 100_000];

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
                bencher.iter(|| {
                    evaluate(
                        &compiled,
                        Some(Operation::Execute),
                        Class::File,
                        black_box(&file),
                    )
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, compiling, evaluating);
criterion_main!(benches);
