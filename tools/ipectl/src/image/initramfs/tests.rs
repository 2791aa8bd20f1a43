// SPDX-License-Identifier: GPL-2.0-only

//! Archives as the kernel reads them, and such as are damaged.

use super::*;

/// An entry with this name, mode, number of links and content.
fn entry(name: &str, mode: u32, links: u32, content: &str) -> Vec<u8> {
    let fields = [7, mode, 0, 0, links, 0, content.len() as u32, 8, 1, 0, 0];
    let mut bytes = b"070701".to_vec();
    for field in fields.into_iter().chain([name.len() as u32 + 1, 0]) {
        bytes.extend(format!("{field:08x}").bytes());
    }
    bytes.extend(name.bytes().chain([0]));
    bytes.resize(aligned(bytes.len()), 0);
    bytes.extend(content.bytes());
    bytes.resize(aligned(bytes.len()), 0);
    bytes
}

fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), entry("TRAILER!!!", 0, 1, "")].concat()
}

fn read(bytes: &[u8]) -> Result<Vec<(String, String)>> {
    let initramfs = Initramfs::read(Path::new("initramfs"), bytes)?;
    let files = initramfs.files()?.into_iter().map(|file| {
        let content = initramfs.content(&file.path).to_vec();
        let path = file.path.to_str().unwrap().to_owned();
        (path, String::from_utf8(content).unwrap())
    });
    Ok(files.collect())
}

fn files(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = files
        .iter()
        .map(|(path, text)| (path.to_string(), text.to_string()));
    owned.collect()
}

#[test]
fn later_archives_replace_files() {
    let first = archive(&[
        entry(".", 0o040_755, 2, ""),
        entry("./init", 0o100_755, 1, "one"),
        entry("bin/a", 0o100_755, 1, "a"),
        entry("bin/b", 0o100_755, 1, "b"),
    ]);
    let second = archive(&[
        entry("/init", 0o100_755, 1, "two"),
        entry("bin/../bin/a", 0o120_777, 1, "b"),
    ]);
    let both = [first, vec![0; 400], second, vec![0; 8]].concat();
    assert_eq!(
        read(&both).unwrap(),
        files(&[("/bin/b", "b"), ("/init", "two")])
    );
}

#[test]
fn links_share_the_content() {
    let links = archive(&[
        entry("bin/sh", 0o100_755, 2, ""),
        entry("bin/busybox", 0o100_755, 2, "program"),
    ]);
    let expected = files(&[("/bin/busybox", "program"), ("/bin/sh", "program")]);
    assert_eq!(read(&links).unwrap(), expected);
}

#[test]
fn damaged_archive_is_refused() {
    let whole = archive(&[entry("init", 0o100_755, 1, "program")]);
    for end in 1..whole.len() - 4 {
        assert!(read(&whole[..end]).is_err(), "{end}");
    }
    let mut wrong = whole.clone();
    wrong[20] = b'x';
    assert!(read(&wrong).is_err());
    let mut long = whole;
    long[54..62].copy_from_slice(b"ffffffff");
    assert!(read(&long).is_err());
    let old = read(b"070707000000").unwrap_err();
    assert!(old.message.contains("old format"), "{old}");
}
