// SPDX-License-Identifier: GPL-2.0-only

//! Failures of `unsquashfs` that do not matter, and those that do.

use super::*;

#[test]
fn device_nodes_are_not_missed() {
    let refused =
        "create_inode: could not create character device /t/dev/null, because you're not \
                   superuser!\n\ncreate_inode: failed to create block device /t/dev/sda, because \
                   Operation not permitted\n";
    assert!(misses_only_devices(Some(2), refused));
    for (code, said) in [
        (Some(1), refused.to_owned()),
        (None, refused.to_owned()),
        (Some(2), String::new()),
        (
            Some(2),
            format!("{refused}write_file: failed to create file /t/bin/sh\n"),
        ),
        (
            Some(2),
            "write_file: failed to create file /t/create_inode: could not create block device x\n"
                .to_owned(),
        ),
    ] {
        assert!(!misses_only_devices(code, &said), "{said}");
    }
}
