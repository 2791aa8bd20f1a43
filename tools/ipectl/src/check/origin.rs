// SPDX-License-Identifier: GPL-2.0-only

//! Rules that allow policies without a signature.

use super::{
    diagnostic::{Diagnostic, Severity},
    kconfig::Kconfig,
    lint::span,
};
use crate::{policy::Policy, source::Source};
use ipe_policy::policy::{Action, FileProperty, Operation, Property, Rule};

/// The option of a kernel that loads such policies.
const SYMBOL: &str = "IPE_POLICY_ORIGIN";

/// Finds the rules that allow a policy only because it is in the root of the initramfs.
pub(super) fn of_policy(
    source: &Source,
    policy: &Policy,
    kernel: Option<&Kconfig>,
) -> Vec<Diagnostic> {
    if kernel.is_some_and(|kernel| !kernel.has(SYMBOL)) {
        return Vec::new();
    }
    let lines = policy.lines();
    let found = lines
        .iter()
        .filter(|line| line.rule().is_some_and(trusts_initramfs));
    let diagnostics = found.map(|line| {
        let message = "this line accepts whatever root puts into the initramfs' file system: with \
                       CONFIG_IPE_POLICY_ORIGIN, that can be a policy without a signature";
        let (severity, code) = (Severity::Warning, "policy-from-initramfs");
        let place = span(line);
        Diagnostic::at(&source.name, policy.text(), place, severity, code, message.to_owned()).hint(
            "hand over once, before root can do anything, to a policy without this line; then seal \
             IPE",
        )
    });
    diagnostics.collect()
}

/// Whether nothing but `boot_verified=TRUE` vouches for the policies that a rule allows.
fn trusts_initramfs(rule: &Rule<'_>) -> bool {
    let vouching: Vec<_> = rule.properties().filter(Property::vouches).collect();
    let of_initramfs =
        |property: &Property<'_>| matches!(property, Property::File(FileProperty::BootVerified(_)));
    rule.operation == Operation::Policy
        && rule.action == Action::Allow
        && !vouching.is_empty()
        && vouching.iter().all(of_initramfs)
}

#[cfg(test)]
mod tests;
