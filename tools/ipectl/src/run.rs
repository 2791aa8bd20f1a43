// SPDX-License-Identifier: GPL-2.0-only

//! From the command line to the commands.

use crate::{
    audit,
    check::{self, lint::MAX_PKCS7, Kconfig, Options, Severity},
    cli::{self, Command, Machine, Mode},
    device::{self, Securityfs},
    explain,
    failure::{Class, Failure, Result, Status},
    live,
    output::Output,
    policy::Policy,
    sign::{self, Key, Passphrase, Signer},
    source::{self, Source},
    subject::{hex, Facts},
};

use ipe_policy::policy::envelope::Form;
use sha2::{Digest, Sha256};
use std::{fs, path::PathBuf, time::SystemTime};

/// Does what the command line says.
///
/// # Errors
///
/// Whatever keeps the command from being done.
pub fn run(command: &Command, out: &mut Output<'_>) -> Result {
    match command {
        Command::Check(arguments) => check(arguments, out),
        Command::Explain(arguments) => explain(arguments, out),
        Command::Sign(arguments) => sign(arguments, out),
        Command::Deploy(arguments) => deploy(arguments, out),
        Command::Status(arguments) => device::status(&nodes(&arguments.machine)?, out),
        Command::Activate(arguments) => {
            let nodes = nodes(&arguments.machine)?;
            device::activate(&nodes, &arguments.name, arguments.dry_run, out)
        }
        Command::Delete(arguments) => {
            let nodes = nodes(&arguments.machine)?;
            device::delete(&nodes, &arguments.name, arguments.dry_run, out)
        }
        Command::Enforce(arguments) => {
            let nodes = nodes(&arguments.machine)?;
            device::enforce(&nodes, arguments.mode == Mode::On, arguments.dry_run, out)
        }
    }
}

fn check(arguments: &cli::Check, out: &mut Output<'_>) -> Result {
    let kernel = arguments.kernel_config.as_deref().map(Kconfig::read);
    let options = Options {
        kernel: kernel.transpose()?,
        stage: arguments.stage,
    };
    let mut reports = Vec::new();
    for path in &arguments.files {
        for file in source::expand(path)? {
            reports.push(check::check(&Source::read(&file)?, &options));
        }
    }
    check::show(&reports, arguments.strict, arguments.quiet, out)
}

fn explain(arguments: &cli::Explain, out: &mut Output<'_>) -> Result {
    let source = Source::read(&arguments.policy)?;
    let policy = Policy::load(&source)?;
    if let Some(line) = &arguments.audit {
        let line = match line.as_str() {
            "-" => source::read_bytes("-".as_ref())?,
            line => line.as_bytes().to_vec(),
        };
        let mut lines = line.split(|&byte| byte == b'\n');
        let access = lines.find_map(audit::parse).ok_or_else(|| {
            Failure::new(Class::Invalid, "this is no record of a decision of IPE")
                .hint("such a record has ipe_op=… and rule=…; its type is 1420 or IPE_ACCESS")
        })?;
        return explain::explain_record(&policy, &source.name, &access, out);
    }
    let (mut facts, evidence) = match &arguments.file {
        Some(path) => live::facts_of(path)?,
        None => (Facts::default(), Vec::new()),
    };
    let given = &arguments.subject;
    facts.boot_verified |= given.boot_verified;
    facts.dmverity_signature |= given.dmverity_signature;
    facts.fsverity_signature |= given.fsverity_signature;
    facts.dmverity_roothash = given.dmverity_roothash.or(facts.dmverity_roothash);
    facts.fsverity_digest = given.fsverity_digest.or(facts.fsverity_digest);
    explain::explain(
        &policy,
        &source.name,
        arguments.op,
        &facts,
        &evidence,
        arguments.all,
        out,
    )
}

fn sign(arguments: &cli::Sign, out: &mut Output<'_>) -> Result {
    let source = Source::read(&arguments.policy)?;
    if source.signed.is_some() {
        return Err(Failure::new(
            Class::Invalid,
            format!("{}: it is signed already", source.name),
        ));
    }
    let policy = Policy::load(&source)?;
    let report = check::check(&source, &Options::default());
    let warnings = report.count(Severity::Warning);
    if arguments.strict && warnings > 0 {
        check::show(&[report], true, true, out)?;
        return Ok(Status::Findings);
    }

    let passphrase = match (&arguments.passphrase_file, &arguments.passphrase_env) {
        (Some(file), _) => Passphrase::File(file.clone()),
        (_, Some(name)) => Passphrase::Variable(name.clone()),
        _ => Passphrase::Prompt,
    };
    let signer = Signer::read(&arguments.certificate, SystemTime::now())?;
    let key = Key::open(&arguments.key, &passphrase)?;
    let form = if arguments.append {
        Form::Appended
    } else {
        Form::Pkcs7
    };
    let with_certificates = !arguments.no_certificates;
    let message = sign::sign(policy.text(), form, with_certificates, &key, &signer)?;
    if form == Form::Pkcs7 && message.len() > MAX_PKCS7 {
        return Err(Failure::new(
            Class::Invalid,
            format!(
                "{} bytes as a PKCS#7 message: the kernel takes {MAX_PKCS7}",
                message.len()
            ),
        )
        .hint("append the signature with --append"));
    }

    let default = || PathBuf::from(format!("{}.p7b", policy.name().replace('/', "_")));
    let path = arguments.output.clone().unwrap_or_else(default);
    if path.as_os_str() == "-" {
        out.bytes(&message)?;
        return Ok(Status::Ok);
    }
    fs::write(&path, &message).map_err(|error| Failure::file(&path, &error))?;
    if out.is_json() {
        out.json(&serde_json::json!({
            "command": "sign",
            "policy": policy.name(),
            "version": policy.version().to_string(),
            "output": path.display().to_string(),
            "bytes": message.len(),
            "form": if arguments.append { "appended" } else { "pkcs7" },
            "signer": signer.subject(),
            "sha256": hex(&Sha256::digest(&message)),
            "warnings": warnings,
        }))?;
    } else {
        out.line(format!(
            "{}: {} {}, {} bytes, signed by {}",
            path.display(),
            policy.name(),
            policy.version(),
            message.len(),
            signer.subject()
        ))?;
        if warnings > 0 {
            let warnings = check::counted(warnings, "warning", "warnings");
            out.line(format!("{warnings}: see 'ipectl check {}'", source.name))?;
        }
    }
    Ok(Status::Ok)
}

fn nodes(machine: &Machine) -> Result<Securityfs> {
    Securityfs::open(&machine.securityfs)
}

fn deploy(arguments: &cli::Deploy, out: &mut Output<'_>) -> Result {
    let message = source::read_bytes(&arguments.policy)?;
    let source = Source::parse(&arguments.policy, &message)?;
    let options = device::Options {
        dry_run: arguments.dry_run,
        no_activate: arguments.no_activate,
    };
    device::deploy(&nodes(&arguments.machine)?, &source, &message, options, out)
}
