// SPDX-License-Identifier: GPL-2.0-only

//! Policies that do not do what they say: found by evaluating the compiled policy.

use super::{
    diagnostic::{Diagnostic, Severity, Span},
    options::{Options, Stage},
    shadow,
};
use crate::{
    name::{refusal, Refusal, LONGEST},
    object::{Digest, Object},
    policy::Policy,
    source::Source,
};
use ipe_policy::{
    eval::Verdict,
    policy::{
        envelope::{self, Form},
        Action, FileProperty, Line, Operation, Property, Rule, Scope, Statement,
    },
};
use std::collections::BTreeSet;

/// The longest message that the kernel's ASN.1 decoder takes.
const MAX_PKCS7: usize = 65535;

/// The least number of bytes that PKCS#7 adds to a text.
pub(super) const PKCS7_OVERHEAD: usize = 600;

/// Returns all findings. `useless` are the lines of rules that are known never to match.
pub(super) fn run(
    source: &Source,
    policy: &Policy,
    options: &Options,
    useless: &BTreeSet<u32>,
) -> Vec<Diagnostic> {
    let lines = policy.lines();
    let mut found = Vec::new();
    let mut lint = Lint {
        source,
        policy,
        lines: &lines,
        found: &mut found,
    };
    lint.reachability(useless);
    lint.stages(options.stage);
    lint.unrestricted();
    lint.name();
    lint.file_name();
    lint.size(options.portable);
    found
}

struct Lint<'l> {
    source: &'l Source,
    policy: &'l Policy,
    lines: &'l [Line<'l>],
    found: &'l mut Vec<Diagnostic>,
}

impl<'l> Lint<'l> {
    fn report(
        &mut self,
        line: &Line<'_>,
        severity: Severity,
        code: &'static str,
        message: String,
    ) -> &mut Diagnostic {
        let name = &self.source.name;
        self.found.push(Diagnostic::at(
            name,
            self.policy.text(),
            span(line),
            severity,
            code,
            message,
        ));
        self.found.last_mut().expect("there is one now")
    }

    /// Rules that no file can reach.
    fn reachability(&mut self, useless: &BTreeSet<u32>) {
        for line in self.lines {
            let Some(rule) = line.rule() else { continue };
            if useless.contains(&line.position.line) {
                continue;
            }
            let objects = objects(rule, self.policy);
            if !objects.is_empty() && !objects.iter().any(Object::possible) {
                self.report(
                    line,
                    Severity::Warning,
                    "impossible",
                    "the rule never matches: the initramfs has neither dm-verity nor fs-verity"
                        .to_owned(),
                )
                .hint = Some("write a rule for each property".to_owned());
                continue;
            }

            let mut deciders = BTreeSet::new();
            let mut reached = false;
            let mut same_action = true;
            for object in objects.iter().filter(|object| object.possible()) {
                let verdict = self.policy.evaluate(rule.operation, object);
                match verdict.scope {
                    Scope::Rule(offset) if offset == line.offset => reached = true,
                    Scope::Rule(offset) => {
                        deciders.insert(offset);
                    }
                    _ => {}
                }
                same_action &= verdict.action == rule.action;
            }
            if reached || deciders.is_empty() {
                continue;
            }
            let lines = self.lines.iter();
            let deciding: Vec<_> = lines
                .filter(|line| deciders.contains(&line.offset))
                .collect();
            let numbers: Vec<_> = deciding.iter().map(|line| line.position.line).collect();
            let by = match numbers.as_slice() {
                [one] => format!("line {one} already decides"),
                [first, last] => format!("lines {first} and {last} already decide"),
                [first, .., last] => format!("lines between {first} and {last} already decide"),
                [] => continue,
            };
            let diagnostic = self.report(
                line,
                Severity::Warning,
                "shadowed",
                format!("the rule never decides: {by} everything that it matches"),
            );
            diagnostic.hint = Some(shadow::advice(rule, &deciding, same_action));
        }
    }

