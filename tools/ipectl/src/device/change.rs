// SPDX-License-Identifier: GPL-2.0-only

//! Changes to the loaded policies: the checks before, and the write itself.

use super::{
    errno::{explain, Request},
    files::Files,
    state::{loaded, version},
};
use crate::{
    failure::{Class, Failure, Result, Status},
    name::refusal,
    output::{printable, Output, Style},
};
use ipe_policy::policy::Version;

/// Checks that the active policy does not have a higher version, which the kernel would keep
/// active.
pub fn check_activation(files: &dyn Files, name: &str, new: Version, what: &str) -> Result<()> {
    let loaded = loaded(files)?;
    let active = loaded.iter().find(|policy| policy.active == Some(true));
    let Some(active) = active.filter(|active| active.name != name) else {
        return Ok(());
    };
    match version(files, &active.name) {
        Some(old) if old > new => Err(Failure::new(
            Class::Refused,
            format!(
                "{what}: {} {old} is active, and has a higher version",
                active.name
            ),
        )
        .hint("give this policy a version that is at least as high, and sign it again")),
        _ => Ok(()),
    }
}

/// A change that is one write to one file.
pub struct Change<'c> {
    /// The command that asks for it.
    pub command: &'static str,
    /// The request, to explain a refusal.
    pub request: Request,
    /// The file, below the directory `ipe`.
    pub file: &'c str,
    /// The bytes to write.
    pub value: &'static str,
    /// The name of the change, for people.
    pub what: &'c str,
    /// How it is afterwards, for people.
    pub state: &'static str,
    /// The warnings for the owner.
    pub warnings: &'c [String],
    /// Whether it is not made, because of the warnings.
    pub stops: bool,
}

impl Change<'_> {
    /// Makes the change, or only says what would be written.
    ///
    /// # Errors
    ///
    /// The kernel refuses.
    pub fn make(&self, files: &dyn Files, dry_run: bool, out: &mut Output<'_>) -> Result {
        let Self {
            file,
            value,
            what,
            state,
            ..
        } = self;
        let stops = self.stops && !dry_run;
        let line = if dry_run {
            format!("{what}: would write {value} to {}", files.path(file))
        } else if stops {
            format!("{what}: nothing was written; --yes makes the change all the same")
        } else {
            files
                .write(file, value.as_bytes())
                .map_err(|error| explain(self.request, what, None, &error))?;
            format!("{what}: {state}")
        };
        if out.is_json() {
            out.json(
                self.command,
                &serde_json::json!({
                    "dry_run": dry_run,
                    "warnings": self.warnings,
                    "steps": [line],
                }),
            )?;
        } else {
            for warning in self.warnings {
                let mark = out.paint(Style::Warning, "warning:");
                out.line(format!("{mark} {}", printable(warning.as_bytes())))?;
            }
            out.line(printable(line.as_bytes()))?;
        }
        Ok(if stops { Status::Findings } else { Status::Ok })
    }
}

/// The version of a loaded policy.
pub fn find(files: &dyn Files, name: &str) -> Result<Version> {
    check_name(name)?;
    let names = files.policies()?;
    if !names.iter().any(|loaded| loaded == name) {
        let names = match names.as_slice() {
            [] => "no policy is loaded".to_owned(),
            names => format!("the loaded policies are {}", names.join(", ")),
        };
        return Err(Failure::new(Class::Refused, format!("{name}: no such policy")).hint(names));
    }
    version(files, name).ok_or_else(|| {
        Failure::new(
            Class::Refused,
            format!("{name}: its version cannot be read"),
        )
    })
}

/// Checks that a name can be that of a directory, and does not lead out of `policies/`.
pub fn check_name(name: &str) -> Result<()> {
    if refusal(name.as_bytes()).is_some() {
        return Err(Failure::new(
            Class::Invalid,
            format!("no directory can have the policy's name '{name}'"),
        ));
    }
    Ok(())
}
