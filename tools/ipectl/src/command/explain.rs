// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl explain`: which rule decides about a file or memory, and why the earlier ones do not.

mod record;

pub use self::record::explain_record;

use super::{
    properties::{resolve, ProgramProperties, Properties},
    values::{asked, Asked},
};
use crate::{
    audit::{self, Access, Doubt},
    failure::{Class, Failure, Result, Status},
    live,
    object::Object,
    output::{Output, Style},
    policy::{operation_name, Policy},
    source::{self, Source},
    trace::{trace, Step},
};
use clap::Args;
use ipe_policy::policy::{Action, Operation};
use serde::Serialize;
use std::path::PathBuf;

/// Show which rule decides about a file or memory, and why the earlier ones do not
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  $ ipectl explain appliance.pol --op KMODULE --dmverity-signature
  $ ipectl explain appliance.pol --file /usr/bin/ls --cmdline \"$(cat /proc/cmdline)\"
  $ ipectl explain appliance.pol --memory --exe /usr/bin/luajit
  $ ipectl explain appliance.pol --op PTRACE --exe-dmverity-signature
  $ journalctl _AUDIT_TYPE=1420 -o cat -n 1 | ipectl explain appliance.pol --audit -

Exits with 0 if access is allowed, with 1 if it is denied.")]
pub struct Explain {
    /// The policy, as text or signed; - for standard input
    pub policy: PathBuf,

    /// The operation; UNKNOWN for one that the language does not know
    #[arg(long, value_name = "OPERATION", value_parser = asked, default_value = "EXECUTE")]
    pub op: Asked,

    /// The properties of the file
    #[command(flatten)]
    pub properties: Properties,

    /// Take the properties of this file of the running system; dm-verity needs root
    #[arg(long, value_name = "PATH", conflicts_with = "audit")]
    pub file: Option<PathBuf>,

    /// The object is memory without a file of its own, as it always is for PTRACE
    #[arg(long, conflicts_with_all = ["Properties", "file", "audit"])]
    pub memory: bool,

    /// The object is a mapping of the file to which something was written
    #[arg(long, conflicts_with_all = ["memory", "ProgramProperties", "audit"])]
    pub modified: bool,

    /// The properties of the program that asks for memory
    #[command(flatten)]
    pub program: ProgramProperties,

    /// Take the properties of the program from this file of the running system
    #[arg(long, value_name = "PATH", conflicts_with = "audit")]
    pub exe: Option<PathBuf>,

    /// Explain this audit record; - for standard input
    #[arg(
        long,
        value_name = "LINE",
        conflicts_with_all = ["op", "Properties", "ProgramProperties"]
    )]
    pub audit: Option<String>,

    /// The command line of the kernel, as /proc/cmdline shows it, for rules with cmdline:
    #[arg(long, value_name = "TEXT", conflicts_with = "audit")]
    pub cmdline: Option<String>,

    /// Show every rule, no matter how many there are
    #[arg(long)]
    pub all: bool,
}

impl Explain {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let source = Source::read(&self.policy)?;
        let policy = Policy::load_for(&source, self.cmdline.as_deref().into())?;
        if let Some(line) = &self.audit {
            let line = match line.as_str() {
                "-" => source::read_bytes("-".as_ref())?,
                line => line.as_bytes().to_vec(),
            };
            return explain_record(&policy, &source.name, &record(&line)?, out);
        }
        let memory = self.memory || self.op.0 == Some(Operation::Ptrace);
        self.fit(memory)?;
        let (path, given) = if memory {
            (&self.exe, self.program.object())
        } else {
            (&self.file, self.properties.object())
        };
        let (mut object, evidence) = match path {
            Some(path) => live::object_of(path)?,
            None => (Object::default(), Vec::new()),
        };
        object.memory = memory;
        object.modified = self.modified;
        object.boot_verified |= given.boot_verified;
        object.dmverity_signature |= given.dmverity_signature;
        object.fsverity_signature |= given.fsverity_signature;
        object.dmverity_roothash = match given.dmverity_roothash {
            Some(digest) => Some(resolve(digest, &policy)?),
            None => object.dmverity_roothash,
        };
        object.fsverity_digest = given.fsverity_digest.or(object.fsverity_digest);
        object.image_digest = given.image_digest.or(object.image_digest);
        explain(
            &policy,
            &source.name,
            self.op.0,
            &object,
            &evidence,
            self.all,
            out,
        )
    }
}

impl Explain {
    /// Checks that the properties belong to what is asked about.
    fn fit(&self, memory: bool) -> Result<()> {
        if self.modified && self.op.0 != Some(Operation::Execute) {
            let message = "only EXECUTE is about mappings of files";
            return Err(Failure::new(Class::Usage, message).hint("remove --modified or --op"));
        }
        let given = |object: Object, path: &Option<PathBuf>| {
            let nothing = Object {
                memory: object.memory,
                ..Object::default()
            };
            object != nothing || path.is_some()
        };
        if memory && given(self.properties.object(), &self.file) {
            let message = "the properties of a file do not count for PTRACE";
            return Err(Failure::new(Class::Usage, message)
                .hint("describe the program that asks: --exe PATH, or --exe-…"));
        }
        if !memory && given(self.program.object(), &self.exe) {
            let message = "the properties of the program only count for memory";
            return Err(Failure::new(Class::Usage, message).hint("add --memory, or --op PTRACE"));
        }
        Ok(())
    }
}

