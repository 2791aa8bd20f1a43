// SPDX-License-Identifier: GPL-2.0-only

//! Root file systems in directories, and in images if their tools are installed.

mod common;

use common::{disk_of, ends_with, has, succeeds};
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
    let directory = TempDir::new().unwrap();
    let file = |name: &str, content: &[u8], mode| {
        let path = directory.path().join("root").join(name);
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
    fs::write(directory.path().join("p.pol"), POLICY).unwrap();
    directory
}

const SUMMARY: &str = "            allowed   denied\n\
    programs          2        0\n\
    libraries         1        0\n\
    modules           1        0\n\
    firmware          0        1\n";

fn image(directory: &Path, name: &str, more: &[&str]) -> Vec<String> {
    let path = |name| directory.join(name).to_str().unwrap().to_owned();
    let arguments = ["image".to_owned(), path("p.pol"), path(name)].into_iter();
    arguments
        .chain(more.iter().map(|more| more.to_string()))
        .collect()
}

fn reviews(code: i32, directory: &Path, name: &str, more: &[&str]) -> String {
    let arguments = image(directory, name, more);
    ends_with(
        code,
        &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
    )
}

#[test]
fn directory_is_judged() {
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
fn fsverity_digests_are_computed() {
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
    // Without fs-verity, no digest matches.
    let said = reviews(1, root.path(), "root", &[]);
    assert_eq!(said.matches("denied  EXECUTE").count(), 3);
}

/// Makes an image in the directory.
fn make(directory: &Path, maker: &str, arguments: &[&str]) {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let made = Command::new(maker)
        .args(arguments)
        .current_dir(directory)
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
fn images_of_each_format_are_judged() {
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

/// Judges an image of the directory's `root`, of each format, one of whose names was replaced. Nothing is
/// to be left in the directory for temporary files, and what lies elsewhere is to stay.
fn judge_renamed(directory: &Path, from: &str, to: &str) {
    for (maker, arguments, reader) in MAKERS {
        if !has(maker) || !has(reader) {
            eprintln!("skipped: {maker} or {reader} is not installed");
            continue;
        }
        let _ = fs::remove_file(directory.join("x"));
        make(directory, maker, arguments);
        rename(&directory.join("x"), from, to);
        let temporary = directory.join("temporary");
        fs::create_dir_all(&temporary).unwrap();
        fs::write(directory.join("victim"), "precious").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ipectl"))
            .args(["image", "p.pol", "x"])
            .current_dir(directory)
            .env("TMPDIR", &temporary)
            .output()
            .unwrap();
        let left: Vec<_> = fs::read_dir(&temporary).unwrap().collect();
        assert!(left.is_empty(), "{maker}: {left:?}");
        let victim = fs::read_to_string(directory.join("victim")).unwrap();
        assert_eq!(victim, "precious", "{maker}");
        assert_eq!(output.status.code(), Some(4), "{maker}: {output:?}");
    }
}

#[test]
fn no_name_in_an_image_leads_out_of_it() {
    let directory = root();
    let escaped = directory.path().join("root/to_escaped");
    fs::write(escaped, "#!/bin/sh\n").unwrap();
    judge_renamed(directory.path(), "to_escaped", "../escaped");
}

#[test]
fn no_link_in_an_image_leads_out_of_it() {
    let directory = root();
    let victim = directory.path().join("victim");
    symlink(&victim, directory.path().join("root/aQa")).unwrap();
    fs::write(directory.path().join("root/aRa"), "#!/bin/sh\n").unwrap();
    judge_renamed(directory.path(), "aRa", "aQa");
}

#[test]
fn image_that_claims_to_be_large_is_refused() {
    if !has("mke2fs") {
        eprintln!("skipped: mke2fs is not installed");
        return;
    }
    let directory = root();
    make(directory.path(), MAKERS[2].0, MAKERS[2].1);
    let path = directory.path().join("x");
    let mut bytes = fs::read(&path).unwrap();
    // The upper half of the number of blocks.
    bytes[1024 + 0x150..][..4].copy_from_slice(&0x1f00u32.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    let said = reviews(4, directory.path(), "x", &[]);
    assert!(said.contains("shorter than its file system"), "{said}");
}

/// A directory that is its own child, and one that has two names.
#[test]
fn loop_of_directories_is_refused() {
    if !has("mke2fs") || !has("debugfs") {
        eprintln!("skipped: mke2fs or debugfs is not installed");
        return;
    }
    let directory = root();
    make(directory.path(), MAKERS[2].0, MAKERS[2].1);
    make(
        directory.path(),
        "debugfs",
        &["-w", "-R", "link /usr /usr/again", "x"],
    );
    make(
        directory.path(),
        "debugfs",
        &["-w", "-R", "link /usr /usr/twice", "x"],
    );
    let said = reviews(4, directory.path(), "x", &[]);
    assert!(said.contains("form a loop"), "{said}");
}

#[test]
fn digests_of_files_in_an_image_are_computed() {
    if !has("mke2fs") {
        eprintln!("skipped: mke2fs is not installed");
        return;
    }
    let directory = root();
    // More than a block, and with a hole.
    let mut long = vec![1; 10_000];
    long.resize(100_000, 0);
    long.extend([2; 5_000]);
    fs::write(directory.path().join("root/usr/bin/tool"), long).unwrap();
    make(directory.path(), MAKERS[2].0, MAKERS[2].1);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let mut policy = POLICY.to_owned();
    policy += &succeeds(&[
        "digest",
        &path("root/usr/bin"),
        &path("root/usr/lib/libc.so.6"),
    ]);
    fs::write(path("p.pol"), policy).unwrap();
    let said = reviews(1, directory.path(), "x", &["--fsverity"]);
    assert_eq!(said.matches("denied  EXECUTE").count(), 0, "{said}");
}

/// A stand-in for unsquashfs reports the permissions of the directory, and those after the image
/// has
/// set the permissions of its root.
#[test]
fn unpacked_files_are_private() {
    let directory = root();
    let bin = directory.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let program = "#!/bin/sh\n\
        while [ \"$1\" != -dest ]; do shift; done\n\
        mkdir -p \"$2\" && chmod 4777 \"$2\" && stat -c %a \"${2%/*}\" >mode && cp -r root/. \"$2\"\n";
    fs::write(bin.join("unsquashfs"), program).unwrap();
    fs::set_permissions(bin.join("unsquashfs"), PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(directory.path().join("x"), "hsqs").unwrap();
    let run = "umask 022; PATH=\"$PWD/bin:$PATH\"; exec \"$0\" image p.pol x --dmverity-signature";
    let output = Command::new("sh")
        .args(["-c", run, env!("CARGO_BIN_EXE_ipectl")])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let mode = fs::read_to_string(directory.path().join("mode")).unwrap();
    assert_eq!(mode.trim(), "700");
}
#[test]
fn damaged_image_is_refused() {
    let directory = root();
    let path = |name: &str| directory.path().join(name);
    // Nothing but what an image of ext4 is known by.
    let mut damaged = vec![0; 1 << 20];
    damaged[1080..1082].copy_from_slice(&[0x53, 0xef]);
    fs::write(path("x"), &damaged).unwrap();
    reviews(4, directory.path(), "x", &["--dmverity-signature"]);
    // fsck.erofs says that the checksum is wrong, and ends as if it were not.
    if has("mkfs.erofs") && has("fsck.erofs") {
        fs::remove_file(path("x")).unwrap();
        make(directory.path(), "mkfs.erofs", &["x", "root"]);
        rename(&path("x"), "script", "SCRIPT");
        let said = reviews(4, directory.path(), "x", &[]);
        assert!(
            said.contains("fsck.erofs") && said.contains("checksum"),
            "{said}"
        );
    }
    fs::create_dir(path("empty")).unwrap();
    let said = reviews(4, directory.path(), "empty", &[]);
    assert!(said.contains("no programs"), "{said}");
}

/// Only root may make device nodes, so unsquashfs says that it cannot.
#[test]
fn squashfs_with_device_nodes_is_judged() {
    if !has("mksquashfs") || !has("unsquashfs") {
        eprintln!("skipped: squashfs-tools is not installed");
        return;
    }
    let root = root();
    let image = ["root", "x", "-quiet", "-no-progress"];
    let nodes = ["-p", "dev d 755 0 0", "-p", "dev/console c 600 0 0 5 1"];
    let more = ["-p", "dev/sda b 600 0 0 8 0"];
    make(
        root.path(),
        "mksquashfs",
        &[&image[..], &nodes, &more].concat(),
    );
    let said = reviews(1, root.path(), "x", &["--dmverity-signature"]);
    assert!(said.ends_with(SUMMARY), "{said}");
}

/// Runs a shell command in the directory.
fn shell(directory: &Path, command: &str) {
    make(directory, "sh", &["-ec", command]);
}

/// A program of UEFI with these sections.
fn program_of_uefi(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; 0x80];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x80;
    bytes.extend(b"PE\0\0\x64\x86");
    bytes.extend((sections.len() as u16).to_le_bytes());
    bytes.resize(0x80 + 24, 0);
    let mut start = bytes.len() + 40 * sections.len();
    for (name, content) in sections {
        let mut header = name.as_bytes().to_vec();
        header.resize(8, 0);
        let padded = content.len().next_multiple_of(512);
        for number in [content.len(), 0, padded, start] {
            header.extend((number as u32).to_le_bytes());
        }
        header.resize(40, 0);
        bytes.extend(header);
        start += padded;
    }
    for (_, content) in sections {
        bytes.extend(*content);
        bytes.resize(
            bytes.len() + content.len().next_multiple_of(512) - content.len(),
            0,
        );
    }
    bytes
}

#[test]
fn initramfs_is_judged() {
    if !has("cpio") {
        eprintln!("skipped: cpio is not installed");
        return;
    }
    let directory = root();
    let path = |name: &str| directory.path().join(name);
    fs::write(
        path("p.pol"),
        POLICY.replace("dmverity_signature", "boot_verified"),
    )
    .unwrap();
    shell(
        directory.path(),
        "mkdir -p early/kernel/x86/microcode && echo x >early/kernel/x86/microcode/x.bin
         (cd early && find . | cpio --quiet -o -H newc) >early.cpio
         (cd root && find . | cpio --quiet -o -H newc) >x.cpio
         gzip -nk x.cpio && cat early.cpio x.cpio.gz >row.cpio && cat x.cpio.gz x.cpio.gz >gz.cpio",
    );
    let mut images = vec!["x.cpio", "x.cpio.gz", "row.cpio", "gz.cpio"];
    for (program, image, arguments) in [
        ("zstd", "x.zst", "zstd -qc"),
        ("xz", "x.xz", "xz -c --check=crc32"),
        ("xz", "x.lzma", "xz -c --format=lzma"),
        ("lz4", "x.lz4", "lz4 -lqc"),
        ("bzip2", "x.bz2", "bzip2 -c"),
    ] {
        if !has(program) {
            eprintln!("skipped: {program} is not installed");
            continue;
        }
        shell(directory.path(), &format!("{arguments} <x.cpio >{image}"));
        images.push(image);
    }
    let initramfs = fs::read(path("row.cpio")).unwrap();
    let program = program_of_uefi(&[(".osrel", b"NAME=x"), (".initrd", &initramfs)]);
    fs::write(path("x.efi"), program).unwrap();
    images.push("x.efi");
    for image in images {
        let said = reviews(1, directory.path(), image, &["--boot-verified"]);
        assert!(said.ends_with(SUMMARY), "{image}: {said}");
        let said = reviews(1, directory.path(), image, &[]);
        assert_eq!(said.matches("denied  ").count(), 5, "{image}: {said}");
    }

    for (name, content, reason) in [
        (
            "no.efi",
            program_of_uefi(&[(".linux", b"x")]),
            "without an initramfs",
        ),
        (
            "two.efi",
            program_of_uefi(&[(".initrd", b"x"), (".initrd", b"y")]),
            "several profiles",
        ),
        ("cut.efi", b"MZ".to_vec(), "damaged or cut off"),
        (
            "cut.cpio",
            initramfs[..initramfs.len() / 2].to_vec(),
            "cut.cpio",
        ),
    ] {
        fs::write(path(name), content).unwrap();
        let said = reviews(4, directory.path(), name, &[]);
        assert!(said.contains(reason), "{name}: {said}");
    }
}

#[test]
fn disk_with_partitions_is_named() {
    let directory = root();
    let write = |disk: &[u8]| fs::write(directory.path().join("x"), disk).unwrap();
    write(&disk_of(512, &[("esp", b"x"), ("root", b"y")]));
    let said = reviews(4, directory.path(), "x", &[]);
    assert!(said.contains("a partition table (GPT)"), "{said}");
    assert!(
        said.contains("--partition: it has 1 (esp), 2 (root)"),
        "{said}"
    );
    let mut disk = vec![0; 1 << 21];
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    write(&disk);
    let said = reviews(4, directory.path(), "x", &[]);
    assert!(said.contains("neither a directory nor an image"), "{said}");
    disk[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0]);
    write(&disk);
    let said = reviews(4, directory.path(), "x", &[]);
    assert!(said.contains("a partition table (MBR)"), "{said}");
    assert!(said.contains("it has 1\n"), "{said}");
}

#[test]
fn partition_is_judged_like_its_image() {
    let directory = root();
    for (program, arguments) in [
        ("mksquashfs", "root fs -quiet -no-progress"),
        ("mkfs.erofs", "--quiet fs root"),
        ("mke2fs", "-q -t ext4 -d root fs 4M"),
    ] {
        if !has(program) {
            eprintln!("skipped: {program} is not installed");
            continue;
        }
        let arguments: Vec<_> = arguments.split(' ').collect();
        make(directory.path(), program, &arguments);
        let image = fs::read(directory.path().join("fs")).unwrap();
        fs::remove_file(directory.path().join("fs")).unwrap();
        let path = directory.path().join("x");
        let partitions = [("esp", &b"x"[..]), ("root", &image)];
        fs::write(&path, disk_of(512, &partitions)).unwrap();
        for partition in ["2", "root"] {
            let options = ["--dmverity-signature", "--partition", partition];
            let said = reviews(1, directory.path(), "x", &options);
            assert!(said.ends_with(SUMMARY), "{program}: {said}");
        }
        let said = reviews(4, directory.path(), "x", &["--partition", "esp"]);
        assert!(said.contains("x, partition 1: neither"), "{said}");
        // The same without names.
        let mut disk = vec![0; 1 << 20];
        disk.extend(&image);
        disk.resize(disk.len().next_multiple_of(512), 0);
        disk[510..512].copy_from_slice(&[0x55, 0xaa]);
        let length = (image.len().div_ceil(512) as u32).to_le_bytes();
        disk[462 + 4] = 0x83;
        disk[462 + 8..462 + 12].copy_from_slice(&2048u32.to_le_bytes());
        disk[462 + 12..462 + 16].copy_from_slice(&length);
        fs::write(&path, disk).unwrap();
        let options = ["--dmverity-signature", "--partition", "2"];
        let said = reviews(1, directory.path(), "x", &options);
        assert!(said.ends_with(SUMMARY), "{program}: {said}");
    }
}

#[test]
fn erofs_image_that_cannot_be_read_says_why() {
    if !has("mkfs.erofs") || !has("fsck.erofs") {
        eprintln!("skipped: erofs-utils is not installed");
        return;
    }
    let directory = root();
    make(directory.path(), "mkfs.erofs", &["-Enosbcrc", "x", "root"]);
    let path = directory.path().join("x");
    let good = fs::read(&path).unwrap();
    let mut devices = good.clone();
    devices[1024 + 86] = 2;
    fs::write(&path, devices).unwrap();
    let said = reviews(4, directory.path(), "x", &[]);
    assert!(said.contains("in 2 more files or devices"), "{said}");
    assert!(said.contains("do not hold for what is elsewhere"), "{said}");
    let said = ends_with(4, &["digest", "--images", path.to_str().unwrap()]);
    assert!(said.contains("the digest never counts"), "{said}");
    let mut new = good;
    new[1024 + 83] = 0x40;
    fs::write(&path, new).unwrap();
    let said = reviews(7, directory.path(), "x", &[]);
    assert!(said.contains("erofs-utils is too old"), "{said}");
}

#[test]
fn image_that_is_mounted_from_a_file_has_its_digest() {
    if !has("mkfs.erofs") || !has("fsck.erofs") {
        eprintln!("skipped: erofs-utils is not installed");
        return;
    }
    let directory = root();
    make(directory.path(), "mkfs.erofs", &["--quiet", "x", "root"]);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let rules = succeeds(&["digest", "--images", &path("x")]);
    let policy = format!("policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n{rules}");
    fs::write(path("p.pol"), policy).unwrap();
    let said = reviews(1, directory.path(), "x", &["--file"]);
    assert!(said.contains("programs          2        0"), "{said}");
    let said = reviews(1, directory.path(), "x", &[]);
    assert!(said.contains("programs          0        2"), "{said}");
    fs::write(path("y"), vec![0; 4096]).unwrap();
    let said = reviews(4, directory.path(), "y", &["--file"]);
    assert!(said.contains("not an image of EROFS"), "{said}");
}
