// SPDX-License-Identifier: GPL-2.0-only

//! Finds the rules that would allow what was denied.
//!
//! A record shows what was denied, but not why the file could be trusted. That comes from the
//! device that it names, from the options about volumes, and from the file itself, if it exists.

pub(crate) mod filesystem;
mod overlay;
mod present;

use crate::{
    audit::{canonical, is_denial, Doubt, Question, Record},
    digest::{of_open_file, Parameters},
    failure::Failure,
    live::root,
    memory,
    object::{Digest, Object},
    output::printable,
    policy::{Policy, UNKNOWN},
    progress::Progress,
};
use ipe_policy::policy::Operation;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
};

/// Why the files of a volume can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Its root hash has a valid signature.
    Signed,
    /// Its root hash.
    RootHash(Digest),
}

/// A volume, and why it can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// The device as records name it, `dm-0` for example.
    pub device: String,
    /// The reason for the trust.
    pub trust: Trust,
}

impl Volume {
    /// Parses `DEVICE=signed` or `DEVICE=algorithm:digits`.
    ///
    /// # Errors
    ///
    /// Returns a sentence for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (device, trust) = text
            .split_once('=')
            .ok_or("write DEVICE=signed or DEVICE=sha256:…")?;
        let trust = match trust {
            "signed" => Trust::Signed,
            digest => Trust::RootHash(Digest::parse(digest)?),
        };
        Ok(Self {
            device: device.to_owned(),
            trust,
        })
    }
}

/// Everything that helps to find rules.
#[derive(Default)]
pub struct Knowledge {
    /// The policy that the rules are for.
    pub policy: Option<Policy>,
    /// dm-verity volumes.
    pub volumes: Vec<Volume>,
    /// Where the files of the records are: their root directory.
    pub root: Option<PathBuf>,
    /// How fs-verity is enabled on them.
    pub parameters: Parameters,
}

/// The records about one denied file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// The file.
    pub path: Option<String>,
    /// The device that it is on.
    pub device: Option<String>,
    /// The programs that were denied it.
    pub programs: BTreeSet<String>,
    /// How many records there are.
    pub records: usize,
    /// The time and serial number of the first.
    pub first: Option<String>,
    /// A doubt about the evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// The inodes that the records name.
    #[serde(skip)]
    inodes: BTreeSet<u64>,
    /// Whether the records name more of them.
    #[serde(skip)]
    more_inodes: bool,
}

/// How many inodes of a path are kept. A file that is written anew all the time has others.
const MAX_INODES: usize = 1 << 10;

/// How many files are told apart.
const MAX_FILES: usize = 1 << 17;

/// The room that all files share: programs choose their names.
struct Room {
    programs: usize,
    inodes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            programs: 1 << 17,
            inodes: 1 << 20,
        }
    }
}

impl Evidence {
    /// Takes a record.
    fn add(&mut self, record: &Record<'_>, room: &mut Room) {
        self.records += 1;
        if let Some(comm) = record.comm.as_deref() {
            if room.programs > 0 && !self.programs.contains(comm) {
                room.programs -= 1;
                self.programs.insert(comm.to_owned());
            }
        }
        let inode = record.inode.filter(|inode| !self.inodes.contains(inode));
        if let Some(inode) = inode {
            if room.inodes > 0 && self.inodes.len() < MAX_INODES {
                room.inodes -= 1;
                self.inodes.insert(inode);
            } else {
                self.more_inodes = true;
            }
        }
    }

    /// Whether the file may have had this inode when it was denied.
    fn had(&self, inode: u64) -> bool {
        self.inodes.is_empty() || self.more_inodes || self.inodes.contains(&inode)
    }
}

/// A rule, and what it would have allowed.
#[derive(Debug, Serialize)]
pub struct Suggestion {
    /// The rule.
    pub rule: String,
    /// Everything else that it allows.
    pub allows: String,
    /// The denied files.
    pub evidence: Vec<Evidence>,
}

