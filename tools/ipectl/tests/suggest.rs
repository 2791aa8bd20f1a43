// SPDX-License-Identifier: GPL-2.0-only

//! Suggested rules allow what was denied, and nothing else of a control set.

use ipe_policy::policy::{Action, Operation, Providers};
use ipectl::{
    audit::{self, Access, Record},
    command::suggest::show,
    failure::Status,
    object::{Digest, Object},
    output::Output,
    policy::Policy,
    progress::Progress,
    suggest::{Denials, Knowledge, Outcome, Volume},
};
use rustix::fs::{mknodat, FileType, Mode, CWD};
use std::{
    fs,
    os::unix::fs::{symlink, MetadataExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;

const LOG: &str = include_str!("fixtures/suggest/audit.log");
const HASH: &str = "sha256:cd2c5bae7c6c579edaae4353049d58eb5f2e8be0244bf05345bc8e5ed257baff";

fn suggest(records: &[Access], knowledge: &Knowledge) -> Outcome {
    let mut denials = Denials::default();
    for record in records {
        denials.add(&Record::from(record));
    }
    denials.suggest(knowledge)
}

fn policy(knowledge: &Knowledge) -> Policy {
    let records: Vec<_> = LOG
        .lines()
        .filter_map(|l| audit::parse(l.as_bytes()).record())
        .collect();
    assert_eq!(records.len(), 11);
    let mut text = "policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n".to_owned();
    for suggestion in suggest(&records, knowledge).rules {
        text += &suggestion.rule;
        text.push('\n');
    }
    Policy::compile(text.as_bytes(), Providers::ALL).unwrap()
}

#[test]
fn suggestions_allow_what_was_denied_and_no_more() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/suggest/root");
    let volume = |text| Volume::parse(text).unwrap();
    let named = format!("dm-0={HASH}");
    let tool =
        Digest::parse("sha256:d6c3c2d4b0a6a9ad6a6ea1e2cb8f9b5ff6ef1f0f5b7a5f5cf8f3a7c1b7a8f6a1");
    let digest = ipectl::digest::of_file(
        &root.join("opt/tool"),
        &Default::default(),
        &Progress::new(0),
    )
    .unwrap();
    assert_ne!(tool, Ok(digest));

    let object = |change: fn(&mut Object)| {
        let mut object = Object::default();
        change(&mut object);
        object
    };
    let signed = object(|object| object.dmverity_signature = true);
    let initramfs = object(|object| object.boot_verified = true);
    let of_volume = Object {
        dmverity_roothash: Digest::parse(HASH).ok(),
        ..Object::default()
    };
    let of_tool = Object {
        fsverity_digest: Some(digest),
        ..Object::default()
    };
    let of_other = Object {
        fsverity_digest: tool.ok(),
        ..Object::default()
    };

    let nothing = Object::default();
    for (trust, volume, other_volume) in [
        (volume("dm-0=signed"), &signed, &of_volume),
        (volume(&named), &of_volume, &signed),
    ] {
        let policy = policy(&Knowledge {
            volumes: vec![trust],
            root: Some(root.clone()),
            ..Knowledge::default()
        });
        let decide = |operation, object| policy.evaluate(operation, object).action;
        for object in [volume, &initramfs, &of_tool] {
            assert_eq!(decide(Operation::Execute, object), Action::Allow);
        }
        assert_eq!(decide(Operation::KernelModule, volume), Action::Allow);

        for object in [other_volume, &of_other, &nothing] {
            assert_eq!(decide(Operation::Execute, object), Action::Deny);
        }
        assert_eq!(decide(Operation::KernelModule, &of_tool), Action::Deny);
        assert_eq!(decide(Operation::Firmware, volume), Action::Deny);
    }
}

#[test]
fn nothing_is_suggested_without_knowledge() {
    let policy = policy(&Knowledge::default());
    // Only files of the initramfs need no further knowledge.
    let rules: Vec<_> = policy
        .lines()
        .iter()
        .filter_map(|line| line.rule().map(|_| line.position.line))
        .collect();
    assert_eq!(rules.len(), 1);
}

/// The record of a denied file.
fn denied(path: &str, inode: u64, program: &str) -> Access {
    Access {
        operation: "EXECUTE".to_owned(),
        comm: Some(program.to_owned()),
        path: Some(path.to_owned()),
        device: Some("vda".to_owned()),
        inode: Some(inode),
        rule: "DEFAULT action=DENY".to_owned(),
        ..Access::default()
    }
}

/// Returns the suggestions for files in a directory.
fn below(root: &Path, records: &[Access]) -> Outcome {
    let knowledge = Knowledge {
        root: Some(root.to_owned()),
        ..Knowledge::default()
    };
    suggest(records, &knowledge)
}

fn shown(outcome: &Outcome) -> String {
    let mut text = Vec::new();
    show(outcome, &mut Output::new(&mut text, false, false)).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn only_files_of_the_root_are_read() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(directory.path().join("secret"), "").unwrap();
    fs::write(root.join("file"), "").unwrap();
    symlink(directory.path().join("secret"), root.join("out")).unwrap();
    symlink("../secret", root.join("up")).unwrap();
    symlink("/", root.join("top")).unwrap();
    mknodat(CWD, root.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();

    let outside = directory.path().join("secret");
    let outside = outside.to_str().unwrap();
    for path in [
        "/../secret",
        "/../../../../../../../../etc/passwd",
        &format!("/..{outside}"),
        &format!("/top{outside}"),
        "/out",
        "/up",
        "/fifo",
        "/",
        "",
        "/proc/self/root/etc/passwd",
    ] {
        let outcome = below(&root, &[denied(path, 1, "sh")]);
        assert!(outcome.rules.is_empty(), "{path}: {:?}", outcome.rules);
        assert_eq!(outcome.undecided.len(), 1, "{path}");
    }
    for path in ["/file", "/../file", "/top/file"] {
        let outcome = below(&root, &[denied(path, 1, "sh")]);
        assert_eq!(outcome.rules.len(), 1, "{path}: {:?}", outcome.undecided);
        // Its inode there says nothing of that on the device.
        assert!(!shown(&outcome).contains("warning"));
    }
}

#[test]
fn replaced_file_is_pointed_out() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "").unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    let path = fs::canonicalize(path).unwrap();
    let path = path.to_str().unwrap();
    for (records, replaced) in [
        (vec![denied(path, inode, "sh")], false),
        (vec![denied(path, inode + 1, "sh")], true),
        (
            vec![denied(path, inode + 1, "sh"), denied(path, inode, "sh")],
            false,
        ),
    ] {
        let outcome = below(Path::new("/"), &records);
        assert_eq!(outcome.rules.len(), 1, "{:?}", outcome.undecided);
        let warned = format!("#   warning: another file is there now (inode {inode})");
        assert_eq!(shown(&outcome).contains(&warned), replaced, "{inode}");
    }
}

