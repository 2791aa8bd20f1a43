// SPDX-License-Identifier: GPL-2.0-only

//! Disks and their images: the partitions that a table describes, by number or name.

mod mbr;

use crate::{
    failure::{Class, Failure, Result},
    output::printable,
};
use gpt::{disk::LogicalBlockSize, header, partition};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::Path,
};

/// A file, or a partition of the disk that it is an image of.
pub struct Part {
    file: File,
    name: String,
    start: u64,
    /// Its length in bytes; more than that of any file where it is not known, as for a pipe.
    length: u64,
    position: u64,
}

impl Part {
    /// Opens a file, or the partition of it that has this number or name.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or has no such partition.
    pub fn open(path: &Path, partition: Option<&str>) -> Result<Self> {
        let wrong = |error| Failure::file(path, &error);
        let mut file = File::open(path).map_err(wrong)?;
        let length = file.seek(SeekFrom::End(0)).unwrap_or(u64::MAX);
        let _ = file.rewind();
        let name = path.display().to_string();
        let (start, length, name) = match partition {
            None => (0, length, name),
            Some(wanted) => {
                let found = find(&file, wanted).map_err(|failure| failure.about(&name))?;
                let end = found.start.checked_add(found.length);
                if end.is_none_or(|end| end > length) {
                    let message = format!("{name}: partition {wanted} lies beyond the end");
                    return Err(Failure::new(Class::Invalid, message)
                        .hint("is the image of the disk complete?"));
                }
                let name = format!("{name}, partition {}", found.number);
                (found.start, found.length, name)
            }
        };
        if start > 0 {
            file.seek(SeekFrom::Start(start)).map_err(wrong)?;
        }
        Ok(Self {
            file,
            name,
            start,
            length,
            position: 0,
        })
    }

    /// Returns how messages name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns where it begins in the file.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Returns its length in bytes, if that is known.
    pub fn length(&self) -> Option<u64> {
        (self.length < u64::MAX).then_some(self.length)
    }

    /// Reads all of a buffer from a place in it.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is shorter.
    pub fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let end = at.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.file.read_exact_at(buffer, self.start + at)
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.length - self.position;
        let room = buffer
            .len()
            .min(usize::try_from(rest).unwrap_or(usize::MAX));
        let count = self.file.read(&mut buffer[..room])?;
        self.position += count as u64;
        Ok(count)
    }
}

/// A partition.
#[derive(Debug, PartialEq, Eq)]
struct Partition {
    number: u32,
    /// The author of the table chose it. An MBR has no names.
    name: String,
    start: u64,
    length: u64,
}

impl Partition {
    /// Returns whether this is its number or its name.
    fn is(&self, wanted: &str) -> bool {
        wanted == self.number.to_string() || (wanted == self.name && !wanted.is_empty())
    }
}

/// Returns the partition with a number or a name.
fn find(disk: &File, wanted: &str) -> Result<Partition> {
    let invalid = |message: String| Failure::new(Class::Invalid, message);
    let (_, mut all) = table(disk)?
        .ok_or_else(|| invalid("no partition table found".into()).hint("omit the partition"))?;
    let mut places = (0..all.len()).filter(|place| all[*place].is(wanted));
    let wanted = printable(wanted.as_bytes());
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(all.swap_remove(place)),
        (None, _) => {
            Err(invalid(format!("no partition {wanted}")).hint(format!("it has {}", listed(&all))))
        }
        (Some(_), Some(_)) => Err(invalid(format!("several partitions fit {wanted}"))
            .hint(format!("name its number: it has {}", listed(&all)))),
    }
}

/// Returns a sentence about the partition table of a disk, and one that names the partitions, if it
/// has such a table.
pub fn describe(disk: &Path) -> Option<(String, String)> {
    let file = File::open(disk).ok()?;
    let (kind, all) = table(&file).ok()??;
    Some((
        format!("the image of a whole disk, with a partition table ({kind})"),
        format!("name one with --partition: it has {}", listed(&all)),
    ))
}

/// The most partitions that a message names.
const LISTED: usize = 16;

fn listed(all: &[Partition]) -> String {
    let one = |partition: &Partition| match partition.name.as_str() {
        "" => partition.number.to_string(),
        name => format!("{} ({})", partition.number, printable(name.as_bytes())),
    };
    let mut texts: Vec<_> = all.iter().take(LISTED).map(one).collect();
    if all.len() > LISTED {
        texts.push(format!("{} more", all.len() - LISTED));
    }
    match texts.as_slice() {
        [] => "no partitions".to_owned(),
        texts => texts.join(", "),
    }
}

/// Returns the kind of a disk's partition table, and its partitions; none if it has no table.
fn table(disk: &File) -> Result<Option<(&'static str, Vec<Partition>)>> {
    if let Some(all) = of_gpt(disk)? {
        return Ok(Some(("GPT", all)));
    }
    Ok(mbr::read(disk)?.map(|all| ("MBR", all)))
}

/// What the entries of a GPT have room for: 16 KiB is what all tools write.
const MAX_ENTRIES: u32 = 1024;
const ENTRY: u32 = 128;

/// Reads a GPT, if there is one.
fn of_gpt(mut disk: &File) -> Result<Option<Vec<Partition>>> {
    for sector in [LogicalBlockSize::Lb512, LogicalBlockSize::Lb4096] {
        let mut magic = [0; 8];
        if disk.read_exact_at(&mut magic, sector.as_u64()).is_err() || &magic != b"EFI PART" {
            continue;
        }
        let damaged = |error: &dyn std::fmt::Display| {
            let message = format!("the partition table (GPT) is damaged: {error}");
            Failure::new(Class::Invalid, message)
        };
        let header = header::read_header_from_arbitrary_device(&mut disk, sector)
            .map_err(|error| damaged(&error))?;
        // The reader of the entries panics at any other length.
        if header.part_size != ENTRY || header.num_parts > MAX_ENTRIES {
            return Err(damaged(&"its entries have an unknown form"));
        }
        let entries = partition::file_read_partitions(&mut disk, &header, sector)
            .map_err(|error| damaged(&error))?;
        let mut all = Vec::new();
        for (number, entry) in entries {
            let (Ok(start), Ok(length)) = (entry.bytes_start(sector), entry.bytes_len(sector))
            else {
                continue;
            };
            all.push(Partition {
                number,
                name: entry.name,
                start,
                length,
            });
        }
        return Ok(Some(all));
    }
    Ok(None)
}
