// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl sign`: signs a policy as the kernel wants it.

use crate::{
    check::{self, lint::TooLong, Options, Severity},
    command::check::show,
    failure::{Class, Failure, Result, Status},
    object::hex,
    output::{counted, printable, Output, Style},
    policy::Policy,
    replace,
    sign::{self, Expired, Key, Passphrase, Signer},
    source::Source,
};
use clap::Args;
use ipe_policy::policy::envelope::Form;
use sha2::{Digest as _, Sha256};
use std::{path::PathBuf, time::SystemTime};

/// Sign a policy for the kernel
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  $ ipectl sign appliance.pol --key owner.key --certificate owner.crt
  $ ipectl sign appliance.pol --key 'pkcs11:object=owner' --certificate owner.crt -o Firewall.p7b

The policy is checked first, and the message is verified afterwards. A key that a URI names is used
through the openssl program.")]
pub struct Sign {
    /// The policy, as text; - for standard input
    pub policy: PathBuf,

    /// The private key: a file in PEM or DER, or a URI such as pkcs11:…
    #[arg(long, short, value_name = "FILE|URI")]
    pub key: String,

    /// The signer's certificate in PEM or DER; in PEM, those of its issuers may follow
    #[arg(long, short, value_name = "FILE")]
    pub certificate: PathBuf,

    /// The output; - for standard output [default: <policy_name>.p7b]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Append the signature to the text, as for a kernel module: for policies over 64 KiB
    #[arg(long)]
    pub append: bool,

    /// Omit the certificates: the message gets smaller, and the kernel has the signer's anyway.
    /// With CONFIG_IPE_POLICY_SIGNERS it needs them
    #[arg(long)]
    pub no_certificates: bool,

    /// A file whose first line is the key's passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_env")]
    pub passphrase_file: Option<PathBuf>,

    /// An environment variable with the key's passphrase
    #[arg(long, value_name = "NAME")]
    pub passphrase_env: Option<String>,

    /// Sign although the signer's certificate expired: the kernel compares no dates
    #[arg(long)]
    pub allow_expired: bool,

    /// Refuse to sign a policy that has warnings
    #[arg(long)]
    pub strict: bool,
}

impl Sign {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let source = Source::read(&self.policy)?;
        if source.signed.is_some() {
            return Err(Failure::new(
                Class::Invalid,
                format!("{}: already signed", source.name),
            ));
        }
        let policy = Policy::load(&source)?;
        let report = check::check(&source, &Options::default());
        if let Some(failure) = report.failure(&source) {
            return Err(failure);
        }
        let warnings = report.count(Severity::Warning);
        if self.strict && warnings > 0 {
            show(&[report], true, true, out)?;
            return Ok(Status::Findings);
        }

        let default = || PathBuf::from(format!("{}.p7b", policy.name().replace('/', "_")));
        let path = self.output.clone().unwrap_or_else(default);
        replace::check_distinct(&path, &self.inputs())?;

        let passphrase = match (&self.passphrase_file, &self.passphrase_env) {
            (Some(file), _) => Passphrase::File(file.clone()),
            (_, Some(name)) => Passphrase::Variable(name.clone()),
            _ => Passphrase::Prompt,
        };
        let expired = if self.allow_expired {
            Expired::Allow
        } else {
            Expired::Refuse
        };
        let signer = Signer::read(&self.certificate, SystemTime::now(), expired)?;
        let key = Key::open(&self.key, &passphrase)?;
        let form = if self.append {
            Form::Appended
        } else {
            Form::Pkcs7
        };
        let with_certificates = !self.no_certificates;
        let message = sign::sign(policy.text(), form, with_certificates, &key, &signer)?;
        if let Some(too_long) = TooLong::find(form, message.len()) {
            return Err(Failure::new(Class::Invalid, too_long.message).hint(too_long.hint));
        }

        if path.as_os_str() == "-" {
            out.bytes(&message)?;
            return Ok(Status::Ok);
        }
        replace::write(&path, &message)?;
        let about = |warning: &String| printable(warning.as_bytes());
        let of_certificates: Vec<_> = signer.warnings.iter().map(about).collect();
        if out.is_json() {
            out.json(
                "sign",
                &serde_json::json!({
                    "policy": policy.name(),
                    "version": policy.version().to_string(),
                    "output": path.display().to_string(),
                    "bytes": message.len(),
                    "form": if self.append { "appended" } else { "pkcs7" },
                    "signer": signer.subject(),
                    "sha256": hex(&Sha256::digest(&message)),
                    "warnings": warnings,
                    "certificate_warnings": of_certificates,
                }),
            )?;
        } else {
            out.line(format!(
                "{}: {} {}, {} bytes, signed by {}",
                printable(path.to_string_lossy().as_bytes()),
                printable(policy.name().as_bytes()),
                policy.version(),
                message.len(),
                printable(signer.subject().as_bytes())
            ))?;
            for warning in of_certificates {
                out.line(format!(
                    "{}: {warning}",
                    out.paint(Style::Warning, "warning")
                ))?;
            }
            if warnings > 0 {
                let warnings = counted(warnings, "warning", "warnings");
                out.line(format!("{warnings}: see 'ipectl check {}'", source.name))?;
            }
        }
        Ok(Status::Ok)
    }

    /// The files that are read to sign, and what they are.
    fn inputs(&self) -> Vec<(&'static str, PathBuf)> {
        let key = self.key.strip_prefix("file:");
        let mut inputs = vec![
            ("policy", self.policy.clone()),
            ("private key", key.unwrap_or(&self.key).into()),
            ("certificate", self.certificate.clone()),
        ];
        let passphrase = self.passphrase_file.clone();
        inputs.extend(passphrase.map(|file| ("passphrase", file)));
        inputs
    }
}
