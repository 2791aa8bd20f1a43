// SPDX-License-Identifier: GPL-2.0-only

//! The lines of a policy that rely on something beside the kernel's own guarantees.

use super::lint::decider;
use crate::{object::Object, policy::Policy};
use ipe_policy::policy::{
    Action, FileProperty, FilePropertyKind, Line, Operation, Parameter, RootHash, Statement,
};

/// Finds the first line of a policy that relies on something.
pub(super) type FindLine = for<'l> fn(&Policy, &'l [Line<'l>]) -> Option<&'l Line<'l>>;

/// The line that asks for the signature of a volume.
pub(super) fn names_signature_of_volume<'l>(
    _: &Policy,
    lines: &'l [Line<'l>],
) -> Option<&'l Line<'l>> {
    lines.iter().find(|line| {
        let mut properties = line.rule().into_iter().flat_map(|rule| rule.properties());
        properties.any(|property| {
            let of_file = property.of_file();
            of_file.is_some_and(|of_file| of_file.kind() == FilePropertyKind::DmveritySignature)
        })
    })
}

/// The line by which a kernel may be loaded: a rule, or the default that decides without one.
pub(super) fn allows_kexec<'l>(_: &Policy, lines: &'l [Line<'l>]) -> Option<&'l Line<'l>> {
    let mut of_kexec = None;
    let mut of_all = None;
    for line in lines {
        match &line.statement {
            Statement::Rule(rule)
                if rule.operation == Operation::KexecImage && rule.action == Action::Allow =>
            {
                return Some(line);
            }
            Statement::Default(Some(Operation::KexecImage), action) => {
                of_kexec = Some((line, *action));
            }
            Statement::Default(None, action) => of_all = Some((line, *action)),
            _ => {}
        }
    }
    let (line, action) = of_kexec.or(of_all)?;
    (action == Action::Allow).then_some(line)
}

/// The line by which a kernel without any property may be loaded.
pub(super) fn allows_kexec_of_anything<'l>(
    policy: &Policy,
    lines: &'l [Line<'l>],
) -> Option<&'l Line<'l>> {
    let operation = Operation::KexecImage;
    let verdict = policy.evaluate(operation, &Object::default());
    decider(lines, operation, verdict).filter(|_| verdict.action == Action::Allow)
}

/// The line that takes a root hash from the kernel's command line.
pub(super) fn refers_to_command_line<'l>(
    _: &Policy,
    lines: &'l [Line<'l>],
) -> Option<&'l Line<'l>> {
    lines.iter().find(|line| parameters(line).next().is_some())
}

/// Returns the parameters of the kernel's command line that a line refers to.
pub(crate) fn parameters<'l>(line: &'l Line<'_>) -> impl Iterator<Item = Parameter> + 'l {
    let properties = line.rule().into_iter().flat_map(|rule| rule.properties());
    properties.filter_map(|property| match property.of_file() {
        Some(FileProperty::DmverityRoothash(RootHash::CommandLine(parameter))) => Some(*parameter),
        _ => None,
    })
}
