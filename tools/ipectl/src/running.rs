// SPDX-License-Identifier: GPL-2.0-only

//! The programs and libraries that run on this machine, with their properties.

use crate::{live, object::Object, output::printable};
use rustix::fs::statfs;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

/// A file that processes execute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Its path, printable.
    pub path: String,
    /// Whether the first process executes it.
    pub of_init: bool,
    /// How many processes execute it.
    pub processes: usize,
    /// Its properties.
    pub object: Object,
}

/// `SECURITYFS_MAGIC`
const SECURITYFS: u64 = 0x7363_6673;

/// Returns the programs of this machine if the directory is that of its kernel, and not a copy. A
/// program whose properties cannot be found out is left out.
pub fn programs(securityfs: &Path) -> Vec<Program> {
    match statfs(securityfs) {
        Ok(found) if found.f_type as u64 == SECURITYFS => of_processes(),
        _ => Vec::new(),
    }
}

/// Returns the command line that this machine's kernel was booted with, if the directory is that of
/// its kernel, and not a copy. It decides what the rules that refer to it name.
pub fn command_line(securityfs: &Path) -> Option<Vec<u8>> {
    let found = statfs(securityfs).ok()?;
    if found.f_type as u64 != SECURITYFS {
        return None;
    }
    let line = fs::read("/proc/cmdline").ok()?;
    Some(line.strip_suffix(b"\n").unwrap_or(&line).to_vec())
}

fn of_processes() -> Vec<Program> {
    let mut programs: BTreeMap<(u64, u64), Option<Program>> = BTreeMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let name = process.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        for (open, shown) in files(&process.path()) {
            // A process may have put something else in the place of a library.
            let Some(metadata) = fs::metadata(&open).ok().filter(fs::Metadata::is_file) else {
                continue;
            };
            let program = programs
                .entry((metadata.dev(), metadata.ino()))
                .or_insert_with(|| {
                    let object = live::known_object_of(&open)?;
                    Some(Program {
                        path: printable(shown.as_os_str().as_bytes()),
                        object,
                        ..Program::default()
                    })
                });
            if let Some(program) = program {
                program.processes += 1;
                program.of_init |= number == 1;
            }
        }
    }
    let mut programs: Vec<_> = programs.into_values().flatten().collect();
    programs.sort_by(|a, b| (!a.of_init, &a.path).cmp(&(!b.of_init, &b.path)));
    programs
}

/// The files that a process executes: how they can be opened from here, and how it names them.
fn files(process: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut files = Vec::new();
    let program = process.join("exe");
    // A thread of the kernel has none.
    if let Ok(shown) = fs::read_link(&program) {
        files.push((program, shown));
    }
    let maps = fs::read(process.join("maps")).unwrap_or_default();
    let mut seen = Vec::new();
    for line in maps.split(|&byte| byte == b'\n') {
        // ADDRESSES PERMISSIONS OFFSET DEVICE INODE PATH
        let mut words = line.splitn(6, |&byte| byte == b' ');
        let executable = words.nth(1).is_some_and(|word| word.get(2) == Some(&b'x'));
        let path = words.nth(3).unwrap_or_default().trim_ascii_start();
        if executable && path.starts_with(b"/") && !path.ends_with(b" (deleted)") {
            let path = Path::new(std::ffi::OsStr::from_bytes(path));
            if files.first().is_none_or(|(_, program)| program != path) && !seen.contains(&path) {
                seen.push(path);
            }
        }
    }
    files.extend(seen.into_iter().map(|path| {
        let below = path.strip_prefix("/").unwrap_or(path);
        (process.join("root").join(below), path.to_owned())
    }));
    files
}
