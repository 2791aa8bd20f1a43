// SPDX-License-Identifier: GPL-2.0-only

//! Logs in all forms, whole and damaged.

use super::*;
use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};
use tempfile::TempDir;

const RECORD: &str = r#"type=1420 msg=audit(1653364370.067:61): ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=2241 comm="ld-linux.so" path="/deny/lib/libc.so.6" dev="sda2" ino=14549020 rule="DEFAULT action=DENY""#;

/// How many records are in these logs, and how many lines that only look like one.
fn count(logs: &[PathBuf]) -> Result<(usize, usize)> {
    let mut records = 0;
    let ignored = read(logs, |record| {
        assert_eq!(record.inode, Some(14549020));
        records += 1;
    })?;
    Ok((records, ignored.lines))
}

/// A log of many records, longer than any buffer here.
fn long() -> String {
    format!("{RECORD}\nsomething else\n").repeat(10_000)
}

/// Passes bytes through a program.
fn pack(program: &[&str], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().ok()?;
    writer.join().ok()?.ok()?;
    output.status.success().then_some(output.stdout)
}

/// The programs that compress a log, each with a name for its format.
const PACKERS: [(&str, &[&str]); 4] = [
    ("gzip", &["gzip", "-c"]),
    ("zstd", &["zstd", "-qc", "--check"]),
    ("zstd", &["zstd", "-qc", "--no-check", "-19"]),
    ("xz", &["xz", "-c"]),
];

#[test]
fn compressed_logs_are_read() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log");
    let text = long();
    fs::write(&path, &text).unwrap();
    assert_eq!(count(&[path.clone()]).unwrap(), (10_000, 0));
    for (format, packer) in PACKERS {
        let Some(packed) = pack(packer, text.as_bytes()) else {
            eprintln!("skipped: {format} is not installed");
            continue;
        };
        fs::write(&path, &packed).unwrap();
        assert_eq!(count(&[path.clone()]).unwrap(), (10_000, 0), "{format}");
        // As logs are appended to each other.
        fs::write(&path, [&packed[..], &packed].concat()).unwrap();
        assert_eq!(count(&[path.clone()]).unwrap(), (20_000, 0), "{format}");
    }
}

#[test]
fn damaged_logs_are_errors() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log");
    for (format, packer) in PACKERS {
        let Some(packed) = pack(packer, long().as_bytes()) else {
            eprintln!("skipped: {format} is not installed");
            continue;
        };
        let half = packed.len() / 2;
        fs::write(&path, &packed[..half]).unwrap();
        let failure = count(&[path.clone()]).unwrap_err();
        assert_eq!(failure.class, Class::Invalid, "{format}");
        assert!(failure.message.contains(format), "{failure}");
        if packer.contains(&"--no-check") {
            continue;
        }
        let mut other = packed;
        other[half] ^= 0x55;
        fs::write(&path, &other).unwrap();
        let failure = count(&[path.clone()]).unwrap_err();
        assert_eq!(failure.class, Class::Invalid, "{format}");
    }
}

#[test]
fn skippable_frames_are_skipped() {
    let Some(packed) = pack(&["zstd", "-qc"], RECORD.as_bytes()) else {
        eprintln!("skipped: zstd is not installed");
        return;
    };
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log");
    let skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc";
    fs::write(&path, [&packed[..], skipped, &packed].concat()).unwrap();
    // Both records are in one line.
    let mut lines = 0;
    let ignored = read(&[path], |_| lines += 1).unwrap();
    assert_eq!((lines, ignored.lines), (1, 0));
}

#[test]
fn frame_with_a_large_window_is_an_error() {
    // A window of 2 GiB: 11 bits of exponent above 1 KiB.
    let frame = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log");
    fs::write(&path, frame).unwrap();
    assert_eq!(count(&[path]).unwrap_err().class, Class::Invalid);
}

#[test]
fn directory_is_read_with_all_below() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("machine")).unwrap();
    for name in ["audit.log", "machine/audit.log", "machine/audit.log.1"] {
        fs::write(directory.path().join(name), RECORD).unwrap();
    }
    let path = directory.path().to_owned();
    assert_eq!(count(&[path]).unwrap(), (3, 0));
    let empty = TempDir::new().unwrap();
    let failure = count(&[empty.path().to_owned()]).unwrap_err();
    assert_eq!(failure.class, Class::Input);
}

#[test]
fn file_of_the_journal_is_an_error() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("system.journal");
    fs::write(&path, b"LPKSHHRH\0\0\0\0").unwrap();
    let failure = count(&[path]).unwrap_err();
    assert_eq!(failure.class, Class::Invalid);
    assert!(failure.hint.unwrap().contains("journalctl --file"));
}

/// Lines with the pieces in which a reader returns them, and whether each is whole.
fn lines_of(pieces: &[&[u8]]) -> Vec<(usize, bool)> {
    struct Pieces<'p>(&'p [&'p [u8]]);
    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            assert!(first.len() <= buffer.len());
            buffer[..first.len()].copy_from_slice(first);
            self.0 = rest;
            Ok(first.len())
        }
    }
    let mut all = Vec::new();
    lines::for_each(&mut Pieces(pieces), &mut |line, whole| {
        all.push((line.len(), whole));
    })
    .unwrap();
    all
}

#[test]
fn lines_do_not_depend_on_the_pieces() {
    assert_eq!(
        lines_of(&[b"ab", b"c\nd", b"\n", b"\ne"]),
        [(3, true), (1, true), (0, true), (1, true)]
    );
    assert!(lines_of(&[]).is_empty());
}

#[test]
fn line_that_is_too_long_is_cut() {
    let half = vec![b'x'; lines::LONGEST / 2];
    let pieces: [&[u8]; 5] = [&half, &half, b"y", b"y\nz", b"z\n"];
    assert_eq!(lines_of(&pieces), [(lines::LONGEST, false), (2, true)]);
    // Nothing follows it.
    assert_eq!(lines_of(&pieces[..3]), [(lines::LONGEST, false)]);
}

#[test]
fn record_in_a_line_that_is_too_long_is_doubtful() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log");
    let text = format!("{RECORD}{}\n{RECORD}\n", " ".repeat(lines::LONGEST));
    fs::write(&path, text).unwrap();
    assert_eq!(count(&[path]).unwrap(), (1, 1));
}