/// A denial without a rule.
#[derive(Debug, Serialize)]
pub struct Undecided {
    /// The operation.
    pub operation: String,
    /// Why.
    pub reason: String,
    /// The denied files.
    pub evidence: Vec<Evidence>,
}

/// The result of a suggestion.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    /// How many records there are of decisions.
    pub records: usize,
    /// How many of them are denials: of the policy on trial, if there is one.
    pub denials: usize,
    /// How many of these are about more files than are told apart, and have no rule here.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// The policies that were on trial, and that the rules are for: name and version.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub on_trial: BTreeSet<String>,
    /// How many lines read like records, and are not taken for any, see [`crate::audit::parse`].
    pub doubtful: usize,
    /// Why, where that is known.
    #[serde(skip)]
    pub doubts: BTreeSet<Doubt>,
    /// The rules.
    pub rules: Vec<Suggestion>,
    /// Denials that a person must decide.
    pub undecided: Vec<Undecided>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// One denied file of an operation.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Denial {
    operation: String,
    device: Option<String>,
    path: Option<String>,
    /// The rule that denied it on purpose, or whatever denied an operation that is not known here.
    denied_by: Option<String>,
    /// It is about a program that keeps READ_IMPLIES_EXEC.
    read_implies_exec: bool,
    /// It is about a modified mapping of the file.
    modified: bool,
}

/// The denials of a log, which is read record by record. The memory that they take depends on the
/// number of files, up to a bound, and not on that of records.
#[derive(Default)]
pub struct Denials {
    records: usize,
    denials: usize,
    /// The policies that were on trial: name and version.
    on_trial: BTreeSet<String>,
    /// The denials of files beyond those that are told apart.
    left_out: usize,
    room: Room,
    /// Each file of an operation by what tells it apart.
    files: HashMap<Vec<u8>, (Denial, Evidence)>,
    /// The key that distinguishes the file of the current record.
    key: Vec<u8>,
}

