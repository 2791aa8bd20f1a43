// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl deploy`: loads or updates a policy, activates it, and verifies the result.

use super::{
    consequence::{self, Consequence},
    machine::Machine,
};
use crate::{
    device::{
        check_activation, check_name, explain, explain_origin, switch, version, Files, Request,
    },
    failure::{Class, Failure, Result, Status},
    output::{printable, Output, Style},
    policy::Policy,
    running::{command_line, programs, Program},
    source::{self, Source},
};
use clap::Args;
use cms::{
    content_info::ContentInfo,
    signed_data::{SignedData, SignerIdentifier},
};
use der::Decode;
use ipe_policy::policy::{envelope::split_appended, origin::MAX_PATH_LENGTH, Version};
use std::{
    os::unix::ffi::OsStrExt,
    path::{self, Path, PathBuf},
};

/// Load or update a policy on this machine, and activate it
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  # ipectl deploy Firewall.p7b
  Firewall 1.1.0: loaded
  Firewall 1.1.0: active")]
pub struct Deploy {
    /// The signed policy; - for standard input
    #[arg(required_unless_present = "from")]
    pub policy: Option<PathBuf>,

    /// A file with a policy that is not signed. The kernel reads it, if the active policy allows
    /// POLICY for it by a property that vouches for the file (CONFIG_IPE_POLICY_ORIGIN)
    #[arg(long, value_name = "FILE", conflicts_with = "policy")]
    pub from: Option<PathBuf>,

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
        let (message, source) = match (&self.from, &self.policy) {
            (Some(file), _) => {
                let source = Source::parse(file, &source::read_bytes(file)?)?;
                (Message::Path(absolute(file)?), source)
            }
            (None, Some(file)) => {
                let bytes = source::read_bytes(file)?;
                let source = Source::parse(file, &bytes)?;
                (Message::Signed(bytes), source)
            }
            // The command line has been checked.
            (None, None) => {
                return Err(Failure::new(Class::Input, "no policy is named".to_owned()))
            }
        };
        let line = command_line(&self.machine.securityfs);
        let options = Options {
            dry_run: self.dry_run,
            no_activate: self.no_activate,
            yes: self.yes,
            running: &programs(&self.machine.securityfs),
            command_line: line.as_deref(),
        };
        deploy(&self.machine.open()?, &source, &message, options, out)
    }
}

/// What is written to the kernel.
#[derive(Debug)]
pub enum Message {
    /// A signed policy.
    Signed(Vec<u8>),
    /// The absolute path of one that is not signed.
    Path(Vec<u8>),
}

impl Message {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Signed(bytes) | Self::Path(bytes) => bytes,
        }
    }
}

/// Returns the absolute path of a file, as the kernel takes it.
fn absolute(file: &Path) -> Result<Vec<u8>> {
    let path = path::absolute(file).map_err(|error| Failure::file(file, &error))?;
    let path = path.as_os_str().as_bytes();
    if path.len() > MAX_PATH_LENGTH {
        let what = format!("the path has more than {MAX_PATH_LENGTH} bytes");
        return Err(Failure::new(Class::Input, what));
    }
    // The kernel takes one newline for the end.
    Ok([path, b"\n"].concat())
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
    /// The command line of its kernel, if it is known.
    pub command_line: Option<&'r [u8]>,
}

/// Deploys a policy.
///
/// # Errors
///
/// It is not signed but to be written, or signed but to be read by the kernel; it has errors; or the
/// kernel refuses.
pub fn deploy(
    files: &dyn Files,
    source: &Source,
    message: &Message,
    options: Options<'_>,
    out: &mut Output<'_>,
) -> Result {
    match (message, source.signed) {
        (Message::Signed(_), None) => {
            return Err(
                Failure::new(Class::Invalid, format!("{}: not signed", source.name))
                    .hint("sign it with 'ipectl sign'"),
            )
        }
        (Message::Path(_), Some(_)) => {
            return Err(
                Failure::new(Class::Invalid, format!("{}: signed", source.name))
                    .hint("deploy a signed policy without --from"),
            )
        }
        _ => {}
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
        let machine = consequence::Options {
            running: options.running,
            command_line: options.command_line,
            ..consequence::Options::default()
        };
        Consequence::of(&policy, machine)
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

    let (request, file) = match load_request(files, &name, &policy, message)? {
        Some(Request::Load) => (Some(Request::Load), "new_policy".to_owned()),
        Some(request) => (Some(request), format!("policies/{name}/update")),
        None => (None, String::new()),
    };
    match request {
        None => done.push(format!("{what}: already loaded")),
        Some(_) if options.dry_run => done.push(format!(
            "{what}: would write {} bytes to {}",
            message.bytes().len(),
            files.path(&file)
        )),
        Some(request) => {
            files
                .write(&file, message.bytes())
                .map_err(|error| match message {
                    Message::Signed(message) => {
                        let signer = signer(message);
                        explain(request, &what, signer.as_deref(), &error)
                    }
                    Message::Path(_) => explain_origin(request, &what, &error),
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
    policy: &Policy,
    message: &Message,
) -> Result<Option<Request>> {
    let new = policy.version();
    if !files.policies()?.iter().any(|loaded| loaded == name) {
        return Ok(Some(Request::Load));
    }
    let signed = files.read(&format!("policies/{name}/pkcs7"));
    let same = match message {
        Message::Signed(message) => signed.is_ok_and(|loaded| loaded == *message),
        Message::Path(_) => {
            let text = files.read(&format!("policies/{name}/policy"));
            signed.is_err() && text.is_ok_and(|loaded| loaded == policy.text())
        }
    };
    if same {
        return Ok(None);
    }
    match version(files, name) {
        Some(old) if old >= new => Err(Failure::new(
            Class::Refused,
            format!("{name} {new}: version {old} is loaded, and only a higher version replaces it"),
        )
        .hint(match message {
            Message::Signed(_) => "give the policy a higher policy_version and sign it again",
            Message::Path(_) => "give the policy a higher policy_version",
        })),
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
