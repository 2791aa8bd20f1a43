// SPDX-License-Identifier: GPL-2.0-only

//! The consequences of an active policy for the machine that it becomes active on.

use crate::{
    check::denies_everything, command_line::CommandLine, device::Files, output::counted,
    policy::Policy, running::Program,
};
use ipe_policy::policy::{Action, Operation, Providers};

/// How many programs are named.
const SHOWN: usize = 20;

/// How a change is made that may make the machine useless.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'r> {
    /// Only show what would be done.
    pub dry_run: bool,
    /// Go on where the machine would be of no use afterwards.
    pub yes: bool,
    /// The programs of the machine.
    pub running: &'r [Program],
    /// The command line of its kernel, if it is known.
    pub command_line: Option<&'r [u8]>,
}

/// The consequences of a policy for a machine.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Consequence {
    /// The warnings for the owner.
    pub(super) warnings: Vec<String>,
    /// Whether the machine would be of no use.
    pub(super) fatal: bool,
}

impl Consequence {
    /// Asks a policy that is loaded. One that cannot be read has none that is known.
    pub(super) fn of_loaded(files: &dyn Files, name: &str, options: Options<'_>) -> Self {
        let text = files.read(&format!("policies/{name}/policy"));
        let policy = text.map(|text| Policy::compile(&text, Providers::ALL));
        match policy {
            Ok(Ok(policy)) => Self::of(&policy, options),
            _ => Self::default(),
        }
    }

    /// Asks the policy about all that runs.
    pub(super) fn of(policy: &Policy, options: Options<'_>) -> Self {
        let mut all = Self::default();
        if denies_everything(policy, Operation::Execute) {
            all.fatal = true;
            all.warnings.push(
                "the policy denies EXECUTE of every file: once it is active, no program starts"
                    .to_owned(),
            );
        }
        // Compiled for any machine, the policy does not know what the command line of this one names.
        let here = options.command_line.and_then(|line| {
            let line = CommandLine::Given(line.to_vec());
            policy.for_command_line(line).ok()
        });
        let policy = here.as_ref().unwrap_or(policy);
        let denied = options.running.iter().filter(|program| {
            let verdict = policy.evaluate(Operation::Execute, &program.object);
            verdict.action == Action::Deny
        });
        let denied: Vec<_> = denied.collect();
        if let Some(init) = denied.iter().find(|program| program.of_init) {
            all.fatal = true;
            let path = &init.path;
            all.warnings.push(format!(
                "the policy denies the file system that the machine runs from: {path} is executed \
                 by process 1"
            ));
        }
        for program in denied.iter().take(SHOWN) {
            let Program {
                path, processes, ..
            } = program;
            let processes = counted(*processes, "process", "processes");
            all.warnings.push(format!(
                "EXECUTE of {path} would be denied; it is executed by {processes} now"
            ));
        }
        if let Some(more) = denied.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let more = counted(more, "more file", "more files");
            all.warnings
                .push(format!("… and {more} that are executed now"));
        }
        all
    }
}
