// SPDX-License-Identifier: GPL-2.0-only

//! Digests, compared with those of `fsverity` and `veritysetup`, if they are installed.

mod common;

use common::{disk_of, ends_with, has, succeeds};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

/// Some bytes that do not repeat in step with blocks.
fn data(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * at / 251 % 256) as u8).collect()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let mut command = Command::new(program);
    let output = command.args(arguments).env("PATH", path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

const SIZES: [usize; 9] = [
    0,
    1,
    4095,
    4096,
    4097,
    128 * 4096,
    128 * 4096 + 1,
    129 * 4096,
    3_000_000,
];

#[test]
fn empty_file_has_a_digest() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("empty");
    fs::write(&path, "").unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(
        succeeds(&["digest", "--plain", path]),
        format!("sha256:3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95 {path}\n")
    );
}

#[test]
fn digests_are_those_of_fsverity() {
    if !has("fsverity") {
        eprintln!("skipped: fsverity is not installed");
        return;
    }
    let directory = TempDir::new().unwrap();
    for size in SIZES {
        let path = directory.path().join(size.to_string());
        fs::write(&path, data(size)).unwrap();
        let path = path.to_str().unwrap();
        for (ours, theirs) in [
            (vec![], vec![]),
            (vec!["--algorithm", "sha512"], vec!["--hash-alg=sha512"]),
            (
                vec!["--block-size", "1024", "--salt", "0102030405"],
                vec!["--block-size=1024", "--salt=0102030405"],
            ),
            (
                vec!["--algorithm", "sha512", "--salt", "ff"],
                vec!["--hash-alg=sha512", "--salt=ff"],
            ),
        ] {
            let ours = succeeds(&[vec!["digest", "--plain", path], ours].concat());
            let theirs = run("fsverity", &[vec!["digest"], theirs, vec![path]].concat());
            assert_eq!(ours, theirs);
        }
    }
}

/// The root hash that `veritysetup format` prints.
fn format(data: &str, hashes: &str, options: &[&str]) -> String {
    let said = run(
        "veritysetup",
        &[&["format", data, hashes], options].concat(),
    );
    let line = said.lines().find(|line| line.starts_with("Root hash:"));
    line.unwrap().split_whitespace().last().unwrap().to_owned()
}

fn volume(arguments: &[&str]) -> String {
    let said = succeeds(&[&["digest", "--plain", "--volume"], arguments].concat());
    said.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn root_hashes_are_those_of_veritysetup() {
    if !has("veritysetup") {
        eprintln!("skipped: veritysetup is not installed");
        return;
    }
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (image, hashes) = (path("image"), path("hashes"));
    for blocks in [1, 2, 127, 128, 129, 700] {
        fs::write(&image, data(blocks * 4096)).unwrap();
        for (algorithm, options) in [
            ("sha256", vec![]),
            ("sha512", vec!["--hash=sha512"]),
            ("sha384", vec!["--hash=sha384", "--salt=-"]),
            ("sha256", vec!["--data-block-size=1024", "--salt=0badcafe"]),
        ] {
            let _ = fs::remove_file(&hashes);
            let expected = format!("{algorithm}:{}", format(&image, &hashes, &options));
            assert_eq!(volume(&[&image, "--hashes", &hashes]), expected);
        }

        // Data and hashes in one file, as images are shipped.
        let offset = (blocks * 4096).to_string();
        let blocks = blocks.to_string();
        let options = ["--hash-offset", &offset, "--data-blocks", &blocks];
        let expected = format!("sha256:{}", format(&image, &image, &options));
        assert_eq!(volume(&[&image, "--hash-offset", &offset]), expected);
    }
}

#[test]
fn volume_without_superblock_is_described() {
    if !has("veritysetup") {
        eprintln!("skipped: veritysetup is not installed");
        return;
    }
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (image, hashes) = (path("image"), path("hashes"));
    let blocks = 129;
    fs::write(&image, data(blocks * 4096)).unwrap();
    let root = format(
        &image,
        &hashes,
        &["--no-superblock", "--salt=0badcafe", "--hash=sha512"],
    );
    let given = [
        &image,
        "--no-superblock",
        "--salt",
        "0badcafe",
        "--algorithm",
        "sha512",
    ];
    assert_eq!(volume(&given), format!("sha512:{root}"));
    let small = [
        "--no-superblock",
        "--salt=-",
        "--data-block-size=1024",
        "--hash-block-size=1024",
    ];
    let expected = format!("sha256:{}", format(&image, &hashes, &small));
    let given = [
        &image,
        "--no-superblock",
        "--data-block-size",
        "1024",
        "--hash-block-size",
        "1024",
    ];
    assert_eq!(volume(&given), expected);

    // The kernel's command line names it.
    let table = |root: &str| {
        let target = format!("verity 1 8:1 8:2 4096 4096 {blocks} 1 sha512 {root} 0badcafe");
        format!(
            "quiet dm-mod.create=\"root,,,ro,0 {} {target}\"",
            blocks * 8
        )
    };
    assert_eq!(
        volume(&[&image, "--table", &table(&root)]),
        format!("sha512:{root}")
    );
    let other = "0".repeat(root.len());
    let said = ends_with(
        4,
        &["digest", "--volume", &image, "--table", &table(&other)],
    );
    assert!(said.contains("but the table names"), "{said}");
    let said = ends_with(2, &["digest", "--volume", &image, "--salt", "00"]);
    assert!(said.contains("--no-superblock"), "{said}");

    // Hashes behind the data.
    let mut both = fs::read(&image).unwrap();
    both.extend(data(4096));
    fs::write(&hashes, both).unwrap();
    let offset = (blocks * 4096).to_string();
    let expected = volume(&[&image, "--no-superblock"]);
    assert_eq!(
        volume(&[&hashes, "--no-superblock", "--hash-offset", &offset]),
        expected
    );
}

#[test]
fn file_without_superblock_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("image");
    fs::write(&path, data(8192)).unwrap();
    let said = ends_with(4, &["digest", "--volume", path.to_str().unwrap()]);
    assert!(said.contains("no dm-verity superblock"), "{said}");
    assert!(said.contains("--no-superblock"), "{said}");
}

