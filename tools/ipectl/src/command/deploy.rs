// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl deploy`: loads or updates a policy, activates it, and verifies the result.

use super::{consequence::Consequence, machine::Machine};
use crate::{
    device::{check_activation, check_name, explain, switch, version, Files, Request},
    failure::{Class, Failure, Result, Status},
    output::{printable, Output, Style},
    policy::Policy,
    running::{programs, Program},
    source::{self, Source},
};
use clap::Args;
use cms::{
    content_info::ContentInfo,
    signed_data::{SignedData, SignerIdentifier},
};
use der::Decode;
use ipe_policy::policy::{envelope::split_appended, Version};
use std::path::PathBuf;

/// Load or update a signed policy on this machine, and activate it
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  # ipectl deploy Firewall.p7b
  Firewall 1.1.0: loaded
  Firewall 1.1.0: active")]
pub struct Deploy {
    /// The signed policy; - for standard input
    pub policy: PathBuf,

    /// Keep the active policy
    #[arg(long)]
    pub no_activate: bool,

    /// Only show what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// Deploy a policy that denies every program, or the program of process 1
    #[arg(long, short)]
    pub yes: bool,

    /// The machine
    #[command(flatten)]
    pub machine: Machine,
}

impl Deploy {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let message = source::read_bytes(&self.policy)?;
        let source = Source::parse(&self.policy, &message)?;
        let options = Options {
            dry_run: self.dry_run,
            no_activate: self.no_activate,
            yes: self.yes,
            running: &programs(&self.machine.securityfs),
        };
        deploy(&self.machine.open()?, &source, &message, options, out)
    }
}

/// How a policy is deployed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'r> {
    /// Only show what would be done.
    pub dry_run: bool,
    /// Load it, and keep the active policy.
    pub no_activate: bool,
    /// Go on where the machine would be of no use afterwards.
    pub yes: bool,
    /// The programs of the machine.
    pub running: &'r [Program],
}

/// Deploys a signed policy.
///
/// # Errors
///
/// It is not signed, has errors, or the kernel refuses.
pub fn deploy(
    files: &dyn Files,
    source: &Source,
    message: &[u8],
    options: Options<'_>,
    out: &mut Output<'_>,
) -> Result {
    if source.signed.is_none() {
        return Err(
            Failure::new(Class::Invalid, format!("{}: not signed", source.name))
                .hint("sign it with 'ipectl sign'"),
        );
    }
    let policy = Policy::load(source)?;
    let name = policy.name();
    check_name(&name)?;
    let what = format!("{name} {}", policy.version());
    let mut done = Vec::new();
    if !options.no_activate {
        check_activation(files, &name, policy.version(), &what)?;
    }

    let consequence = if options.no_activate {
        Consequence::default()
    } else {
        Consequence::of(&policy, options.running)
    };
    let enforces = switch(files, "enforce") != Some(false);
    if consequence.fatal && enforces && !options.yes && !options.dry_run {
        let report = Report {
            name: &name,
            version: policy.version(),
            warnings: &consequence.warnings,
            steps: &["nothing was written; --yes deploys it all the same".to_owned()],
            dry_run: false,
        };
        report.show(out)?;
        return Ok(Status::Findings);
    }

    let (request, file) = match load_request(files, &name, policy.version(), message)? {
        Some(Request::Load) => (Some(Request::Load), "new_policy".to_owned()),
        Some(request) => (Some(request), format!("policies/{name}/update")),
        None => (None, String::new()),
    };
    match request {
        None => done.push(format!("{what}: already loaded")),
        Some(_) if options.dry_run => done.push(format!(
            "{what}: would write {} bytes to {}",
            message.len(),
            files.path(&file)
        )),
        Some(request) => {
            files.write(&file, message).map_err(|error| {
                let signer = signer(message);
                explain(request, &what, signer.as_deref(), &error)
            })?;
            done.push(format!("{what}: loaded"));
        }
    }

    if !options.no_activate {
        let file = format!("policies/{name}/active");
        if switch(files, &file) == Some(true) {
            done.push(format!("{what}: already active"));
        } else if options.dry_run {
            done.push(format!("{what}: would write 1 to {}", files.path(&file)));
        } else {
            files
                .write(&file, b"1")
                .map_err(|error| explain(Request::Activate, &what, None, &error))?;
            done.push(format!("{what}: active"));
        }
    }
    if !options.dry_run {
        verify(files, &policy, &name, options)?;
    }
    let report = Report {
        name: &name,
        version: policy.version(),
        warnings: &consequence.warnings,
        steps: &done,
        dry_run: options.dry_run,
    };
    report.show(out)
}

