// SPDX-License-Identifier: GPL-2.0-only

//! Logs with records of decisions: files, directories and standard input, also compressed.
//!
//! A log is read once, from its beginning to its end, and what was read is forgotten. So the memory
//! that this takes depends on the longest line, not on the length of the log.

mod frames;
mod lines;
mod packed;
mod xz;

use self::packed::Format;
use crate::{
    audit::{self, Doubt, Line, Record},
    digest,
    failure::{reason, Class, Failure, Result},
    progress::Progress,
};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

/// The lines that read like records, and are not taken for any: see [`audit::parse`].
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// How many there are.
    pub lines: usize,
    /// Why, where that is known.
    pub doubts: BTreeSet<Doubt>,
}

/// How much of a file is read at once.
const BUFFER: usize = 1 << 18;

/// Reads logs, and hands each record on. `-` is standard input; of a directory, all files are read.
///
/// # Errors
///
/// A log cannot be read, or is damaged or in a form that only other programs read.
pub fn read(logs: &[PathBuf], mut take: impl FnMut(&Record<'_>)) -> Result<Ignored> {
    let mut files = Vec::new();
    for log in logs {
        files.extend(expand(log)?);
    }
    let progress = if files.iter().any(|file| is_stdin(file)) {
        Progress::of_unknown_length()
    } else {
        Progress::new(digest::size(&files))
    };
    let mut ignored = Ignored::default();
    for file in &files {
        if is_stdin(file) {
            read_one(None, io::stdin().lock(), &progress, &mut ignored, &mut take)?;
        } else {
            let open = File::open(file).map_err(|error| Failure::file(file, &error))?;
            read_one(Some(file), open, &progress, &mut ignored, &mut take)?;
        }
    }
    Ok(ignored)
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Returns the log of a path, or those of a directory.
fn expand(path: &Path) -> Result<Vec<PathBuf>> {
    if is_stdin(path) || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    // A link that is named is meant.
    let directory = fs::canonicalize(path).map_err(|error| Failure::file(path, &error))?;
    let files = digest::files(&directory)?;
    if files.is_empty() {
        let message = format!("{}: no files in this directory", path.display());
        return Err(Failure::new(Class::Input, message));
    }
    Ok(files)
}

/// Reads one log: a file, or standard input.
fn read_one(
    path: Option<&Path>,
    source: impl Read,
    progress: &Progress,
    ignored: &mut Ignored,
    take: &mut impl FnMut(&Record<'_>),
) -> Result<()> {
    let name = path.unwrap_or(Path::new("<stdin>"));
    let source = BufReader::with_capacity(BUFFER, progress.watch(source));
    let opened = packed::open(source).map_err(|error| Failure::file(name, &error));
    let (format, mut log) = opened?;
    match (format, path) {
        (Format::Journal, _) => {
            let name = name.display();
            let message = format!("{name}: only journalctl reads this file of the journal");
            Err(Failure::new(Class::Invalid, message).hint(format!(
                "journalctl --file {name} _AUDIT_TYPE=1420 -o json --all writes its records"
            )))
        }
        (Format::Xz, None) => {
            let message = "<stdin>: it is compressed with xz";
            Err(Failure::new(Class::Unsupported, message)
                .hint("name the file, or unpack it: xz -dc FILE | ipectl …"))
        }
        (Format::Xz, Some(path)) => {
            let (unpacking, mut log) = xz::unpack(path)?;
            read_lines(&mut log, ignored, take).map_err(|error| Failure::file(name, &error))?;
            let finished = unpacking.finish();
            finished.map_err(|failure| failure.about(name.display()))
        }
        _ => read_lines(&mut log, ignored, take).map_err(|error| failure(name, format, &error)),
    }
}

/// Reads the lines of a log.
fn read_lines(
    log: &mut impl Read,
    ignored: &mut Ignored,
    take: &mut impl FnMut(&Record<'_>),
) -> io::Result<()> {
    lines::for_each(log, &mut |line, whole| {
        let found = if whole {
            audit::read(line, &mut *take)
        } else if audit::is_marked(line) {
            Line::Doubtful
        } else {
            Line::Other
        };
        if found == Line::Doubtful {
            ignored.lines += 1;
            ignored.doubts.insert(Doubt::of(line));
        }
    })
}

/// The input is damaged, unless the system says that it cannot be read.
fn failure(path: &Path, format: Format, error: &io::Error) -> Failure {
    match format.name() {
        Some(format) if error.raw_os_error().is_none() => {
            let message = format!("{}: {format}: {}", path.display(), reason(error));
            Failure::new(Class::Invalid, message)
        }
        _ => Failure::file(path, error),
    }
}

#[cfg(test)]
mod tests;