    /// Findings that depend on when the policy is active.
    fn stages(&mut self, stage: Option<Stage>) {
        let initramfs = Object::combination(1);
        let verdict = self.policy.evaluate(Operation::Execute, &initramfs);
        let lines = self.lines;
        let line = decider(lines, Operation::Execute, verdict);
        if let (Action::Deny, Some(line)) = (verdict.action, line) {
            let severity = match stage {
                Some(Stage::Root) => None,
                Some(Stage::Boot) => Some(Severity::Warning),
                None => Some(Severity::Note),
            };
            if let Some(severity) = severity {
                self.report(
                    line,
                    severity,
                    "initramfs-denied",
                    "the policy denies programs of the initramfs: a machine that boots with it \
                     active does not get any further"
                        .to_owned(),
                )
                .hint = Some(
                    "add 'op=EXECUTE boot_verified=TRUE action=ALLOW' if the policy is active \
                     that early; otherwise pass --stage root"
                        .to_owned(),
                );
            }
        }

        let severity = match stage {
            Some(Stage::Boot) => return,
            Some(Stage::Root) => Severity::Warning,
            None => Severity::Note,
        };
        let trusts = |line: &&Line<'_>| {
            line.rule().is_some_and(|rule| {
                let boot = |property| property == Property::File(FileProperty::BootVerified(true));
                rule.action == Action::Allow && rule.properties().any(boot)
            })
        };
        if let Some(line) = lines.iter().find(trusts) {
            self.report(
                line,
                severity,
                "boot-verified-stays",
                "boot_verified trusts the initramfs as long as the policy is active, and root can \
                 write to the initramfs"
                    .to_owned(),
            )
            .hint = Some(
                "after switch_root, activate a policy without boot_verified; pass --stage boot if \
                 this one is only for the initramfs"
                    .to_owned(),
            );
        }
    }

    /// Operations that the author may have forgotten.
    fn unrestricted(&mut self) {
        let mut named = BTreeSet::new();
        let mut global = None;
        for line in self.lines {
            match &line.statement {
                Statement::Rule(rule) => {
                    named.insert(rule.operation as u8);
                }
                Statement::Default(Some(operation), _) => {
                    named.insert(*operation as u8);
                }
                Statement::Default(None, action) => global = Some((line, *action)),
                _ => {}
            }
        }
        let Some((line, Action::Allow)) = global else {
            return;
        };
        // Nothing is asked about those of extensions as long as no line names them.
        let all = Operation::ALL.into_iter();
        let forgotten: Vec<_> = all
            .filter(|operation| operation.extension().is_none())
            .filter(|operation| !named.contains(&(*operation as u8)))
            .map(Operation::name)
            .collect();
        if forgotten.is_empty() {
            return;
        }
        let severity = if named.is_empty() {
            Severity::Note
        } else {
            Severity::Warning
        };
        self.report(
            line,
            severity,
            "unrestricted",
            format!("no line restricts {}", forgotten.join(", ")),
        )
        .hint =
            Some("write 'DEFAULT op=… action=ALLOW' if that is intended, or deny it".to_owned());
    }

    /// The kernel makes a directory of the name.
    fn name(&mut self) {
        let name = self.policy.name_bytes();
        let (Some(refusal), Some(line)) = (refusal(name), self.header()) else {
            return;
        };
        let message = match refusal {
            Refusal::Path => {
                "the name contains a slash, or is . or ..: no directory can have it".to_owned()
            }
            Refusal::TooLong => format!(
                "the name has {} bytes, but the name of a directory has at most {LONGEST}",
                name.len()
            ),
        };
        let diagnostic = self.report(line, Severity::Error, "name-impossible", message);
        diagnostic.errno = Some(refusal.errno());
        diagnostic.hint = Some("the kernel creates a directory with the policy's name".to_owned());
    }

    fn header(&self) -> Option<&'l Line<'l>> {
        let mut lines = self.lines.iter();
        lines.find(|line| matches!(line.statement, Statement::Header))
    }

    /// systemd opens `policies/<file name without its ending>`.
    fn file_name(&mut self) {
        let Some(stem) = self.source.path.as_ref().and_then(|path| path.file_stem()) else {
            return;
        };
        let name = self.policy.name();
        if stem.to_string_lossy() == name || refusal(name.as_bytes()).is_some() {
            return;
        }
        let signed = self.source.signed.is_some();
        let severity = if signed {
            Severity::Warning
        } else {
            Severity::Note
        };
        let Some(line) = self.header() else {
            return;
        };
        let (file, name) = (
            stem.to_string_lossy(),
            crate::output::printable(name.as_bytes()),
        );
        self.report(
            line,
            severity,
            "name-mismatch",
            format!("systemd will look for a policy named {file}, but this one is named {name}"),
        )
        .hint = Some(format!("install it as {name}.p7b"));
    }

    /// Finds a message that is too long, or a text that will become one. A portable policy cannot
    /// be signed in the other form, which is an error of its own.
    fn size(&mut self, portable: bool) {
        let text = self.source.text.len();
        let error = match self.source.signed {
            Some((form, length)) => TooLong::find(form, length),
            // There has to be room for a signature.
            None => TooLong::find(Form::Appended, text + 1),
        };
        let (found, severity) = match (error, self.source.signed) {
            (None, None) if !portable => (
                TooLong::find(Form::Pkcs7, text + PKCS7_OVERHEAD),
                Severity::Note,
            ),
            (error, _) => (error, Severity::Error),
        };
        let Some(too_long) = found else { return };
        let name = &self.source.name;
        let diagnostic = Diagnostic::about(name, severity, too_long.code, too_long.message);
        let mut diagnostic = diagnostic.hint(too_long.hint);
        diagnostic.errno = (severity == Severity::Error).then_some(too_long.errno);
        self.found.push(diagnostic);
    }
}