/// The changes that were made, or would be.
struct Report<'r> {
    name: &'r str,
    version: Version,
    warnings: &'r [String],
    steps: &'r [String],
    dry_run: bool,
}

impl Report<'_> {
    fn show(&self, out: &mut Output<'_>) -> Result {
        if out.is_json() {
            out.json(
                "deploy",
                &serde_json::json!({
                    "policy": self.name,
                    "version": self.version.to_string(),
                    "dry_run": self.dry_run,
                    "warnings": self.warnings,
                    "steps": self.steps,
                }),
            )?;
            return Ok(Status::Ok);
        }
        for warning in self.warnings {
            let mark = out.paint(Style::Warning, "warning:");
            out.line(format!("{mark} {}", printable(warning.as_bytes())))?;
        }
        for step in self.steps {
            out.line(printable(step.as_bytes()))?;
        }
        Ok(Status::Ok)
    }
}

/// Returns how to load the policy, or none if it is already loaded.
fn load_request(
    files: &dyn Files,
    name: &str,
    new: Version,
    message: &[u8],
) -> Result<Option<Request>> {
    if !files.policies()?.iter().any(|loaded| loaded == name) {
        return Ok(Some(Request::Load));
    }
    let same = files.read(&format!("policies/{name}/pkcs7"));
    if same.is_ok_and(|loaded| loaded == message) {
        return Ok(None);
    }
    match version(files, name) {
        Some(old) if old >= new => Err(Failure::new(
            Class::Refused,
            format!("{name} {new}: version {old} is loaded, and only a higher version replaces it"),
        )
        .hint("give the policy a higher policy_version and sign it again")),
        _ => Ok(Some(Request::Update)),
    }
}

/// Verifies that the kernel has loaded the policy.
fn verify(files: &dyn Files, policy: &Policy, name: &str, options: Options<'_>) -> Result<()> {
    let wrong = |what: &str| {
        Failure::new(
            Class::Refused,
            format!("{name}: the kernel accepted it, but {what}"),
        )
        .hint("was another policy deployed at the same time?")
    };
    if version(files, name) != Some(policy.version()) {
        return Err(wrong("it shows another version"));
    }
    match files.read(&format!("policies/{name}/policy")) {
        Ok(text) if text == policy.text() => {}
        _ => return Err(wrong("it shows another text")),
    }
    if !options.no_activate && switch(files, &format!("policies/{name}/active")) == Some(false) {
        return Err(wrong("it is not active"));
    }
    Ok(())
}

/// Returns the signer of a message, as its signature names it.
fn signer(message: &[u8]) -> Option<String> {
    let signature = match split_appended(message) {
        Some(parts) => &message[parts.signature],
        None => message,
    };
    let info = ContentInfo::from_der(signature).ok()?;
    let data: SignedData = info.content.decode_as().ok()?;
    match &data.signer_infos.0.iter().next()?.sid {
        SignerIdentifier::IssuerAndSerialNumber(id) => Some(format!(
            "the signer with issuer {} and serial number {}",
            id.issuer, id.serial_number
        )),
        SignerIdentifier::SubjectKeyIdentifier(_) => None,
    }
}
