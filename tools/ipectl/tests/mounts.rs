// SPDX-License-Identifier: GPL-2.0-only

//! Files on overlays and images, on real mounts where this process may mount.

mod common;

use common::fixtures;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

/// Mounts an image of EROFS without a loop device, as `mount` does not.
const MOUNT_EROFS: &str = "python3 -c 'import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
result = libc.mount(sys.argv[1].encode(), sys.argv[2].encode(), b\"erofs\", 1, None)
sys.exit(os.strerror(ctypes.get_errno()) if result else 0)'";

/// Runs a script in a directory, in a mount namespace of its own. `$0` is ipectl.
fn run(directory: &Path, script: &str) -> Output {
    // In a changed root directory, mounts cannot be made private, and need not where they are.
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let propagation = match mounts.contains(" shared:") {
        true => "private",
        false => "unchanged",
    };
    Command::new("unshare")
        .args(["--mount", "--propagation", propagation])
        .args(["sh", "-ec", script, env!("CARGO_BIN_EXE_ipectl")])
        .arg(fixtures())
        .current_dir(directory)
        .output()
        .unwrap()
}

/// Whether a script of mounts works here.
fn can(directory: &Path, script: &str) -> bool {
    let output = run(directory, script);
    if !output.status.success() {
        eprintln!("skipped: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

/// Returns what `explain --file` says, which denies the file.
fn explains(directory: &Path, mounts: &str, file: &str) -> String {
    let script = format!("{mounts}\n\"$0\" explain \"$1/check/good.pol\" --file {file} || true");
    let output = run(directory, &script);
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    said.into_owned()
}

#[test]
fn layer_of_an_overlay_is_looked_at() {
    let directory = TempDir::new().unwrap();
    for (file, text) in [("lower/x", "x"), ("lower/y", "y"), ("upper/y", "z")] {
        let path = directory.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mounts = "mkdir -p merged work
        mount -t overlay overlay -o lowerdir=$PWD/lower:$PWD/work merged";
    if !can(directory.path(), mounts) {
        return;
    }
    let said = explains(directory.path(), mounts, "merged/x");
    assert!(said.contains("it is on an overlay"), "{said}");
    assert!(said.contains("/lower: device"), "{said}");
    assert!(!said.contains("pass the file of the layer"), "{said}");
    // The layer is gone, and another one is there in its place.
    let hidden = format!("{mounts}\nmount -t tmpfs none lower");
    let said = explains(directory.path(), &hidden, "merged/x");
    assert!(said.contains("pass the file of the layer"), "{said}");
}

/// What systemd-sysext does: the layers are mounted in another namespace, and the overlay hides the
/// last of them.
#[test]
fn merged_extension_is_told_from_what_it_hides() {
    let directory = TempDir::new().unwrap();
    let mounts = "
        mount -t tmpfs none /run
        mount -t tmpfs none /home
        mount -t tmpfs none /var/lib
        mkdir -p /home/bin /var/lib/extensions/tools/home/bin
        echo base >/home/bin/base
        echo both >/home/bin/both
        echo both >/var/lib/extensions/tools/home/bin/both
        for layer in meta/home extensions/tools/home; do mkdir -p /run/systemd/sysext/$layer; done
        mkdir -p /run/systemd/sysext/extensions/tools/home/bin
        echo both >/run/systemd/sysext/extensions/tools/home/bin/both
        mount -t overlay sysext -o \\
            lowerdir=/run/systemd/sysext/meta/home:/run/systemd/sysext/extensions/tools/home:/home /home
        mount -t tmpfs none /run";
    if !can(directory.path(), mounts) {
        return;
    }
    let said = explains(directory.path(), mounts, "/home/bin/both");
    assert!(
        said.contains("/var/lib/extensions/tools/home: device"),
        "{said}"
    );
    let said = explains(directory.path(), mounts, "/home/bin/base");
    assert!(said.contains("the file system at /home has it"), "{said}");
    assert!(said.contains("not a volume of device-mapper"), "{said}");
    // An extension that is not where extensions are: nothing is known.
    let gone = format!("{mounts}\nrm -r /var/lib/extensions");
    for file in ["/home/bin/both", "/home/bin/base"] {
        let said = explains(directory.path(), &gone, file);
        assert!(said.contains("pass the file of the layer"), "{said}");
    }
}

/// What mount.composefs does, with an image that stays visible or does not.
#[test]
fn image_of_a_composefs_is_looked_at() {
    let directory = TempDir::new().unwrap();
    let mounts = format!(
        "mkdir -p root image data merged && echo x >root/x
        [ -e x.erofs ] || mkfs.erofs --quiet x.erofs root
        {MOUNT_EROFS} $PWD/x.erofs image
        mount -t overlay overlay -o \
            ro,metacopy=on,redirect_dir=on,verity=require,lowerdir=$PWD/image::$PWD/data merged"
    );
    if !can(directory.path(), &mounts) {
        return;
    }
    let said = explains(directory.path(), &mounts, "merged/x");
    assert!(said.contains("as composefs has"), "{said}");
    assert!(said.contains("its image is mounted from a file"), "{said}");
    assert!(said.contains("/x.erofs: device"), "{said}");
    let hidden = format!("{mounts}\numount --lazy image");
    let said = explains(directory.path(), &hidden, "merged/x");
    assert!(said.contains("does not see it"), "{said}");
    let lax = mounts.replace("verity=require", "verity=on");
    let said = explains(directory.path(), &lax, "merged/x");
    assert!(said.contains("not mounted with verity=require"), "{said}");
}

#[test]
fn image_is_told_from_the_file_that_it_is_mounted_from() {
    let directory = TempDir::new().unwrap();
    let mounts = format!(
        "mkdir -p root mounted && echo x >root/x
        [ -e x.erofs ] || mkfs.erofs --quiet x.erofs root
        {MOUNT_EROFS} $PWD/x.erofs mounted"
    );
    if !can(directory.path(), &mounts) {
        return;
    }
    let said = explains(directory.path(), &mounts, "mounted/x");
    assert!(said.contains("its image is mounted from a file"), "{said}");
    assert!(said.contains("/x.erofs: device"), "{said}");
    let moved = format!("{mounts}\nmv x.erofs y.erofs");
    let said = explains(directory.path(), &moved, "mounted/x");
    assert!(said.contains("mounted from is not there"), "{said}");
}
