// SPDX-License-Identifier: GPL-2.0-only

//! Logs of any length take the same memory, and not much time.
//!
//! The log is made while it is read. `IPE_RECORDS` says how many records it has, for measurements:
//!
//! ```text
//! IPE_RECORDS=10000000 cargo test --release --test large_logs -- --nocapture
//! ```

mod common;

use common::fixtures;
use std::{
    fs,
    io::{BufWriter, Write},
    process::{Child, Command, Stdio},
    time::Instant,
};

/// How many records are in the log, unless the environment says it.
const RECORDS: usize = 60_000;

/// How many files the records are about.
const FILES: usize = 3_000;

/// How much more memory the whole log may take than its first part, in KiB. It is what the heap
/// needs for what it does not reuse.
const SLACK: usize = 2_048;

/// Writes records as a fleet has them: most of a few programs on a volume, some denied.
fn write_records(log: &mut impl Write, numbers: std::ops::Range<usize>) {
    const RULES: [&str; 8] = [
        "op=EXECUTE dmverity_signature=TRUE action=ALLOW",
        "op=EXECUTE dmverity_signature=TRUE action=ALLOW",
        "op=EXECUTE dmverity_signature=TRUE action=ALLOW",
        "op=EXECUTE boot_verified=TRUE action=ALLOW",
        "op=EXECUTE fsverity_signature=TRUE action=ALLOW",
        "op=KMODULE dmverity_signature=TRUE action=ALLOW",
        "DEFAULT action=DENY",
        "DEFAULT action=DENY",
    ];
    for number in numbers {
        let rule = RULES[(number.wrapping_mul(2_654_435_761) >> 7) & 7];
        let operation = if rule.contains("KMODULE") {
            "KMODULE"
        } else {
            "EXECUTE"
        };
        let device = match rule {
            rule if rule.contains("boot") => "rootfs",
            rule if rule.contains("fsverity") => "vda3",
            _ => ["dm-0", "dm-1"][number & 1],
        };
        let (file, seconds) = (number % FILES, 1_795_330_195 + number / 50);
        writeln!(
            log,
            "type=UNKNOWN[1420] msg=audit({seconds}.{:03}:{number}): ipe_op={operation} \
             ipe_hook=MMAP enforcing=0 pid={} comm=\"program{}\" \
             path=\"/usr/lib/x86_64-linux-gnu/lib{file}.so.6\" dev=\"{device}\" ino={file} \
             rule=\"{rule}\"",
            number % 1000,
            number % 32_768,
            number % 40,
        )
        .unwrap();
    }
}

/// The most memory that a process has had so far, in KiB.
fn peak(child: &Child) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_ascii_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// Reads the log with a command, and compares its memory.
fn check(arguments: &[&str], shown: &str) {
    let records = std::env::var("IPE_RECORDS").ok();
    let records = records.map_or(RECORDS, |records| records.parse().unwrap());
    let mut child = Command::new(env!("CARGO_BIN_EXE_ipectl"))
        .args(arguments)
        .current_dir(fixtures())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufWriter::with_capacity(1 << 16, child.stdin.take().unwrap());
    // Every file was there by then. The rest in the pipe does not matter.
    let first = 4 * FILES;
    write_records(&mut log, 0..first);
    log.flush().unwrap();
    let before = peak(&child);
    let start = Instant::now();
    write_records(&mut log, first..records);
    log.flush().unwrap();
    let (after, time) = (peak(&child), start.elapsed());
    drop(log);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(shown), "{text}");
    let rate = (records - first) as f64 / time.as_secs_f64();
    println!("{arguments:?}: {records} records, {rate:.0} a second, {after} KiB");
    assert!(after <= before + SLACK, "{before} KiB, then {after} KiB");
}

#[test]
fn simulate_takes_the_same_memory_for_every_log() {
    check(&["simulate", "simulate/next.pol", "-"], "device 1.1.0 on ");
}

#[test]
fn suggest_takes_the_same_memory_for_every_log() {
    check(&["suggest", "-"], " denials");
}
