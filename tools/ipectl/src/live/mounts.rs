// SPDX-License-Identifier: GPL-2.0-only

//! The mounts of this process, as `/proc/self/mountinfo` describes them.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

/// A mount.
pub(super) struct Mount {
    /// The numbers of its device.
    pub(super) device: String,
    /// Which directory of the file system is mounted.
    pub(super) root: PathBuf,
    /// Where.
    pub(super) point: PathBuf,
    /// The type of the file system.
    pub(super) kind: Vec<u8>,
    /// What is mounted, as whoever mounted it said.
    pub(super) source: PathBuf,
    /// The options of the file system, without the escapes of mountinfo.
    pub(super) options: Vec<u8>,
}

impl Mount {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|&byte| byte == b' ').skip(2);
        let device = String::from_utf8_lossy(words.next()?).into_owned();
        let (root, point) = (octal(words.next()?), octal(words.next()?));
        let mut words = words.skip_while(|word| *word != b"-").skip(1);
        Some(Self {
            device,
            root,
            point,
            kind: words.next()?.to_vec(),
            source: octal(words.next()?),
            options: octal(words.next()?).into_os_string().into_vec(),
        })
    }

    /// Returns the mounts of this process, in the order of the kernel.
    pub(super) fn all() -> io::Result<Vec<Self>> {
        Ok(Self::parse_all(&fs::read("/proc/self/mountinfo")?))
    }

    /// Parses the text of a mountinfo.
    pub(super) fn parse_all(text: &[u8]) -> Vec<Self> {
        let lines = text.split(|&byte| byte == b'\n');
        lines.filter_map(Self::parse).collect()
    }

    /// Returns the place of the mount that a path is on, among mounts. A later one hides an earlier
    /// one.
    pub(super) fn position(mounts: &[Self], path: &Path) -> Option<usize> {
        let on = |(_, mount): &(usize, &Self)| path.starts_with(&mount.point);
        let all = mounts.iter().enumerate().filter(on);
        let last = all.max_by_key(|(number, mount)| (mount.point.as_os_str().len(), *number));
        last.map(|(number, _)| number)
    }
}

/// Replaces the escapes of mountinfo, such as `\040`.
fn octal(text: &[u8]) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| byte == b'\\');
        let number = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(number.unwrap_or(byte));
        rest = if number.is_some() { &after[3..] } else { after };
    }
    PathBuf::from(OsString::from_vec(bytes))
}