impl Denials {
    /// Takes a record.
    pub fn add(&mut self, record: &Record<'_>) {
        self.records += 1;
        let rule = record.rule_to_change();
        if !is_denial(rule) {
            return;
        }
        self.denials += 1;
        if let Some(trial) = &record.trial {
            let name = format!("{} {}", trial.policy, trial.version);
            if !self.on_trial.contains(&name) {
                self.on_trial.insert(name);
            }
        }
        let on_purpose = rule.starts_with("op=") || record.known_operation().is_none();
        let read_implies_exec = record.question() == Question::ReadImpliesExec;
        self.key.clear();
        let modified = record.modified == Some(true);
        self.key
            .extend([on_purpose, read_implies_exec, modified].map(u8::from));
        // No text of a record has a NUL, unless that is a name's, and then the length tells.
        for text in [
            Some(record.operation),
            record.device.as_deref(),
            record.path.as_deref(),
            on_purpose.then_some(rule),
        ] {
            let length = text.map_or(usize::MAX, str::len);
            self.key.extend(length.to_ne_bytes());
            self.key.extend(text.unwrap_or_default().as_bytes());
        }
        if let Some((_, evidence)) = self.files.get_mut(&self.key) {
            evidence.add(record, &mut self.room);
            return;
        }
        if self.files.len() >= MAX_FILES {
            self.left_out += 1;
            return;
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let (device, path) = (
            owned(record.device.as_deref()),
            owned(record.path.as_deref()),
        );
        let denial = Denial {
            operation: record.operation.to_owned(),
            device: device.clone(),
            path: path.clone(),
            denied_by: on_purpose.then(|| canonical(rule)),
            read_implies_exec,
            modified,
        };
        let mut evidence = Evidence {
            path,
            device,
            programs: BTreeSet::new(),
            records: 0,
            first: owned(record.stamp.as_deref()),
            warning: None,
            inodes: BTreeSet::new(),
            more_inodes: false,
        };
        evidence.add(record, &mut self.room);
        self.files.insert(self.key.clone(), (denial, evidence));
    }

    /// Finds rules for the records.
    pub fn suggest(self, knowledge: &Knowledge) -> Outcome {
        let mut outcome = Outcome {
            records: self.records,
            denials: self.denials,
            left_out: self.left_out,
            on_trial: self.on_trial,
            ..Outcome::default()
        };
        let denials: BTreeMap<Denial, Evidence> = self.files.into_values().collect();
        find_rules(denials, knowledge, &mut outcome);
        outcome
    }
}

/// Finds the rules for denied files.
fn find_rules(denials: BTreeMap<Denial, Evidence>, knowledge: &Knowledge, outcome: &mut Outcome) {
    let mut rules: BTreeMap<(String, String), Vec<Evidence>> = BTreeMap::new();
    let mut undecided: BTreeMap<(String, String), Vec<Evidence>> = BTreeMap::new();
    for (denial, mut evidence) in denials {
        match decide(&denial, &mut evidence, knowledge) {
            Ok(found) => {
                let key = (found.rule, found.allows);
                rules.entry(key).or_default().push(evidence);
            }
            Err(reason) => {
                let key = (denial.operation, reason);
                undecided.entry(key).or_default().push(evidence);
            }
        }
    }
    let to_rule = |((rule, allows), evidence)| Suggestion {
        rule,
        allows,
        evidence,
    };
    outcome.rules = rules.into_iter().map(to_rule).collect();
    let to_undecided = |((operation, reason), evidence)| Undecided {
        operation,
        reason,
        evidence,
    };
    outcome.undecided = undecided.into_iter().map(to_undecided).collect();
}

/// A rule, and what else it allows.
struct Found {
    rule: String,
    allows: String,
}

/// Why the kernel could allow a file.
fn found(
    operation: Operation,
    object: Object,
    allows: &str,
    knowledge: &Knowledge,
) -> Result<Found, String> {
    let property = match object {
        Object {
            dmverity_roothash: Some(digest),
            ..
        } => format!("dmverity_roothash={digest}"),
        Object {
            fsverity_digest: Some(digest),
            ..
        } => format!("fsverity_digest={digest}"),
        Object {
            boot_verified: true,
            ..
        } => "boot_verified=TRUE".to_owned(),
        _ => "dmverity_signature=TRUE".to_owned(),
    };
    let policy = knowledge.policy.as_ref();
    match policy.and_then(|policy| present::reason(policy, operation, &object)) {
        Some(reason) => Err(reason),
        None => Ok(Found {
            rule: format!("op={} {property} action=ALLOW", operation.name()),
            allows: allows.to_owned(),
        }),
    }
}

/// Explains that there is no rule for an operation that this program does not know.
fn unknown(denial: &Denial) -> String {
    let by = denial.denied_by.as_deref().unwrap_or_default();
    if denial.operation == UNKNOWN {
        return "the policy language has no such operation: the global default decides".to_owned();
    }
    let decided = if by.starts_with("op=") {
        "its rule"
    } else if by.starts_with("DEFAULT op=") {
        "its default"
    } else {
        "the global default"
    };
    format!(
        "ipectl does not know this operation: the record is of another kernel, whose policy \
         language has it, and {decided} decided: '{}'",
        printable(by.as_bytes())
    )
}

/// Gives advice about a file of an overlay whose layer is not found.
fn layer_unknown(path: &str) -> String {
    format!(
        "overlay is a union of directories, and the directory that has the file decides: if that \
         is on a dm-verity volume, pass --volume overlay=signed or --volume overlay=sha256:…; on \
         the machine itself, --root / finds it where its layers are mounted; 'ipectl explain \
         POLICY --file LAYER{}' shows the properties of the file in the directory LAYER",
        printable(path.as_bytes())
    )
}

/// Returns the rule for a file and what else it allows, or why there is none.
fn decide(
    denial: &Denial,
    evidence: &mut Evidence,
    knowledge: &Knowledge,
) -> Result<Found, String> {
    let operation =
        Operation::from_name(denial.operation.as_bytes()).ok_or_else(|| unknown(denial))?;
    let allow = |object, allows: &str| found(operation, object, allows, knowledge);
    if let Some(by) = &denial.denied_by {
        return Err(format!(
            "denied on purpose by '{}'",
            printable(by.as_bytes())
        ));
    }
    if denial.read_implies_exec {
        return Err(
            "a program was started with READ_IMPLIES_EXEC (setarch -X); enforcing mode removes \
             the flag and lets the program run, so that no rule is needed unless the program \
             fails without it; only 'op=EXECUTE action=ALLOW' would keep the flag, and it would \
             allow every file, and all anonymous memory, to every program"
                .to_owned(),
        );
    }
    if denial.modified {
        return Err(
            "the program wrote to a private mapping of the file, or can, so that its code need \
             not be the file's: a library with text relocations is built anew with -fPIC; \
             'op=EXECUTE modified=TRUE fsverity_digest=… action=ALLOW' would allow it for one file"
                .to_owned(),
        );
    }
    let Some(path) = &denial.path else {
        return Err(memory::advice(operation).to_owned());
    };
    let Some(device) = &denial.device else {
        return Err("the record does not name a device".to_owned());
    };
    let signed = Object {
        dmverity_signature: true,
        ..Object::default()
    };
    let of_volume = |digest| Object {
        dmverity_roothash: Some(digest),
        ..Object::default()
    };
    let of_content = |digest| Object {
        fsverity_digest: Some(digest),
        ..Object::default()
    };

    if let Some(volume) = knowledge
        .volumes
        .iter()
        .find(|volume| volume.device == *device)
    {
        return match volume.trust {
            Trust::Signed => allow(signed, SIGNED),
            Trust::RootHash(digest) => allow(of_volume(digest), VOLUME),
        };
    }
    if device == "rootfs" {
        return allow(Object::combination(1), "every file of the initramfs");
    }
    if let Some(reason) = filesystem::without_properties(path, device) {
        return Err(reason);
    }
    if device == "overlay" {
        let root = knowledge.root.as_ref();
        let layer = root.and_then(|root| overlay::find(root, path, &knowledge.parameters));
        return match layer {
            Some(overlay::Layer::Signed) => allow(signed, SIGNED),
            Some(overlay::Layer::RootHash(digest)) => allow(of_volume(digest), VOLUME),
            Some(overlay::Layer::Digest(digest)) => allow(
                of_content(digest),
                "this content, once fs-verity is enabled on the file of the layer",
            ),
            Some(overlay::Layer::Unprotected(layer, kind)) => {
                let layer = layer.to_string_lossy().into_owned();
                Err(format!(
                    "the layer {} has it, on {kind}, which has neither dm-verity here nor \
                     fs-verity",
                    printable(layer.as_bytes())
                ))
            }
            None => Err(layer_unknown(path)),
        };
    }
    let Some(root) = &knowledge.root else {
        let device = printable(device.as_bytes());
        return Err(if device.starts_with("dm-") {
            format!("describe {device} with --volume {device}=signed or --volume {device}=sha256:…")
        } else {
            "pass --root DIR, the directory of its files, to get fs-verity digests".to_owned()
        });
    };
    let said = |failure: Failure| printable(failure.message.as_bytes());
    let file = root::open(root, path).map_err(said)?;
    if let Some(inode) = file.inode.filter(|inode| !evidence.had(*inode)) {
        evidence.warning = Some(format!(
            "another file is there now (inode {inode}), or the log is from another system"
        ));
    }
    let progress = Progress::new(file.length);
    let digest = of_open_file(file.file, &knowledge.parameters, &progress).map_err(said)?;
    allow(
        of_content(digest),
        "this content, once fs-verity is enabled on the file",
    )
}

/// The side effects of a rule that trusts signatures.
const SIGNED: &str = "every file of every signed volume";

/// The side effects of a rule that trusts a root hash.
const VOLUME: &str = "every file of this volume";
