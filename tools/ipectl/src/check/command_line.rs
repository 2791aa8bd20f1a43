// SPDX-License-Identifier: GPL-2.0-only

//! The effect on IPE of a command line that is built into a kernel.

use super::{
    diagnostic::{Diagnostic, Severity},
    kconfig::{Kconfig, COMMAND_LINE},
};

/// A parameter that switches IPE off.
struct Parameter {
    code: &'static str,
    /// Whether a value of the parameter does.
    switches_off: fn(&Kconfig) -> bool,
    message: &'static str,
    hint: &'static str,
}

const PARAMETERS: [Parameter; 2] = [
    Parameter {
        code: "lsm-without-ipe",
        switches_off: |kernel| {
            let list = kernel.parameter("lsm");
            list.is_some_and(|list| !list.split(',').any(|name| name == "ipe"))
        },
        message:
            "lsm= in CONFIG_CMDLINE does not name ipe: IPE does not start, whatever CONFIG_LSM \
                  says",
        hint: "add ipe to the list of lsm=, or remove that",
    },
    Parameter {
        code: "permissive-at-boot",
        switches_off: |kernel| {
            let value = kernel.parameter("ipe.enforce");
            value.is_some_and(|value| matches!(value, "0" | "n" | "N" | "off" | "no"))
        },
        message:
            "ipe.enforce=0 in CONFIG_CMDLINE: IPE starts in permissive mode, and denies nothing",
        hint: "remove it",
    },
];

/// Returns the findings about the command line in a configuration.
pub(super) fn of_kernel(kernel: &Kconfig) -> Vec<Diagnostic> {
    let Some(place) = kernel.span(COMMAND_LINE) else {
        return Vec::new();
    };
    let found = PARAMETERS
        .iter()
        .filter(|parameter| (parameter.switches_off)(kernel));
    found
        .map(|parameter| {
            let (name, text) = (&kernel.name, kernel.text());
            let (code, message) = (parameter.code, parameter.message);
            Diagnostic::at(name, text, place, Severity::Warning, code, message).hint(parameter.hint)
        })
        .collect()
}

#[cfg(test)]
mod tests;
