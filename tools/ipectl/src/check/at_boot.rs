// SPDX-License-Identifier: GPL-2.0-only

//! The parts of a policy that the kernel's command line decides, and the ways to change it.

use super::{
    diagnostic::{Diagnostic, Severity},
    kconfig::Kconfig,
    lint::span,
    relies::{allows_kexec, parameters, refers_to_command_line},
};
use crate::{policy::Policy, source::Source};
use ipe_policy::policy::{Line, Parameter};

/// Finds what is known only at boot, a note for each parameter, and whether the policy lets root
/// boot a kernel with another command line.
pub(super) fn of_policy(
    source: &Source,
    policy: &Policy,
    kernel: Option<&Kconfig>,
) -> Vec<Diagnostic> {
    let lines = policy.lines();
    let finding = |line: &Line<'_>, severity, code, message: String| {
        let place = span(line);
        Diagnostic::at(&source.name, policy.text(), place, severity, code, message)
    };
    let mut found = Vec::new();
    for parameter in Parameter::ALL {
        let line = lines
            .iter()
            .find(|line| parameters(line).any(|named| named == parameter));
        let Some(line) = line else { continue };
        let name = parameter.name();
        let message = format!(
            "the root hash is known only at boot: {name}= on the kernel's command line names it"
        );
        found.push(
            finding(line, Severity::Note, "known-at-boot", message).hint(
                "the command line must be verified together with the kernel; 'ipectl explain \
             --cmdline' shows how the policy decides with one",
            ),
        );
    }

    let fixed = kernel.is_some_and(Kconfig::fixes_command_line);
    if refers_to_command_line(policy, &lines).is_some() && !fixed {
        if let Some(line) = allows_kexec(policy, &lines) {
            let message = "this line allows kexec, but other rules trust the kernel's command \
                           line: root boots the kernel with the root hash of another volume";
            let (severity, code) = (Severity::Error, "kexec-root-hash");
            found.push(
                finding(line, severity, code, message.to_owned()).hint(
                    "deny KEXEC_IMAGE, or name root hashes in the policy instead of cmdline:",
                ),
            );
        }
    }
    found
}
