// SPDX-License-Identifier: GPL-2.0-only

//! From the command line to the commands.

use crate::{
    audit,
    check::{self, Kconfig, Options},
    cli::{self, Command},
    explain,
    failure::{Class, Failure, Result},
    live,
    output::Output,
    policy::Policy,
    source::{self, Source},
    subject::Facts,
};

/// Does what the command line says.
///
/// # Errors
///
/// Whatever keeps the command from being done.
pub fn run(command: &Command, out: &mut Output<'_>) -> Result {
    match command {
        Command::Check(arguments) => check(arguments, out),
        Command::Explain(arguments) => explain(arguments, out),
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
