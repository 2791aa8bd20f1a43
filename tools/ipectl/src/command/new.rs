// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl new`: writes a policy to start from.

use crate::{
    check::{self, Options},
    failure::{Class, Failure, Result, Status},
    name::refusal,
    output::Output,
    source::Source,
};
use clap::Args;

/// Write a policy to start from
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  $ ipectl new appliance --name Firewall >Firewall.pol")]
pub struct New {
    /// The kind of policy
    #[arg(value_enum)]
    pub template: Template,

    /// The policy's name
    #[arg(long)]
    pub name: String,

    /// The policy's version
    #[arg(
        long = "policy-version",
        default_value = "1.0.0",
        value_name = "VERSION"
    )]
    pub policy_version: String,
}

impl New {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let text = self.template.write(&self.name, &self.policy_version)?;
        if out.is_json() {
            out.json("new", &serde_json::json!({ "policy": text }))?;
        } else {
            out.bytes(text.as_bytes())?;
        }
        Ok(Status::Ok)
    }
}

/// The kind of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Template {
    /// Only the initramfs
    Initramfs,
    /// dm-verity volumes with a signed root hash, and the initramfs
    Dmverity,
    /// Files with an fs-verity signature, and the initramfs
    Fsverity,
    /// An appliance after switch_root: signed volumes and nothing else
    Appliance,
}

impl Template {
    const fn text(self) -> &'static str {
        match self {
            Self::Initramfs => include_str!("../templates/initramfs.pol"),
            Self::Dmverity => include_str!("../templates/dmverity.pol"),
            Self::Fsverity => include_str!("../templates/fsverity.pol"),
            Self::Appliance => include_str!("../templates/appliance.pol"),
        }
    }

    /// Writes the policy.
    ///
    /// # Errors
    ///
    /// The name or the version is none.
    pub fn write(self, name: &str, version: &str) -> Result<String> {
        let text = self
            .text()
            .replace("@NAME@", name)
            .replace("@VERSION@", version);
        let report = check::check(
            &Source::from_text("the policy", text.as_bytes()),
            &Options::default(),
        );
        let odd = |c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c));
        if name.contains(odd) || refusal(name.as_bytes()).is_some() {
            return Err(
                Failure::new(Class::Usage, format!("'{name}' is not a valid policy name"))
                    .hint("a name has up to 255 letters, digits, _, - and ."),
            );
        }
        match report.first_error() {
            None => Ok(text),
            Some(error) => Err(Failure::new(
                Class::Usage,
                format!("'{version}' is not a valid version: {}", error.message),
            )),
        }
    }
}
