// SPDX-License-Identifier: GPL-2.0-only

//! Root file systems as folders, and as images where the programs for them are installed.

mod common;

use common::{ends_with, has, succeeds};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};
use tempfile::TempDir;

const POLICY: &str = "policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n\
    op=EXECUTE dmverity_signature=TRUE action=ALLOW\n\
    op=KMODULE dmverity_signature=TRUE action=ALLOW\n";

/// A root file system with one file of each kind, and two of no interest.
fn root() -> TempDir {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, content: &[u8], mode| {
        let path = folder.path().join("root").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    };
    file("usr/bin/tool", b"\x7fELF...", 0o755);
    file("usr/bin/script", b"#!/bin/sh\n", 0o755);
    file("usr/lib/libc.so.6", b"\x7fELF...", 0o644);
    file("usr/lib/libc.so.txt", b"notes", 0o644);
    file("usr/lib/modules/7.3/x.ko.zst", b"module", 0o644);
    file("usr/lib/firmware/x.bin", b"firmware", 0o644);
    file("etc/passwd", b"root", 0o644);
    fs::write(folder.path().join("p.pol"), POLICY).unwrap();
    folder
}

const SUMMARY: &str = "            allowed   denied\n\
    programs          2        0\n\
    libraries         1        0\n\
    modules           1        0\n\
    firmware          0        1\n";

fn image(folder: &Path, name: &str, more: &[&str]) -> Vec<String> {
    let path = |name| folder.join(name).to_str().unwrap().to_owned();
    let arguments = ["image".to_owned(), path("p.pol"), path(name)].into_iter();
    arguments
        .chain(more.iter().map(|more| more.to_string()))
        .collect()
}

fn reviews(code: i32, folder: &Path, name: &str, more: &[&str]) -> String {
    let arguments = image(folder, name, more);
    ends_with(
        code,
        &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
    )
}

#[test]
fn a_folder() {
    let root = root();
    let said = reviews(1, root.path(), "root", &["--dmverity-signature"]);
    assert_eq!(
        said,
        format!("denied  FIRMWARE /usr/lib/firmware/x.bin\n\n{SUMMARY}")
    );
    let said = reviews(1, root.path(), "root", &["--dmverity-signature", "--list"]);
    assert_eq!(said.matches("allowed EXECUTE  /usr/").count(), 3);
    let said = reviews(1, root.path(), "root", &[]);
    assert_eq!(said.matches("denied  ").count(), 5);
}

#[test]
fn files_of_fsverity() {
    let root = root();
    let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let mut policy = "policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n".to_owned();
    policy += &succeeds(&[
        "digest",
        &path("root/usr/bin"),
        &path("root/usr/lib/libc.so.6"),
    ]);
    fs::write(path("p.pol"), policy).unwrap();
    let said = reviews(1, root.path(), "root", &["--fsverity"]);
    assert_eq!(said.matches("denied  EXECUTE").count(), 0);
    assert_eq!(said.matches("denied  ").count(), 2);
    // Without fs-verity, digests are of no use.
    let said = reviews(1, root.path(), "root", &[]);
    assert_eq!(said.matches("denied  EXECUTE").count(), 3);
}

#[test]
fn images() {
    let root = root();
    let makers: [(&str, &[&str], &str); 3] = [
        (
            "mksquashfs",
            &["root", "x.squashfs", "-quiet", "-no-progress"],
            "unsquashfs",
        ),
        ("mkfs.erofs", &["x.erofs", "root"], "fsck.erofs"),
        (
            "mke2fs",
            &["-q", "-t", "ext4", "-d", "root", "x.ext4", "4M"],
            "debugfs",
        ),
    ];
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    for (maker, arguments, reader) in makers {
        if !has(maker) || !has(reader) {
            eprintln!("skipped: {maker} or {reader} is not installed");
            continue;
        }
        let made = Command::new(maker)
            .args(arguments)
            .current_dir(root.path())
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(made.status.success(), "{maker}: {made:?}");
        let image = arguments
            .iter()
            .find(|name| name.starts_with("x."))
            .unwrap();
        let said = reviews(1, root.path(), image, &["--dmverity-signature"]);
        assert!(said.ends_with(SUMMARY), "{image}: {said}");
    }
    let said = reviews(4, root.path(), "p.pol", &[]);
    assert!(said.contains("squashfs, erofs or ext4"), "{said}");
}
