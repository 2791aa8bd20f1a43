// SPDX-License-Identifier: GPL-2.0-only

//! The partitions of an MBR, with the numbers that the kernel gives to them
//! (`block/partitions/msdos.c`).
//!
//! An MBR has room for four. One of these may be extended: a chain of sectors in it, each like an MBR,
//! has a logical partition and the place of the next sector. The maker of the disk chose these places.

use super::Partition;
use crate::failure::{Class, Failure, Result};
use std::{collections::BTreeSet, fs::File, os::unix::fs::FileExt};

const SECTOR: u64 = 512;

/// The number of the first logical partition.
const FIRST_LOGICAL: u32 = 5;

/// The kernel gives smaller numbers than this one.
const LIMIT: u32 = 256;

/// How many sectors without a partition the kernel follows in a row.
const MAX_EMPTY: u32 = 100;

/// Reads the MBR of a disk, if it has one. A boot sector of FAT has its signature, too, but no
/// entries.
///
/// # Errors
///
/// The chain of logical partitions has no end.
pub(super) fn read(disk: &File) -> Result<Option<Vec<Partition>>> {
    let entries = entries_at(disk, 0).unwrap_or_default();
    let (mut all, mut next, mut found) = (Vec::new(), FIRST_LOGICAL, false);
    for (number, entry) in (1..).zip(entries) {
        if !matches!(entry.status, 0 | 0x80) || entry.kind == 0 {
            continue;
        }
        if entry.start == 0 || entry.length == 0 {
            continue;
        }
        found = true;
        if entry.is_extended() {
            read_logical(disk, &entry, &mut next, &mut all)?;
        } else {
            all.push(entry.at(number, entry.start));
        }
    }
    all.sort_by_key(|partition| partition.number);
    Ok(found.then_some(all))
}

/// Reads the logical partitions in an extended one.
fn read_logical(
    disk: &File,
    extended: &Entry,
    next: &mut u32,
    all: &mut Vec<Partition>,
) -> Result<()> {
    let (mut place, mut room, mut empty) = (extended.start, extended.length, 0);
    let mut seen = BTreeSet::new();
    while let Some(entries) = entries_at(disk, place) {
        if !seen.insert(place) {
            let message =
                "the partition table (MBR) is damaged: its logical partitions form a loop";
            return Err(Failure::new(Class::Invalid, message));
        }
        empty += 1;
        for (slot, entry) in entries.iter().enumerate() {
            if entry.length == 0 || entry.is_extended() {
                continue;
            }
            // The last two entries may be anything.
            let end = entry.start + entry.length;
            let is_inside = end <= room && place + end <= extended.start + extended.length;
            if slot >= 2 && !is_inside {
                continue;
            }
            if *next >= LIMIT {
                return Ok(());
            }
            all.push(entry.at(*next, place + entry.start));
            *next += 1;
            empty = 0;
        }
        let mut links = entries.iter();
        let link = links.find(|entry| entry.length > 0 && entry.is_extended());
        let Some(link) = link.filter(|_| empty < MAX_EMPTY) else {
            return Ok(());
        };
        (place, room) = (extended.start + link.start, link.length);
    }
    Ok(())
}

/// An entry of a table, in sectors.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    status: u8,
    kind: u8,
    start: u64,
    length: u64,
}

impl Entry {
    fn parse(entry: &[u8]) -> Self {
        let number = |bytes: &[u8]| {
            let bytes = bytes.iter().rev();
            bytes.fold(0, |number, byte| (number << 8) | u64::from(*byte))
        };
        Self {
            status: entry[0],
            kind: entry[4],
            start: number(&entry[8..12]),
            length: number(&entry[12..16]),
        }
    }

    fn is_extended(&self) -> bool {
        matches!(self.kind, 0x05 | 0x0f | 0x85)
    }

    /// Returns the partition that it describes.
    fn at(&self, number: u32, start: u64) -> Partition {
        Partition {
            number,
            name: String::new(),
            start: SECTOR * start,
            length: SECTOR * self.length,
        }
    }
}

/// Returns the entries in a sector, if that is there and has such a table.
fn entries_at(disk: &File, place: u64) -> Option<[Entry; 4]> {
    let mut sector = [0; SECTOR as usize];
    disk.read_exact_at(&mut sector, SECTOR * place).ok()?;
    let table = sector.strip_suffix(b"\x55\xaa")?;
    let mut entries = [Entry::default(); 4];
    for (entry, bytes) in entries.iter_mut().zip(table[446..].chunks_exact(16)) {
        *entry = Entry::parse(bytes);
    }
    Some(entries)
}

#[cfg(test)]
mod tests;