#[test]
fn directory_becomes_rules_that_load() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("bin")).unwrap();
    fs::write(directory.path().join("bin/b"), "b").unwrap();
    fs::write(directory.path().join("a"), "a").unwrap();
    std::os::unix::fs::symlink("a", directory.path().join("link")).unwrap();
    let path = directory.path().to_str().unwrap();
    let rules = succeeds(&["digest", "--op", "kmodule", path]);
    assert_eq!(
        rules.matches("op=KMODULE fsverity_digest=sha256:").count(),
        2
    );
    let policy = format!("policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n{rules}");
    let run = common::ipectl(&["check", "--strict", "-"], policy.as_bytes());
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(Path::new(path).join("a").exists());
}

#[test]
fn tree_is_compared_with_the_data() {
    if !has("veritysetup") {
        eprintln!("skipped: veritysetup is not installed");
        return;
    }
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (image, hashes) = (path("image"), path("hashes"));
    // Three levels: 128 hashes are in a block.
    fs::write(&image, data(128 * 128 * 512 + 512)).unwrap();
    let sizes = ["--data-block-size=512", "--hash-block-size=4096"];
    let expected = format!("sha256:{}", format(&image, &hashes, &sizes));
    let whole = ["digest", "--plain", "--volume", &image, "--hashes", &hashes];
    assert!(succeeds(&whole).starts_with(&expected));
    let good = fs::read(&hashes).unwrap();
    // The superblock, the root, two blocks of the next level, 129 of the lowest.
    assert_eq!(good.len(), 4096 * (1 + 1 + 2 + 129));
    for block in [1, 2, 3, 4, 4 + 128] {
        let mut bad = good.clone();
        bad[4096 * block + 7] ^= 1;
        fs::write(&hashes, bad).unwrap();
        let said = ends_with(4, &whole);
        assert!(
            said.contains(&format!("block {block} of the hashes")),
            "{said}"
        );
    }
    fs::write(&hashes, &good[..good.len() - 1]).unwrap();
    let said = ends_with(4, &whole);
    assert!(said.contains("block 132 of the hashes"), "{said}");
    assert!(said.contains("is the image complete"), "{said}");
    fs::write(&hashes, &good).unwrap();
    fs::write(&image, data(128 * 128 * 512 + 511)).unwrap();
    let said = ends_with(4, &whole);
    assert!(said.contains("shorter than its description"), "{said}");
}

