// SPDX-License-Identifier: GPL-2.0-only

//! Corrections of words that do not exist.

use ipe_policy::policy::{Action, Algorithm, FilePropertyKind, Operation, Parameter, PropertyKind};

/// Names that other tools, older drafts and the kernel's own hooks use for operations.
const OPERATIONS: [(&str, Operation); 33] = [
    ("EXEC", Operation::Execute),
    ("EXECVE", Operation::Execute),
    ("RUN", Operation::Execute),
    ("MMAP", Operation::Execute),
    ("BPRM_CHECK", Operation::Execute),
    ("MMAP_CHECK", Operation::Execute),
    ("EXEC_OPEN", Operation::Execute),
    ("BRK", Operation::Execute),
    ("BPRM_CREDS_FROM_FILE", Operation::Execute),
    ("FIRMWARE_READ", Operation::Firmware),
    ("FIRMWARE_LOAD", Operation::Firmware),
    ("FIRMWARE_CHECK", Operation::Firmware),
    ("KERNEL_MODULE", Operation::KernelModule),
    ("MODULE", Operation::KernelModule),
    ("MODULE_LOAD", Operation::KernelModule),
    ("MODULE_CHECK", Operation::KernelModule),
    ("KEXEC", Operation::KexecImage),
    ("KEXEC_KERNEL", Operation::KexecImage),
    ("KEXEC_KERNEL_CHECK", Operation::KexecImage),
    ("KEXEC_INITRD", Operation::KexecInitramfs),
    ("KEXEC_INITRAMFS_CHECK", Operation::KexecInitramfs),
    ("INITRD", Operation::KexecInitramfs),
    ("IMA_POLICY", Operation::Policy),
    ("POLICY_CHECK", Operation::Policy),
    ("X509", Operation::X509Cert),
    ("CERTIFICATE", Operation::X509Cert),
    ("ATTACH", Operation::Ptrace),
    ("DEBUG", Operation::Ptrace),
    ("PTRACE_ATTACH", Operation::Ptrace),
    ("PROC_MEM", Operation::Ptrace),
    ("SCRIPT", Operation::UncheckedScript),
    ("INTERPRETER", Operation::UncheckedScript),
    ("INTERACTIVE", Operation::InteractiveScript),
];

/// Names that people use for the property of memory.
const MEMORY: [(&str, PropertyKind); 8] = [
    ("anonymous", PropertyKind::AnonymousMemory),
    ("anon_memory", PropertyKind::AnonymousMemory),
    ("memory", PropertyKind::AnonymousMemory),
    ("memfd", PropertyKind::AnonymousMemory),
    ("changed", PropertyKind::Modified),
    ("dirty", PropertyKind::Modified),
    ("written", PropertyKind::Modified),
    ("text_relocations", PropertyKind::Modified),
];

/// Names that people use for properties of files.
const PROPERTIES: [(&str, FilePropertyKind); 15] = [
    ("initramfs", FilePropertyKind::BootVerified),
    ("initrd", FilePropertyKind::BootVerified),
    ("boot_verify", FilePropertyKind::BootVerified),
    ("roothash", FilePropertyKind::DmverityRoothash),
    ("root_hash", FilePropertyKind::DmverityRoothash),
    ("dmverity_digest", FilePropertyKind::DmverityRoothash),
    ("dm_verity", FilePropertyKind::DmveritySignature),
    ("dmverity", FilePropertyKind::DmveritySignature),
    ("verity_signature", FilePropertyKind::DmveritySignature),
    ("fsverity", FilePropertyKind::FsverityDigest),
    ("digest", FilePropertyKind::FsverityDigest),
    ("hash", FilePropertyKind::FsverityDigest),
    ("image", FilePropertyKind::ImageDigest),
    ("composefs", FilePropertyKind::ImageDigest),
    ("metadata_backing", FilePropertyKind::ImageDigest),
];

/// Names that people use for parameters of the command line.
const PARAMETERS: [(&str, Parameter); 6] = [
    ("root", Parameter::RootHash),
    ("rd.roothash", Parameter::RootHash),
    ("usr", Parameter::UsrHash),
    ("rd.usrhash", Parameter::UsrHash),
    ("create", Parameter::DmModCreate),
    ("dm", Parameter::DmModCreate),
];

/// Names that people use for actions.
const ACTIONS: [(&str, Action); 8] = [
    ("PERMIT", Action::Allow),
    ("ACCEPT", Action::Allow),
    ("GRANT", Action::Allow),
    ("TRUST", Action::Allow),
    ("REJECT", Action::Deny),
    ("BLOCK", Action::Deny),
    ("FORBID", Action::Deny),
    ("DROP", Action::Deny),
];

/// The operation that was meant.
pub(crate) fn operation(word: &str) -> Option<Operation> {
    alias(&OPERATIONS, word)
        .or_else(|| nearest(word, Operation::ALL.iter().map(|o| (o.name(), *o))))
}

/// The property that was meant.
pub(crate) fn property(word: &str) -> Option<PropertyKind> {
    let of_program = ["exe_", "program_"];
    let of_program = of_program
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix));
    let of_file = match of_program {
        Some(name) => alias(&PROPERTIES, name).map(PropertyKind::Program),
        None => alias(&PROPERTIES, word).map(PropertyKind::File),
    };
    of_file
        .or_else(|| alias(&MEMORY, word))
        .or_else(|| nearest(word, PropertyKind::ALL.iter().map(|k| (k.name(), *k))))
}

/// The parameter of the command line that was meant.
pub(crate) fn parameter(word: &str) -> Option<Parameter> {
    alias(&PARAMETERS, word)
        .or_else(|| nearest(word, Parameter::ALL.iter().map(|p| (p.name(), *p))))
}

/// The action that was meant.
pub(crate) fn action(word: &str) -> Option<Action> {
    let all = [Action::Allow, Action::Deny];
    alias(&ACTIONS, word).or_else(|| nearest(word, all.iter().map(|a| (a.name(), *a))))
}

/// The algorithm that was meant.
pub(crate) fn algorithm(word: &str) -> Option<Algorithm> {
    nearest(word, Algorithm::ALL.iter().map(|a| (a.name(), *a)))
}

/// The boolean that was meant.
pub(crate) fn boolean(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "on" => Some("TRUE"),
        "false" | "0" | "no" | "n" | "off" => Some("FALSE"),
        _ => nearest(word, [("TRUE", "TRUE"), ("FALSE", "FALSE")].into_iter()),
    }
}

fn alias<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let word = plain(word);
    let entry = table.iter().find(|(name, _)| plain(name) == word);
    entry.map(|(_, meant)| *meant)
}

/// The nearest of the candidates, if any is near enough to have been meant.
fn nearest<T>(word: &str, candidates: impl Iterator<Item = (&'static str, T)>) -> Option<T> {
    let word = plain(word);
    let measured = candidates.map(|(name, meant)| (distance(&word, &plain(name)), name, meant));
    let (distance, name, meant) = measured.min_by_key(|(distance, ..)| *distance)?;
    (distance <= 1 + name.len() / 5).then_some(meant)
}

/// A word without what people get wrong first: case and separators.
fn plain(word: &str) -> String {
    let letters = word.chars().filter(|c| !matches!(c, '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

/// How many letters are to be changed, added, removed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let shifted = rows[i - 1][j].min(rows[i][j - 1]) + 1;
                let mut best = changed.min(shifted);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests;
