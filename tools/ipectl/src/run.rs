// SPDX-License-Identifier: GPL-2.0-only

//! From the command line to the commands.

use crate::{
    audit::{self, Access},
    check::{self, lint::TooLong, Kconfig, Options, Severity},
    cli::{self, Cli, Command, Machine, Mode},
    device::{self, Securityfs},
    diff, digest, explain,
    failure::{Class, Failure, Result, Status},
    format, image, live,
    output::{printable, Output},
    policy::Policy,
    replace,
    sign::{self, Key, Passphrase, Signer},
    source::{self, Source},
    subject::{decode_hex, hex, Facts},
    suggest,
};
use clap::CommandFactory;
use ipe_policy::policy::envelope::Form;
use sha2::{Digest as _, Sha256};
use std::{path::PathBuf, time::SystemTime};

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
        Command::Fmt(arguments) => format(arguments, out),
        Command::Diff(arguments) => diff(arguments, out),
        Command::New(arguments) => new(arguments, out),
        Command::Digest(arguments) => digest(arguments, out),
        Command::Suggest(arguments) => suggest(arguments, out),
        Command::Image(arguments) => image(arguments, out),
        Command::Completions(arguments) => completions(arguments, out),
        Command::Man(arguments) => man(arguments),
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
    let mut reports: Vec<_> = options.kernel.iter().map(check::check_kernel).collect();
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
        return explain::explain_record(&policy, &source.name, &record(&line)?, out);
    }
    let (mut facts, evidence) = match &arguments.file {
        Some(path) => live::facts_of(path)?,
        None => (Facts::default(), Vec::new()),
    };
    let given = facts_of(&arguments.subject);
    facts.boot_verified |= given.boot_verified;
    facts.dmverity_signature |= given.dmverity_signature;
    facts.fsverity_signature |= given.fsverity_signature;
    facts.dmverity_roothash = given.dmverity_roothash.or(facts.dmverity_roothash);
    facts.fsverity_digest = given.fsverity_digest.or(facts.fsverity_digest);
    explain::explain(
        &policy,
        &source.name,
        arguments.op.0,
        &facts,
        &evidence,
        arguments.all,
        out,
    )
}

/// The first record of a text, alone or as a line of a log.
fn record(text: &[u8]) -> Result<Access> {
    let mut doubtful = false;
    for line in text.split(|&byte| byte == b'\n') {
        let line_is = audit::parse(line);
        doubtful |= line_is == audit::Line::Doubtful;
        if let Some(access) = line_is.record().or_else(|| audit::parse_bare(line)) {
            return Ok(access);
        }
    }
    Err(if doubtful {
        Failure::new(
            Class::Invalid,
            "nothing shows that the kernel wrote this record",
        )
        .hint("take it from auditd's log, or with journalctl _AUDIT_TYPE=1420")
    } else {
        Failure::new(Class::Invalid, "this is no record of a decision of IPE")
            .hint("such a record has ipe_op=… and rule=…; its type is 1420 or IPE_ACCESS")
    })
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
    if let Some(failure) = report.failure(&source) {
        return Err(failure);
    }
    let warnings = report.count(Severity::Warning);
    if arguments.strict && warnings > 0 {
        check::show(&[report], true, true, out)?;
        return Ok(Status::Findings);
    }

    let default = || PathBuf::from(format!("{}.p7b", policy.name().replace('/', "_")));
    let path = arguments.output.clone().unwrap_or_else(default);
    replace::check_distinct(&path, &inputs(arguments))?;

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
    if let Some(too_long) = TooLong::find(form, message.len()) {
        return Err(Failure::new(Class::Invalid, too_long.message).hint(too_long.hint));
    }

    if path.as_os_str() == "-" {
        out.bytes(&message)?;
        return Ok(Status::Ok);
    }
    replace::write(&path, &message)?;
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
            printable(path.to_string_lossy().as_bytes()),
            printable(policy.name().as_bytes()),
            policy.version(),
            message.len(),
            printable(signer.subject().as_bytes())
        ))?;
        if warnings > 0 {
            let warnings = check::counted(warnings, "warning", "warnings");
            out.line(format!("{warnings}: see 'ipectl check {}'", source.name))?;
        }
    }
    Ok(Status::Ok)
}