/// The first record of a text, alone or as a line of a log.
fn record(text: &[u8]) -> Result<Access> {
    let mut doubtful = None;
    for line in text.split(|&byte| byte == b'\n') {
        let line_is = audit::parse(line);
        if line_is == audit::Line::Doubtful {
            doubtful = doubtful.or(Some(Doubt::of(line)));
        }
        if let Some(access) = line_is.record().or_else(|| audit::parse_bare(line)) {
            return Ok(access);
        }
    }
    Err(if let Some(doubt) = doubtful {
        let advice = doubt.advice(true).unwrap_or(
            "take the record from auditd's log, or from journalctl _AUDIT_TYPE=1420 -o cat -n 1",
        );
        Failure::new(
            Class::Invalid,
            "it is unknown whether the kernel wrote this record",
        )
        .hint(advice)
    } else {
        Failure::new(Class::Invalid, "this is not the record of an IPE decision")
            .hint("such a record contains ipe_op=… and rule=…, and has the type 1420 or IPE_ACCESS")
    })
}

/// How many rules that only lack another digest are shown.
const SHOWN_DIGESTS: usize = 5;

#[derive(Serialize)]
struct Json<'a> {
    policy: &'a str,
    operation: &'static str,
    /// Whether the object is memory, and the properties are those of the program that asks.
    memory: bool,
    /// Whether the object is a mapping of the file that was modified.
    modified: bool,
    subject: JsonObject,
    evidence: &'a [String],
    action: &'static str,
    steps: &'a [Step],
}

/// The properties of a file as JSON has them.
#[derive(Serialize)]
pub struct JsonObject {
    boot_verified: bool,
    dmverity_roothash: Option<String>,
    dmverity_signature: bool,
    fsverity_digest: Option<String>,
    fsverity_signature: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_backing_file_fsverity_digest: Option<String>,
}

impl From<&Object> for JsonObject {
    fn from(object: &Object) -> Self {
        Self {
            boot_verified: object.boot_verified,
            dmverity_roothash: object.dmverity_roothash.map(|digest| digest.to_string()),
            dmverity_signature: object.dmverity_signature,
            fsverity_digest: object.fsverity_digest.map(|digest| digest.to_string()),
            fsverity_signature: object.fsverity_signature,
            metadata_backing_file_fsverity_digest: object
                .image_digest
                .map(|digest| digest.to_string()),
        }
    }
}

/// Explains the verdict of a policy about an object.
pub fn explain(
    policy: &Policy,
    file: &str,
    operation: Option<Operation>,
    object: &Object,
    evidence: &[String],
    all: bool,
    out: &mut Output<'_>,
) -> Result {
    let trace = trace(policy, operation, object);
    let status = match trace.action {
        Action::Allow => Status::Ok,
        Action::Deny => Status::Findings,
    };
    if out.is_json() {
        out.json(
            "explain",
            &Json {
                policy: file,
                operation: operation_name(operation),
                memory: object.memory,
                modified: object.modified,
                subject: object.into(),
                evidence,
                action: trace.action.name(),
                steps: &trace.steps,
            },
        )?;
        return Ok(status);
    }

    for line in evidence {
        out.line(format!("  {line}"))?;
    }
    show_object(object, out)?;
    out.line("")?;
    show_steps(file, &trace.steps, all, out)?;
    let (style, verdict) = match trace.action {
        Action::Allow => (Style::Good, "allowed"),
        Action::Deny => (Style::Error, "denied"),
    };
    out.line("")?;
    out.line(format!(
        "{} is {}",
        operation_name(operation),
        out.paint(style, verdict)
    ))?;
    Ok(status)
}

fn show_object(object: &Object, out: &mut Output<'_>) -> Result<()> {
    let boolean = |value| if value { "TRUE" } else { "FALSE" }.to_owned();
    let digest = |value: Option<_>| match value {
        Some(digest) => format!("{digest}"),
        None => "none".to_owned(),
    };
    let (exe, width) = if object.memory {
        ("exe_", 23)
    } else {
        ("", 19)
    };
    if object.memory {
        out.line(format!("  {:<width$} TRUE", "anonymous_memory"))?;
    }
    if object.modified {
        out.line(format!("  {:<width$} TRUE", "modified"))?;
    }
    for (name, value) in [
        ("boot_verified", boolean(object.boot_verified)),
        ("dmverity_roothash", digest(object.dmverity_roothash)),
        ("dmverity_signature", boolean(object.dmverity_signature)),
        ("fsverity_digest", digest(object.fsverity_digest)),
        ("fsverity_signature", boolean(object.fsverity_signature)),
    ] {
        out.line(format!("  {:<width$} {value}", format!("{exe}{name}")))?;
    }
    // Few files are on such an image.
    if object.image_digest.is_some() {
        let name = "metadata_backing_file_fsverity_digest";
        out.line(format!("  {exe}{name} {}", digest(object.image_digest)))?;
    }
    Ok(())
}

fn show_steps(file: &str, steps: &[Step], all: bool, out: &mut Output<'_>) -> Result<()> {
    let mut digests = 0;
    for step in steps {
        if step.other_digest && !step.decides {
            digests += 1;
            if digests > SHOWN_DIGESTS && !all {
                continue;
            }
        }
        if step.decides && digests > SHOWN_DIGESTS && !all {
            let more = digests - SHOWN_DIGESTS;
            out.line(format!(
                "  … and {more} more rules for other digests; --all shows them"
            ))?;
        }
        let (style, mark) = if step.decides {
            (Style::Bold, "decides")
        } else {
            (Style::Dim, "no")
        };
        let place = match step.line {
            0 => file.to_owned(),
            line => format!("{file}:{line}"),
        };
        out.line(format!("{place}: {}", out.paint(style, &step.text)))?;
        out.line(format!("    {mark}: {}", step.reason))?;
    }
    Ok(())
}