/// Returns the place of a line's code.
pub(super) fn span(line: &Line<'_>) -> Span {
    Span {
        line: line.position.line,
        column: line.position.column,
        offset: line.position.offset,
        length: u32::try_from(line.code.len()).unwrap_or(u32::MAX),
    }
}

/// Returns the line that decided about an operation.
pub(super) fn decider<'l>(
    lines: &'l [Line<'l>],
    operation: Operation,
    verdict: Verdict,
) -> Option<&'l Line<'l>> {
    let mut lines = lines.iter();
    lines.find(|line| match verdict.scope {
        Scope::Rule(offset) => line.offset == offset,
        Scope::OperationDefault => {
            matches!(line.statement, Statement::Default(Some(of), _) if of == operation)
        }
        Scope::GlobalDefault => matches!(line.statement, Statement::Default(None, _)),
    })
}

/// Why the kernel refuses a message of some length.
pub struct TooLong {
    code: &'static str,
    errno: &'static str,
    /// The error, for people.
    pub message: String,
    /// The next step.
    pub hint: &'static str,
}

impl TooLong {
    /// Compares the length of a message, in bytes, with the limits of the kernel.
    pub fn find(form: Form, length: usize) -> Option<Self> {
        if length > envelope::MAX_LENGTH {
            let limit = envelope::MAX_LENGTH >> 20;
            return Some(Self {
                code: "too-long",
                errno: "EFBIG",
                message: format!("with its signature, the policy is longer than {limit} MiB"),
                hint: "trust a volume instead of that many files",
            });
        }
        (form == Form::Pkcs7 && length > MAX_PKCS7).then(|| Self {
            code: "too-long-for-pkcs7",
            errno: "EMSGSIZE",
            message: format!(
                "{length} bytes as a PKCS#7 message, but the kernel takes at most {MAX_PKCS7}"
            ),
            hint: "sign it with 'ipectl sign --append'",
        })
    }
}

/// The objects that a rule matches, those that fewest other rules match: one for each class and
/// combination of flags, with no digest but those that the rule names.
pub(super) fn objects(rule: &Rule<'_>, policy: &Policy) -> Vec<Object> {
    let mut digests = Object::default();
    for property in rule.properties() {
        match property.of_file() {
            Some(FileProperty::DmverityRoothash(hash)) => {
                digests.dmverity_roothash = Digest::of(*hash);
            }
            Some(FileProperty::FsverityDigest(text)) => {
                digests.fsverity_digest = Digest::from_text(*text);
            }
            Some(FileProperty::ImageDigest(text)) => {
                digests.image_digest = Digest::from_text(*text);
            }
            _ => {}
        }
    }
    Object::all(rule.operation)
        .map(|object| Object {
            dmverity_roothash: digests.dmverity_roothash,
            fsverity_digest: digests.fsverity_digest,
            image_digest: digests.image_digest,
            ..object
        })
        .filter(|object| {
            rule.properties()
                .all(|property| policy.holds(&property, object))
        })
        .collect()
}