/// The files that are read to sign, and what they are.
fn inputs(arguments: &cli::Sign) -> Vec<(&'static str, PathBuf)> {
    let key = arguments.key.strip_prefix("file:");
    let mut inputs = vec![
        ("policy", arguments.policy.clone()),
        ("private key", key.unwrap_or(&arguments.key).into()),
        ("certificate", arguments.certificate.clone()),
    ];
    let passphrase = arguments.passphrase_file.clone();
    inputs.extend(passphrase.map(|file| ("passphrase", file)));
    inputs
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

fn format(arguments: &cli::Fmt, out: &mut Output<'_>) -> Result {
    let mut files = Vec::new();
    for path in &arguments.files {
        let source = Source::read(path)?;
        if source.signed.is_some() {
            let message = format!("{}: it is signed, and would not be any more", source.name);
            return Err(Failure::new(Class::Invalid, message));
        }
        let policy = Policy::load(&source)?;
        let text = format::format(&policy);
        let changes = text != source.text;
        match &source.path {
            Some(path) if arguments.write && changes => {
                replace::write(path, &text)?;
            }
            _ if arguments.write || arguments.check || out.is_json() => {}
            _ => out.bytes(&text)?,
        }
        if changes && arguments.check && !out.is_json() {
            out.line(&source.name)?;
        }
        files.push((source.name, changes));
    }
    let changes = files.iter().any(|(_, changes)| *changes);
    if out.is_json() {
        let files: Vec<_> = files
            .iter()
            .map(|(file, changes)| serde_json::json!({ "file": file, "changes": changes }))
            .collect();
        out.json(&serde_json::json!({ "command": "fmt", "files": files }))?;
    }
    Ok(if arguments.check && changes {
        Status::Findings
    } else {
        Status::Ok
    })
}

fn diff(arguments: &cli::Diff, out: &mut Output<'_>) -> Result {
    let old = Policy::load(&Source::read(&arguments.old)?)?;
    let new = Policy::load(&Source::read(&arguments.new)?)?;
    diff::diff(&old, &new, out)
}

fn new(arguments: &cli::New, out: &mut Output<'_>) -> Result {
    let text = arguments
        .template
        .write(&arguments.name, &arguments.policy_version)?;
    if out.is_json() {
        out.json(&serde_json::json!({ "command": "new", "policy": text }))?;
    } else {
        out.bytes(text.as_bytes())?;
    }
    Ok(Status::Ok)
}

fn digest(arguments: &cli::DigestOf, out: &mut Output<'_>) -> Result {
    let mut entries = Vec::new();
    if let Some(volume) = &arguments.volume {
        let hashes = arguments.hashes.as_ref().unwrap_or(volume);
        let root = digest::root_hash(volume, hashes, arguments.hash_offset)?;
        entries.push(digest::Entry::new(volume, "dmverity_roothash", &root));
    }
    let parameters = digest::Parameters {
        algorithm: arguments.algorithm,
        block_size: arguments.block_size,
        salt: decode_hex(arguments.salt.as_bytes()).ok_or_else(|| {
            Failure::new(
                Class::Usage,
                "the salt is not an even number of hexadecimal digits",
            )
        })?,
    };
    for path in &arguments.paths {
        entries.extend(digest::of_files(path, &parameters)?);
    }
    digest::show(
        &entries,
        arguments.op,
        arguments.action,
        arguments.plain,
        out,
    )
}

fn suggest(arguments: &cli::Suggest, out: &mut Output<'_>) -> Result {
    let (mut records, mut doubtful) = (Vec::new(), 0);
    for log in &arguments.logs {
        for line in source::read_bytes(log)?.split(|&byte| byte == b'\n') {
            match audit::parse(line) {
                audit::Line::Record(access) => records.push(access),
                audit::Line::Doubtful => doubtful += 1,
                audit::Line::Other => {}
            }
        }
    }
    let knowledge = suggest::Knowledge {
        volumes: arguments.volumes.clone(),
        root: arguments.root.clone(),
        ..suggest::Knowledge::default()
    };
    let outcome = suggest::Outcome {
        doubtful,
        ..suggest::suggest(&records, &knowledge)
    };
    suggest::show(&outcome, out)
}

fn image(arguments: &cli::Image, out: &mut Output<'_>) -> Result {
    let policy = Policy::load(&Source::read(&arguments.policy)?)?;
    let knowledge = image::Knowledge {
        facts: facts_of(&arguments.subject),
        fsverity: arguments.fsverity.then(digest::Parameters::default),
    };
    let judged = image::judge(&policy, &arguments.image, &knowledge)?;
    image::show(&policy, &arguments.image, &judged, arguments.list, out)
}

/// The facts that the command line names.
fn facts_of(given: &cli::Subject) -> Facts {
    Facts {
        boot_verified: given.boot_verified,
        dmverity_signature: given.dmverity_signature,
        fsverity_signature: given.fsverity_signature,
        dmverity_roothash: given.dmverity_roothash,
        fsverity_digest: given.fsverity_digest,
    }
}

fn completions(arguments: &cli::Completions, out: &mut Output<'_>) -> Result {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "ipectl", &mut text);
    out.bytes(&text)?;
    Ok(Status::Ok)
}

fn man(arguments: &cli::Man) -> Result {
    clap_mangen::generate_to(Cli::command(), &arguments.folder)
        .map_err(|error| Failure::file(&arguments.folder, &error))?;
    Ok(Status::Ok)
}
