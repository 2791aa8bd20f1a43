// SPDX-License-Identifier: GPL-2.0-only

//! Root file systems as folders, and as images where the programs for them are installed.

mod common;

use common::{ends_with, has, succeeds};
use std::{
    fs,
    os::unix::fs::{symlink, PermissionsExt},
    path::Path,
    process::Command,
};
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

/// Makes an image in the folder.
fn make(folder: &Path, maker: &str, arguments: &[&str]) {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let made = Command::new(maker)
        .args(arguments)
        .current_dir(folder)
        .env("PATH", &path)
        .output()
        .unwrap();
    assert!(made.status.success(), "{maker}: {made:?}");
}

/// Replaces a name in an image by another of the same length.
fn rename(image: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(image).unwrap();
    let at = bytes
        .windows(from.len())
        .position(|at| at == from.as_bytes());
    let at = at.unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    fs::write(image, bytes).unwrap();
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
            "mke2fs",
        ),
    ];
    for (maker, arguments, reader) in makers {
        if !has(maker) || !has(reader) {
            eprintln!("skipped: {maker} or {reader} is not installed");
            continue;
        }
        make(root.path(), maker, arguments);
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

/// Image formats, and how to make one without checksums over the names in it.
const MAKERS: [(&str, &[&str], &str); 3] = [
    (
        "mksquashfs",
        &["root", "x", "-quiet", "-no-progress", "-noI"],
        "unsquashfs",
    ),
    ("mkfs.erofs", &["-Enosbcrc", "x", "root"], "fsck.erofs"),
    (
        "mke2fs",
        &[
            "-q",
            "-t",
            "ext4",
            "-O",
            "^metadata_csum,^dir_index,^has_journal",
            "-d",
            "root",
            "x",
            "4M",
        ],
        "mke2fs",
    ),
];

/// Judges an image of the folder's `root`, of each format, one of whose names was replaced. Nothing is
/// to be left in the folder for temporary files, and what lies elsewhere is to stay.
fn judge_renamed(folder: &Path, from: &str, to: &str) {
    for (maker, arguments, reader) in MAKERS {
        if !has(maker) || !has(reader) {
            eprintln!("skipped: {maker} or {reader} is not installed");
            continue;
        }
        let _ = fs::remove_file(folder.join("x"));
        make(folder, maker, arguments);
        rename(&folder.join("x"), from, to);
        let temporary = folder.join("temporary");
        fs::create_dir_all(&temporary).unwrap();
        fs::write(folder.join("victim"), "precious").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ipectl"))
            .args(["image", "p.pol", "x"])
            .current_dir(folder)
            .env("TMPDIR", &temporary)
            .output()
            .unwrap();
        let left: Vec<_> = fs::read_dir(&temporary).unwrap().collect();
        assert!(left.is_empty(), "{maker}: {left:?}");
        let victim = fs::read_to_string(folder.join("victim")).unwrap();
        assert_eq!(victim, "precious", "{maker}");
        assert_eq!(output.status.code(), Some(4), "{maker}: {output:?}");
    }
}

#[test]
fn no_name_in_an_image_leads_out_of_it() {
    let folder = root();
    let escaped = folder.path().join("root/XXXescaped");
    fs::write(escaped, "#!/bin/sh\n").unwrap();
    judge_renamed(folder.path(), "XXXescaped", "../escaped");
}

#[test]
fn no_link_in_an_image_leads_out_of_it() {
    let folder = root();
    let victim = folder.path().join("victim");
    symlink(&victim, folder.path().join("root/aQa")).unwrap();
    fs::write(folder.path().join("root/aRa"), "#!/bin/sh\n").unwrap();
    judge_renamed(folder.path(), "aRa", "aQa");
}

#[test]
fn an_image_that_claims_to_be_large_costs_no_memory() {
    if !has("mke2fs") {
        eprintln!("skipped: mke2fs is not installed");
        return;
    }
    let folder = root();
    make(folder.path(), MAKERS[2].0, MAKERS[2].1);
    let path = folder.path().join("x");
    let mut bytes = fs::read(&path).unwrap();
    // The upper half of the number of blocks.
    bytes[1024 + 0x150..][..4].copy_from_slice(&0x1f00u32.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    let said = reviews(4, folder.path(), "x", &[]);
    assert!(said.contains("shorter than its file system"), "{said}");
}

/// A directory that is its own child, and one that has two names.
#[test]
fn directories_of_an_image_do_not_lead_back() {
    if !has("mke2fs") || !has("debugfs") {
        eprintln!("skipped: mke2fs or debugfs is not installed");
        return;
    }
    let folder = root();
    make(folder.path(), MAKERS[2].0, MAKERS[2].1);
    make(
        folder.path(),
        "debugfs",
        &["-w", "-R", "link /usr /usr/again", "x"],
    );
    make(
        folder.path(),
        "debugfs",
        &["-w", "-R", "link /usr /usr/twice", "x"],
    );
    let said = reviews(4, folder.path(), "x", &[]);
    assert!(said.contains("form a loop"), "{said}");
}

#[test]
fn files_of_an_image_have_their_digests() {
    if !has("mke2fs") {
        eprintln!("skipped: mke2fs is not installed");
        return;
    }
    let folder = root();
    // More than a block, and with a hole.
    let mut long = vec![1; 10_000];
    long.resize(100_000, 0);
    long.extend([2; 5_000]);
    fs::write(folder.path().join("root/usr/bin/tool"), long).unwrap();
    make(folder.path(), MAKERS[2].0, MAKERS[2].1);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut policy = POLICY.to_owned();
    policy += &succeeds(&[
        "digest",
        &path("root/usr/bin"),
        &path("root/usr/lib/libc.so.6"),
    ]);
    fs::write(path("p.pol"), policy).unwrap();
    let said = reviews(1, folder.path(), "x", &["--fsverity"]);
    assert_eq!(said.matches("denied  EXECUTE").count(), 0, "{said}");
}

/// What stands in for unsquashfs looks at who may enter the folder, and who may once the image has
/// said what the permissions of its root are.
#[test]
fn nobody_else_enters_what_was_unpacked() {
    let folder = root();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let program = "#!/bin/sh\n\
        while [ \"$1\" != -dest ]; do shift; done\n\
        mkdir -p \"$2\" && chmod 4777 \"$2\" && stat -c %a \"${2%/*}\" >mode && cp -r root/. \"$2\"\n";
    fs::write(bin.join("unsquashfs"), program).unwrap();
    fs::set_permissions(bin.join("unsquashfs"), PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(folder.path().join("x"), "hsqs").unwrap();
    let run = "umask 022; PATH=\"$PWD/bin:$PATH\"; exec \"$0\" image p.pol x --dmverity-signature";
    let output = Command::new("sh")
        .args(["-c", run, env!("CARGO_BIN_EXE_ipectl")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let mode = fs::read_to_string(folder.path().join("mode")).unwrap();
    assert_eq!(mode.trim(), "700");
}
#[test]
fn what_was_not_read_is_not_judged_well() {
    let folder = root();
    let path = |name: &str| folder.path().join(name);
    // Nothing but what an image of ext4 is known by.
    let mut damaged = vec![0; 1 << 20];
    damaged[1080..1082].copy_from_slice(&[0x53, 0xef]);
    fs::write(path("x"), &damaged).unwrap();
    reviews(4, folder.path(), "x", &["--dmverity-signature"]);
    // fsck.erofs says that the checksum is wrong, and ends as if it were not.
    if has("mkfs.erofs") && has("fsck.erofs") {
        fs::remove_file(path("x")).unwrap();
        make(folder.path(), "mkfs.erofs", &["x", "root"]);
        rename(&path("x"), "script", "SCRIPT");
        let said = reviews(4, folder.path(), "x", &[]);
        assert!(
            said.contains("fsck.erofs") && said.contains("checksum"),
            "{said}"
        );
    }
    fs::create_dir(path("empty")).unwrap();
    let said = reviews(4, folder.path(), "empty", &[]);
    assert!(said.contains("no programs"), "{said}");
}
