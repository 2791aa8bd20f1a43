// SPDX-License-Identifier: GPL-2.0-only

//! A replaced file keeps its attributes, and inputs are never overwritten.

use super::*;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

#[test]
fn links_and_permissions_are_kept() {
    let directory = TempDir::new().unwrap();
    let path = |name| directory.path().join(name);
    fs::create_dir(path("below")).unwrap();
    fs::write(path("below/file"), "old").unwrap();
    fs::set_permissions(path("below/file"), Permissions::from_mode(0o640)).unwrap();
    symlink("below/file", path("link")).unwrap();
    write(&path("link"), b"new").unwrap();
    assert!(path("link").is_symlink());
    assert_eq!(fs::read(path("below/file")).unwrap(), b"new");
    let mode = fs::metadata(path("below/file")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o640);

    symlink("below/made", path("dangling")).unwrap();
    write(&path("dangling"), b"new").unwrap();
    assert_eq!(fs::read(path("below/made")).unwrap(), b"new");

    // The same as for any other new file.
    write(&path("one"), b"new").unwrap();
    fs::write(path("other"), b"new").unwrap();
    let mode = |name| fs::metadata(path(name)).unwrap().mode();
    assert_eq!(mode("one"), mode("other"));
    assert_eq!(fs::read_dir(path("below")).unwrap().count(), 2);
}

#[test]
fn special_file_is_written_to() {
    write(Path::new("/dev/null"), b"new").unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    let failure = write(Path::new("/dev/full"), b"new").unwrap_err();
    assert_eq!(failure.class, Class::Input);
}

#[test]
fn output_that_is_an_input_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = |name| directory.path().join(name);
    fs::write(path("key"), "old").unwrap();
    fs::hard_link(path("key"), path("hard")).unwrap();
    symlink("key", path("soft")).unwrap();
    let inputs = [("private key", path("key"))];
    for output in ["key", "hard", "soft"] {
        let failure = check_distinct(&path(output), &inputs).unwrap_err();
        assert_eq!(failure.class, Class::Usage);
    }
    fs::write(path("other"), "old").unwrap();
    for output in ["other", "missing"] {
        assert!(check_distinct(&path(output), &inputs).is_ok(), "{output}");
    }
    let null = || PathBuf::from("/dev/null");
    assert!(check_distinct(&null(), &[("policy", null())]).is_ok());
}
