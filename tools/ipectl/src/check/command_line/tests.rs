// SPDX-License-Identifier: GPL-2.0-only

//! Built-in command lines that switch IPE off, and those that do not.

use super::*;

fn found(lines: &str) -> Vec<&'static str> {
    let text = format!("CONFIG_SECURITY_IPE=y\n{lines}");
    let kernel = Kconfig::parse("test.config", &text).unwrap();
    let found = crate::check::check_kernel(&kernel).diagnostics;
    let codes = found.iter().map(|found| found.code);
    codes
        .filter(|code| ["ipe-not-started", "lsm-without-ipe", "permissive-at-boot"].contains(code))
        .collect()
}

#[test]
fn parameters_that_switch_ipe_off_are_found() {
    for (lines, codes) in [
        ("CONFIG_CMDLINE=\"quiet\"", &[][..]),
        (
            "CONFIG_CMDLINE=\"lsm=landlock,bpf quiet\"",
            &["lsm-without-ipe"],
        ),
        ("CONFIG_CMDLINE=\"lsm=landlock,ipe quiet\"", &[]),
        ("CONFIG_LSM=\"landlock\"", &["ipe-not-started"]),
        // The parameter counts, and of two the last one.
        ("CONFIG_LSM=\"landlock\"\nCONFIG_CMDLINE=\"lsm=ipe\"", &[]),
        (
            "CONFIG_LSM=\"ipe\"\nCONFIG_CMDLINE=\"lsm=ipe lsm=yama\"",
            &["lsm-without-ipe"],
        ),
        ("CONFIG_CMDLINE=\"ipe.enforce=0\"", &["permissive-at-boot"]),
        ("CONFIG_CMDLINE=\"ipe.enforce=1\"", &[]),
    ] {
        assert_eq!(found(lines), codes, "{lines}");
    }
}
