// SPDX-License-Identifier: GPL-2.0-only

//! Corrections of misspelt words.

use super::*;

#[test]
fn aliases_are_corrected() {
    assert_eq!(operation("KERNEL_MODULE"), Some(Operation::KernelModule));
    assert_eq!(operation("FIRMWARE_READ"), Some(Operation::Firmware));
    assert_eq!(operation("exec"), Some(Operation::Execute));
    assert_eq!(
        property("root-hash"),
        Some(PropertyKind::File(FilePropertyKind::DmverityRoothash))
    );
    assert_eq!(operation("attach"), Some(Operation::Ptrace));
    assert_eq!(property("anon-memory"), Some(PropertyKind::AnonymousMemory));
    assert_eq!(
        property("program_roothash"),
        Some(PropertyKind::Program(FilePropertyKind::DmverityRoothash))
    );
    assert_eq!(action("permit"), Some(Action::Allow));
}

#[test]
fn misspelt_names_are_corrected() {
    assert_eq!(operation("EXCEUTE"), Some(Operation::Execute));
    assert_eq!(operation("KEXEC_INITRAMF"), Some(Operation::KexecInitramfs));
    assert_eq!(
        property("fsverity_digst"),
        Some(PropertyKind::File(FilePropertyKind::FsverityDigest))
    );
    assert_eq!(
        property("boot_verfied"),
        Some(PropertyKind::File(FilePropertyKind::BootVerified))
    );
    assert_eq!(
        property("exe_boot_verfied"),
        Some(PropertyKind::Program(FilePropertyKind::BootVerified))
    );
    assert_eq!(
        property("anonymus_memory"),
        Some(PropertyKind::AnonymousMemory)
    );
    assert_eq!(action("allow"), Some(Action::Allow));
    assert_eq!(action("DNEY"), Some(Action::Deny));
    assert_eq!(algorithm("SHA-256"), Some(Algorithm::Sha256));
    assert_eq!(boolean("true"), Some("TRUE"));
}

#[test]
fn unrelated_words_are_not_corrected() {
    assert_eq!(operation("NETWORK"), None);
    assert_eq!(property("owner"), None);
    assert_eq!(action("LOG"), None);
    assert_eq!(algorithm("crc32"), None);
    assert_eq!(boolean("maybe"), None);
}
