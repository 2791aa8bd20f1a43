// SPDX-License-Identifier: GPL-2.0-only

//! Tables as dmsetup and a kernel's command line have them.

use super::*;

const ROOT: &str = "cd2c5bae7c6c579edaae4353049d58eb5f2e8be0244bf05345bc8e5ed257baff";

#[test]
fn every_form_of_a_table_is_read() {
    let target = format!("0 94208 verity 1 254:1 254:2 4096 1024 11776 11777 sha256 {ROOT} 1f00");
    for text in [
        target.clone(),
        format!("root: {target} 1 restart_on_corruption"),
        format!("dm-mod.create=\"root,,,ro,{target}\""),
        format!("quiet dm-mod.create=\"a,,,ro,0 8 linear 8:1 0;root,,,ro,{target} 1 x\" ro"),
    ] {
        let table = Table::parse(&text).unwrap();
        let volume = Volume {
            algorithm: Algorithm::Sha256,
            data_block: 4096,
            hash_block: 1024,
            data_blocks: 11776,
            salt: vec![0x1f, 0],
        };
        assert_eq!(table.volume, volume, "{text}");
        assert_eq!(table.root.to_string(), format!("sha256:{ROOT}"));
    }
    let unsalted = Table::parse(&target.replace("1f00", "-")).unwrap();
    assert!(unsalted.volume.salt.is_empty());
}

#[test]
fn wrong_table_is_refused() {
    let target = format!("0 8 verity 1 a b 4096 4096 1 1 sha256 {ROOT} -");
    assert!(Table::parse(&target).is_ok());
    for (from, to) in [
        ("verity", "linear"),
        ("verity 1", "verity 0"),
        ("4096 4096", "4095 4096"),
        ("4096 4096", "4096 x"),
        ("sha256", "crc32c"),
        ("sha256", "sha512"),
        (" -", " 1"),
        (" -", ""),
    ] {
        let wrong = target.replace(from, to);
        assert!(Table::parse(&wrong).is_err(), "{wrong}");
    }
}
