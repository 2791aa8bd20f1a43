// SPDX-License-Identifier: GPL-2.0-only

//! The parsers of mounts and of dm-verity tables.

use super::*;

#[test]
fn file_system_is_found_by_its_device() {
    let mounts = "1 1 0:2 / / rw - rootfs none rw\n\
        28 1 254:0 / /usr ro,relatime shared:1 - erofs /dev/mapper/usr ro\n";
    assert_eq!(file_system(mounts, "0:2"), Some("rootfs"));
    assert_eq!(file_system(mounts, "254:0"), Some("erofs"));
    assert_eq!(file_system(mounts, "8:1"), None);
}

const HASH: &str = "cd2c5bae7c6c579edaae4353049d58eb5f2e8be0244bf05345bc8e5ed257baff";

/// Returns the root hash of a volume with these options, and whether it is signed.
fn known(options: &str) -> (Option<Digest>, bool) {
    let volume = verity(&format!(
        "1 254:1 254:1 4096 4096 1 2 sha256 {HASH} - {options}"
    ));
    assert!(!volume.evidence.is_empty());
    (volume.roothash, volume.signed)
}

#[test]
fn dm_verity_parameters_are_parsed() {
    let digest = Digest::parse(HASH).ok();
    for options in [
        "",
        "1 restart_on_corruption",
        "1 check_at_most_once",
        "8 use_fec_from_device 254:1 fec_blocks 1 fec_start 1 fec_roots 2",
    ] {
        assert_eq!(known(options), (digest, false), "{options}");
    }
    for options in [
        "2 root_hash_sig_key_desc cryptsetup:x",
        "2 root_hash_sig_key_desc ignore_corruption",
        "3 check_at_most_once root_hash_sig_key_desc k",
    ] {
        assert_eq!(known(options), (digest, true), "{options}");
    }
    let volume = verity("1 254:1 254:1 4096 4096 1 2 crc32c 01020304 - 2 root_hash_sig_key_desc k");
    assert_eq!((volume.roothash, volume.signed), (None, true));
    assert_eq!(verity("254:1 0").roothash, None);
}

#[test]
fn volume_that_ignores_corruption_has_no_property() {
    for options in [
        "1 ignore_corruption",
        "3 ignore_corruption root_hash_sig_key_desc k",
        "4 ignore_corruption check_at_most_once root_hash_sig_key_desc k",
    ] {
        assert_eq!(known(options), (None, false), "{options}");
    }
}