#[test]
fn few_of_many_programs_are_shown() {
    let start = Instant::now();
    let records: Vec<_> = (0..100_000)
        .map(|number| denied("/x", 1, &format!("{number:06}")))
        .collect();
    let outcome = suggest(&records, &Knowledge::default());
    assert_eq!(outcome.undecided[0].evidence[0].programs.len(), 100_000);
    let text = shown(&outcome);
    let line = text.lines().find(|line| line.contains("/x")).unwrap();
    assert!(line.contains("000006, 000007 and 99992 more:"), "{line}");
    // Quadratic time would be minutes.
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn number_of_files_is_bounded() {
    const FILES: usize = 1 << 17;
    let mut denials = Denials::default();
    for number in 0..FILES + 3 {
        let path = format!("/tmp/{number}");
        let record = denied(&path, 1, &format!("program{number}"));
        denials.add(&Record::from(&record));
        // Programs choose their names, too.
        let record = denied("/tmp/0", 1, &format!("program{number}"));
        denials.add(&Record::from(&record));
    }
    let outcome = denials.suggest(&Knowledge::default());
    assert_eq!((outcome.denials, outcome.left_out), (2 * (FILES + 3), 3));
    let files = outcome.undecided.iter().flat_map(|one| &one.evidence);
    let (count, programs) = files.fold((0, 0), |(count, programs), file| {
        (count + 1, programs + file.programs.len())
    });
    assert_eq!((count, programs), (FILES, 1 << 17));
    let text = shown(&outcome);
    assert!(text.contains("# 3 denials left out"), "{text:.300}");
    let mut json = Vec::new();
    let status = show(&outcome, &mut Output::new(&mut json, false, true));
    assert_eq!(status.unwrap(), Status::Findings);
    assert!(String::from_utf8(json)
        .unwrap()
        .contains("\"left_out\": 3,"));
}
