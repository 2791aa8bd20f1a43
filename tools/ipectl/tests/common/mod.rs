// SPDX-License-Identifier: GPL-2.0-only

//! Runs the program, for all tests.

#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod model;
pub(crate) mod owner;
pub(crate) mod schema;

use std::{
    io::Write,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The result of a run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The directory with the inputs.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Runs the program in the directory with the inputs.
pub(crate) fn ipectl(arguments: &[&str], stdin: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ipectl"))
        .args(arguments)
        .current_dir(fixtures())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may exit before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the program with an output that nobody reads any more, and returns its exit code.
pub(crate) fn without_reader(arguments: &[&str], stdin: &[u8]) -> i32 {
    let (reader, writer) = UnixStream::pair().unwrap();
    drop(reader);
    let mut child = Command::new(env!("CARGO_BIN_EXE_ipectl"))
        .args(arguments)
        .current_dir(fixtures())
        .stdin(Stdio::piped())
        .stdout(OwnedFd::from(writer))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait().unwrap().code().unwrap()
}

/// Runs the program, which must succeed, and returns its output.
pub(crate) fn succeeds(arguments: &[&str]) -> String {
    let run = ipectl(arguments, b"");
    assert_eq!(run.code, 0, "{arguments:?}\n{}{}", run.stdout, run.stderr);
    run.stdout
}

/// Runs the program, which must exit with this code, and returns its whole output.
pub(crate) fn ends_with(code: i32, arguments: &[&str]) -> String {
    let run = ipectl(arguments, b"");
    let said = run.stdout + &run.stderr;
    assert_eq!(run.code, code, "{arguments:?}\n{said}");
    said
}

/// Runs the program on a terminal of its own, made by `script`, and returns its whole output.
pub(crate) fn on_terminal(arguments: &[&str], typed: &[u8], environment: &[(&str, &str)]) -> Run {
    let quoted = arguments.iter().map(|argument| format!(" '{argument}'"));
    let command = env!("CARGO_BIN_EXE_ipectl").to_owned() + &quoted.collect::<String>();
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .current_dir(fixtures())
        .env("TERM", "linux")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(typed);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::new(),
    }
}

/// Returns whether another program is installed.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    path.split(':')
        .any(|directory| Path::new(directory).join(program).is_file())
}

/// The image of a disk with a GPT and partitions of these names and contents.
pub(crate) fn disk_of(sector: u64, partitions: &[(&str, &[u8])]) -> Vec<u8> {
    use gpt::{disk::LogicalBlockSize, mbr::ProtectiveMBR, partition_types, GptConfig};
    let size = match sector {
        512 => LogicalBlockSize::Lb512,
        _ => LogicalBlockSize::Lb4096,
    };
    let contents: u64 = partitions
        .iter()
        .map(|(_, content)| content.len() as u64)
        .sum();
    let length = (contents + (4 << 20)).next_multiple_of(4096);
    let mut disk = std::io::Cursor::new(vec![0; length as usize]);
    let blocks = u32::try_from(length / sector - 1).unwrap();
    let mbr = ProtectiveMBR::with_lb_size(blocks);
    mbr.overwrite_lba0(&mut disk).unwrap();
    let config = GptConfig::new().writable(true).logical_block_size(size);
    let mut table = config.create_from_device(disk, None).unwrap();
    for (name, content) in partitions {
        let length = content.len() as u64;
        let kind = partition_types::LINUX_FS;
        table.add_partition(name, length, kind, 0, None).unwrap();
    }
    let places: Vec<_> = table
        .partitions()
        .values()
        .map(|found| found.bytes_start(size).unwrap() as usize)
        .collect();
    let mut disk = table.write().unwrap().into_inner();
    for (place, (_, content)) in places.into_iter().zip(partitions) {
        disk[place..place + content.len()].copy_from_slice(content);
    }
    disk
}
