// SPDX-License-Identifier: GPL-2.0-only

//! Finds the rules that would allow what was denied.
//!
//! A record shows what was denied, but not why the file could be trusted. That comes from the
//! device that it names, from the options about volumes, and from the file itself, if it exists.

mod root;

use crate::{
    audit::{Access, Question},
    digest::{of_open_file, Parameters},
    failure::Failure,
    object::Digest,
    output::printable,
    progress::Progress,
};
use ipe_policy::policy::Operation;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
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
#[derive(Debug, Default)]
pub struct Knowledge {
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
}

impl Evidence {
    /// Whether the file may have had this inode when it was denied.
    fn had(&self, inode: u64) -> bool {
        self.inodes.is_empty() || self.inodes.contains(&inode)
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
    /// How many of them are denials.
    pub denials: usize,
    /// How many lines read like records, and are not taken for any, see [`crate::audit::parse`].
    pub doubtful: usize,
    /// The rules.
    pub rules: Vec<Suggestion>,
    /// Denials that a person must decide.
    pub undecided: Vec<Undecided>,
}

/// One denied file of an operation.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Denial {
    operation: String,
    device: Option<String>,
    path: Option<String>,
    /// The rule that denied it on purpose.
    denied_by: Option<String>,
    /// It is about a program that keeps READ_IMPLIES_EXEC.
    read_implies_exec: bool,
}

/// Finds rules for records.
pub fn suggest(records: &[Access], knowledge: &Knowledge) -> Outcome {
    let mut outcome = Outcome {
        records: records.len(),
        ..Outcome::default()
    };
    let mut denials: BTreeMap<Denial, Evidence> = BTreeMap::new();
    for record in records.iter().filter(|record| record.is_denial()) {
        outcome.denials += 1;
        let on_purpose = record.rule.starts_with("op=");
        let denial = Denial {
            operation: record.operation.clone(),
            device: record.device.clone(),
            path: record.path.clone(),
            denied_by: on_purpose.then(|| record.rule.clone()),
            read_implies_exec: record.question() == Question::ReadImpliesExec,
        };
        let evidence = denials.entry(denial).or_insert_with(|| Evidence {
            path: record.path.clone(),
            device: record.device.clone(),
            programs: BTreeSet::new(),
            records: 0,
            first: record.stamp.clone(),
            warning: None,
            inodes: BTreeSet::new(),
        });
        evidence.records += 1;
        evidence.programs.extend(record.comm.clone());
        evidence.inodes.extend(record.inode);
    }

    let mut rules: BTreeMap<(String, String), Vec<Evidence>> = BTreeMap::new();
    let mut undecided: BTreeMap<(String, String), Vec<Evidence>> = BTreeMap::new();
    for (denial, mut evidence) in denials {
        match decide(&denial, &mut evidence, knowledge) {
            Ok((rule, allows)) => rules.entry((rule, allows)).or_default().push(evidence),
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
    outcome
}

/// File systems in memory or of the kernel, which no property can hold for.
const WITHOUT_INTEGRITY: [&str; 8] = [
    "tmpfs",
    "ramfs",
    "devtmpfs",
    "hugetlbfs",
    "proc",
    "sysfs",
    "overlay",
    "mqueue",
];

/// Returns the rule for a file and what else it allows, or why there is none.
fn decide(
    denial: &Denial,
    evidence: &mut Evidence,
    knowledge: &Knowledge,
) -> Result<(String, String), String> {
    let operation = Operation::from_name(denial.operation.as_bytes())
        .ok_or("the policy language has no such operation: the global default decides")?;
    let rule = |property: &str| format!("op={} {property} action=ALLOW", operation.name());
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
    let Some(path) = &denial.path else {
        return Err(
            "memory without a file has no properties: only 'op=EXECUTE action=ALLOW' would allow \
             it, along with everything else"
                .to_owned(),
        );
    };
    let Some(device) = &denial.device else {
        return Err("the record does not name a device".to_owned());
    };

    if let Some(volume) = knowledge
        .volumes
        .iter()
        .find(|volume| volume.device == *device)
    {
        return Ok(match volume.trust {
            Trust::Signed => (
                rule("dmverity_signature=TRUE"),
                "every file of every signed volume".to_owned(),
            ),
            Trust::RootHash(digest) => (
                rule(&format!("dmverity_roothash={digest}")),
                "every file of this volume".to_owned(),
            ),
        });
    }
    if device == "rootfs" {
        let allows = "every file of the initramfs".to_owned();
        return Ok((rule("boot_verified=TRUE"), allows));
    }
    if WITHOUT_INTEGRITY.contains(&device.as_str()) {
        return Err(format!(
            "{device} supports neither dm-verity nor fs-verity: move the file elsewhere"
        ));
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
    let found = root::open(root, path).map_err(said)?;
    if let Some(inode) = found.inode.filter(|inode| !evidence.had(*inode)) {
        evidence.warning = Some(format!(
            "another file is there now (inode {inode}), or the log is from another system"
        ));
    }
    let progress = Progress::new(found.length);
    let digest = of_open_file(found.file, &knowledge.parameters, &progress).map_err(said)?;
    Ok((
        rule(&format!("fsverity_digest={digest}")),
        "this content, once fs-verity is enabled on the file".to_owned(),
    ))
}
