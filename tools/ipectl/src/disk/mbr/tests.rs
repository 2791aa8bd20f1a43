// SPDX-License-Identifier: GPL-2.0-only

//! Chains of logical partitions, whole and hostile.

use super::*;
use std::{io::Write, process::Command};
use tempfile::NamedTempFile;

/// The kinds of partitions here.
const LINUX: u8 = 0x83;
const EXTENDED: u8 = 0x05;

/// Each table: its sector, and the kind, the beginning and the length of its entries.
type Tables<'t> = [(usize, &'t [(u8, u32, u32)])];

/// A disk of so many sectors.
fn disk(sectors: usize, tables: &Tables<'_>) -> NamedTempFile {
    let mut bytes = vec![0; 512 * sectors];
    for (place, entries) in tables {
        let table = &mut bytes[512 * place..][..512];
        for (slot, (kind, start, length)) in entries.iter().enumerate() {
            let entry = &mut table[446 + 16 * slot..][..16];
            entry[4] = *kind;
            entry[8..12].copy_from_slice(&start.to_le_bytes());
            entry[12..].copy_from_slice(&length.to_le_bytes());
        }
        table[510..].copy_from_slice(&[0x55, 0xaa]);
    }
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    file
}

/// The number, the first sector and the length of each partition.
fn partitions(sectors: usize, tables: &Tables<'_>) -> Vec<(u32, u64, u64)> {
    listed(read(disk(sectors, tables).as_file()).unwrap().unwrap())
}

fn listed(all: Vec<Partition>) -> Vec<(u32, u64, u64)> {
    let all = all.into_iter();
    all.map(|one| (one.number, one.start / 512, one.length / 512))
        .collect()
}

#[test]
fn logical_partitions_are_numbered_from_five() {
    let tables: &Tables<'_> = &[
        (0, &[(LINUX, 1, 9), (EXTENDED, 10, 80), (LINUX, 90, 5)]),
        (10, &[(LINUX, 2, 18), (EXTENDED, 20, 20)]),
        (30, &[(LINUX, 1, 19), (EXTENDED, 40, 20)]),
        (50, &[(LINUX, 3, 7)]),
    ];
    assert_eq!(
        partitions(100, tables),
        [(1, 1, 9), (3, 90, 5), (5, 12, 18), (6, 31, 19), (7, 53, 7)]
    );
}

#[test]
fn table_is_read_as_sfdisk_writes_it() {
    let file = NamedTempFile::new().unwrap();
    file.as_file().set_len(8 << 20).unwrap();
    let script = "label: dos\nstart=2048, size=1024, type=83\nstart=4096, type=5\n\
                  start=4200, size=100, type=83\nstart=5000, size=200, type=83\n\
                  start=6000, size=300, type=83\n";
    let child = Command::new("/usr/sbin/sfdisk")
        .args(["--quiet", "--no-reread"])
        .arg(file.path())
        .stdin(std::process::Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: sfdisk is not installed");
        return;
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(script.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(
        listed(read(file.as_file()).unwrap().unwrap()),
        [
            (1, 2048, 1024),
            (5, 4200, 100),
            (6, 5000, 200),
            (7, 6000, 300)
        ]
    );
}

#[test]
fn loop_is_an_error() {
    let to_itself: &Tables<'_> = &[
        (0, &[(EXTENDED, 10, 80)]),
        (10, &[(LINUX, 2, 3), (EXTENDED, 20, 20)]),
        (30, &[(LINUX, 2, 3), (EXTENDED, 20, 20)]),
    ];
    let to_the_first: &Tables<'_> = &[
        (0, &[(EXTENDED, 10, 80)]),
        (10, &[(LINUX, 2, 3), (EXTENDED, 20, 20)]),
        (30, &[(LINUX, 2, 3), (EXTENDED, 0, 20)]),
    ];
    let without_partitions: &Tables<'_> = &[(0, &[(EXTENDED, 10, 80)]), (10, &[(EXTENDED, 0, 20)])];
    for tables in [to_itself, to_the_first, without_partitions] {
        let failure = read(disk(100, tables).as_file()).unwrap_err();
        assert!(failure.message.contains("form a loop"), "{failure}");
    }
}

#[test]
fn chain_ends_where_the_kernel_ends_it() {
    // Beyond the disk, as far as numbers reach, and at a sector without a table.
    for link in [
        (EXTENDED, 90, 20),
        (EXTENDED, u32::MAX, u32::MAX),
        (EXTENDED, 50, 20),
    ] {
        let tables: &Tables<'_> = &[
            (0, &[(EXTENDED, 10, u32::MAX)]),
            (10, &[(LINUX, u32::MAX, u32::MAX), link]),
        ];
        let far = u64::from(u32::MAX);
        assert_eq!(partitions(100, tables), [(5, 10 + far, far)]);
    }
    // Its first sector is not there: the table is one, but has no partitions.
    assert_eq!(partitions(2, &[(0, &[(EXTENDED, 10, 80)])]), []);
}

#[test]
fn last_two_entries_only_count_inside() {
    let tables: &Tables<'_> = &[
        (0, &[(EXTENDED, 10, 80)]),
        (
            10,
            &[
                (LINUX, 2, 3),
                (EXTENDED, 20, 20),
                (LINUX, 5, 75),
                (LINUX, 5, 76),
            ],
        ),
        (
            30,
            &[(0, 0, 0), (LINUX, 5, 70), (LINUX, 5, 16), (LINUX, 5, 15)],
        ),
    ];
    assert_eq!(
        partitions(100, tables),
        [(5, 12, 3), (6, 15, 75), (7, 35, 70), (8, 35, 15)]
    );
}

#[test]
fn chain_is_bounded() {
    let count = 600;
    let chain = |kind: u8| {
        let entries: Vec<_> = (1..=count)
            .map(|link| [(kind, 0, u32::from(kind > 0)), (EXTENDED, link, 1)])
            .collect();
        let first = [(EXTENDED, 1, count)];
        let mut tables: Vec<(usize, &[_])> = vec![(0, &first)];
        tables.extend(
            (1..)
                .zip(&entries)
                .map(|(place, entries)| (place, &entries[..])),
        );
        partitions(count as usize + 2, &tables)
    };
    let all = chain(LINUX);
    assert_eq!((all.len(), all.last()), (251, Some(&(255, 251, 1))));
    assert!(chain(0).is_empty());
}
