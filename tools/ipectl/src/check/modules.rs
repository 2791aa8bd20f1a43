// SPDX-License-Identifier: GPL-2.0-only

//! Modules that the machine needs to boot, and that the policy denies.
//!
//! The root file system is not there yet, so these modules come from the initramfs.

use super::{
    diagnostic::{Diagnostic, Severity},
    kconfig::Kconfig,
    lint::{decider, span},
    options::{Options, Stage},
};
use crate::{object::Object, policy::Policy, source::Source};
use ipe_policy::policy::{Action, FilePropertyKind, Operation, PropertyKind};

/// The options of dm-verity.
const DM_VERITY: [&str; 2] = ["BLK_DEV_DM", "DM_VERITY"];

/// The options of other drivers between the initramfs and the root file system.
const OF_ROOT: [&str; 16] = [
    "ATA",
    "BLK_DEV_LOOP",
    "BLK_DEV_NVME",
    "BLK_DEV_SD",
    "BTRFS_FS",
    "EROFS_FS",
    "EXT4_FS",
    "F2FS_FS",
    "MMC_BLOCK",
    "MTD_UBI",
    "OVERLAY_FS",
    "SCSI",
    "SQUASHFS",
    "USB_STORAGE",
    "VIRTIO_BLK",
    "XFS_FS",
];

/// Returns the findings about a policy that may be active in the initramfs of this kernel.
pub(super) fn of_policy(source: &Source, policy: &Policy, options: &Options) -> Vec<Diagnostic> {
    let Some(kernel) = options.kernel.as_ref() else {
        return Vec::new();
    };
    let needed = match options.stage {
        Some(Stage::Root) => return Vec::new(),
        Some(Stage::Boot) => Severity::Warning,
        None => Severity::Note,
    };
    let initramfs = Object::combination(1);
    let verdict = policy.evaluate(Operation::KernelModule, &initramfs);
    let lines = policy.lines();
    let line = decider(&lines, Operation::KernelModule, verdict);
    let (Action::Deny, Some(line)) = (verdict.action, line) else {
        return Vec::new();
    };
    let uses_volume = lines.iter().filter_map(|line| line.rule()).any(|rule| {
        let of_volume = [
            PropertyKind::File(FilePropertyKind::DmverityRoothash),
            PropertyKind::File(FilePropertyKind::DmveritySignature),
        ];
        let mut kinds = rule.properties().map(|property| property.kind());
        rule.action == Action::Allow && kinds.any(|kind| of_volume.contains(&kind))
    });
    let (severity, message) =
        if let Some(module) = modules(kernel, &DM_VERITY).filter(|_| uses_volume) {
            let message = format!(
            "{module}: the policy denies the modules of the initramfs, so that dm-verity is not \
             loaded and there is no volume to boot from"
        );
            (needed, message)
        } else if let Some(modules) =
            modules(kernel, &OF_ROOT).filter(|_| options.stage == Some(Stage::Boot))
        {
            let message = format!(
            "{modules}: the policy denies the modules of the initramfs; a machine whose root file \
             system needs one of them does not boot"
        );
            (Severity::Note, message)
        } else {
            return Vec::new();
        };
    let text = policy.text();
    let code = "initramfs-modules-denied";
    let diagnostic = Diagnostic::at(&source.name, text, span(line), severity, code, message);
    vec![diagnostic.hint(
        "build them into the kernel (=y), or add 'op=KMODULE boot_verified=TRUE action=ALLOW'; if \
         the policy is active only after switch_root, pass --stage root",
    )]
}

/// Returns the options that the kernel has as modules, as in its configuration.
fn modules(kernel: &Kconfig, symbols: &[&str]) -> Option<String> {
    let modules = symbols.iter().filter(|symbol| kernel.is_module(symbol));
    let modules: Vec<_> = modules.map(|symbol| format!("CONFIG_{symbol}=m")).collect();
    (!modules.is_empty()).then(|| modules.join(", "))
}