#[test]
fn superblock_that_covers_less_is_named() {
    if !has("veritysetup") {
        eprintln!("skipped: veritysetup is not installed");
        return;
    }
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (image, hashes) = (path("image"), path("hashes"));
    fs::write(&image, data(20 * 4096)).unwrap();
    format(&image, &hashes, &["--data-blocks=12"]);
    let said = succeeds(&["digest", "--volume", &image, "--hashes", &hashes]);
    assert!(said.contains("covers 49152 of 81920 bytes"), "{said}");
    let json = succeeds(&["digest", "--json", "--volume", &image, "--hashes", &hashes]);
    assert!(
        json.contains("\"warning\": \"the superblock covers"),
        "{json}"
    );
    fs::write(&image, data(12 * 4096 + 511)).unwrap();
    let said = succeeds(&["digest", "--volume", &image, "--hashes", &hashes]);
    assert!(!said.contains("warning"), "{said}");
    let options = ["--hash-offset=65536", "--data-blocks=12"];
    format(&image, &image, &options);
    let said = succeeds(&["digest", "--volume", &image, "--hash-offset", "65536"]);
    assert!(said.contains("covers 49152 of 65536 bytes"), "{said}");
}

#[test]
fn volume_is_found_in_a_partition() {
    if !has("veritysetup") {
        eprintln!("skipped: veritysetup is not installed");
        return;
    }
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (image, hashes, disk) = (path("image"), path("hashes"), path("disk"));
    fs::write(&image, data(300 * 4096)).unwrap();
    let root = format!("sha256:{}", format(&image, &hashes, &[]));
    let (image, hashes) = (fs::read(&image).unwrap(), fs::read(&hashes).unwrap());
    let partitions = [
        ("esp", &b"x"[..]),
        ("root", &image),
        ("root-verity", &hashes),
    ];
    for sector in [512, 4096] {
        fs::write(&disk, disk_of(sector, &partitions)).unwrap();
        for (data, tree) in [("2", "3"), ("root", "root-verity")] {
            let options = [&disk, "--partition", data, "--hash-partition", tree];
            assert_eq!(volume(&options), root);
        }
    }
    let said = ends_with(4, &["digest", "--volume", &disk]);
    assert!(said.contains("a partition table (GPT)"), "{said}");
    assert!(
        said.contains("1 (esp), 2 (root), 3 (root-verity)"),
        "{said}"
    );
    for (partition, reason) in [
        ("4", "no partition 4"),
        ("boot", "no partition boot"),
        ("", "no partition"),
        ("esp", "no dm-verity superblock"),
    ] {
        let said = ends_with(4, &["digest", "--volume", &disk, "--partition", partition]);
        assert!(said.contains(reason), "{partition}: {said}");
    }
    fs::write(&disk, disk_of(512, &[("a", b"x"), ("a", b"y")])).unwrap();
    let said = ends_with(4, &["digest", "--volume", &disk, "--partition", "a"]);
    assert!(said.contains("several partitions fit a"), "{said}");
    // Damaged, cut off, and not what the reader of the table expects.
    let good = disk_of(512, &partitions);
    let table = 512 + 88;
    let mut bad = good.clone();
    bad[table] ^= 1;
    fs::write(&disk, bad).unwrap();
    let said = ends_with(4, &["digest", "--volume", &disk, "--partition", "root"]);
    assert!(
        said.contains("the partition table (GPT) is damaged"),
        "{said}"
    );
    let mut bad = good.clone();
    bad[512 + 84..512 + 88].copy_from_slice(&256u32.to_le_bytes());
    bad[512 + 16..512 + 20].fill(0);
    let checksum = crc32(&bad[512..512 + 92]);
    bad[512 + 16..512 + 20].copy_from_slice(&checksum.to_le_bytes());
    fs::write(&disk, bad).unwrap();
    let said = ends_with(4, &["digest", "--volume", &disk, "--partition", "root"]);
    assert!(said.contains("unknown form"), "{said}");
    fs::write(&disk, &good[..1 << 20]).unwrap();
    let said = ends_with(4, &["digest", "--volume", &disk, "--partition", "root"]);
    assert!(said.contains("lies beyond the end"), "{said}");
    fs::write(&disk, &image).unwrap();
    let said = ends_with(4, &["digest", "--volume", &disk, "--partition", "root"]);
    assert!(said.contains("no partition table"), "{said}");
}

/// The checksum of a GPT.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(sum & 1))
        })
    })
}
