// SPDX-License-Identifier: GPL-2.0-only

//! The arguments of each command.

use crate::{
    check::{similar, Stage},
    device::SECURITYFS,
    policy::UNKNOWN,
    subject::Digest,
    suggest::Volume,
    template::Template,
};
use clap::Args;
use ipe_policy::policy::{Action, Algorithm, Operation};
use std::path::PathBuf;

/// `ipectl check`
#[derive(Args, Debug)]
pub struct Check {
    /// Policies as text or signed, directories of them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Also fail where there are warnings
    #[arg(long)]
    pub strict: bool,

    /// The configuration of the kernel that the policy is for, and of those that it lets kexec
    /// boot: also names the ways around a policy that it leaves open
    #[arg(long, value_name = "FILE")]
    pub kernel_config: Option<PathBuf>,

    /// When the policy is in force
    #[arg(long, value_enum)]
    pub stage: Option<Stage>,

    /// Leave out notes
    #[arg(long, short)]
    pub quiet: bool,
}

/// The facts of a file.
#[derive(Args, Debug)]
pub struct Subject {
    /// It comes from the initramfs
    #[arg(long)]
    pub boot_verified: bool,

    /// The root hash of its dm-verity volume, as algorithm:digits
    #[arg(long, value_name = "DIGEST", value_parser = Digest::parse)]
    pub dmverity_roothash: Option<Digest>,

    /// The root hash of its dm-verity volume has a valid signature
    #[arg(long)]
    pub dmverity_signature: bool,

    /// Its fs-verity digest, as algorithm:digits
    #[arg(long, value_name = "DIGEST", value_parser = Digest::parse)]
    pub fsverity_digest: Option<Digest>,

    /// Its fs-verity digest has a valid built-in signature
    #[arg(long)]
    pub fsverity_signature: bool,
}

/// `ipectl explain`
#[derive(Args, Debug)]
pub struct Explain {
    /// The policy, as text or signed; - for standard input
    pub policy: PathBuf,

    /// The operation; UNKNOWN for any that the language does not know
    #[arg(long, value_name = "OPERATION", value_parser = asked, default_value = "EXECUTE")]
    pub op: Asked,

    /// The facts
    #[command(flatten)]
    pub subject: Subject,

    /// Find the facts of this file of the running system; as root, for dm-verity
    #[arg(long, value_name = "PATH", conflicts_with = "audit")]
    pub file: Option<PathBuf>,

    /// Explain this record of the audit log; - for standard input
    #[arg(long, value_name = "LINE", conflicts_with_all = ["op", "Subject"])]
    pub audit: Option<String>,

    /// Show every rule, however many there are
    #[arg(long)]
    pub all: bool,
}

/// An operation that is asked about; none for one that the language does not know.
#[derive(Clone, Copy, Debug)]
pub struct Asked(pub Option<Operation>);

/// Parses the name of an operation as records have it.
fn asked(name: &str) -> Result<Asked, String> {
    if name.eq_ignore_ascii_case(UNKNOWN) {
        return Ok(Asked(None));
    }
    operation(name).map(|operation| Asked(Some(operation)))
}

/// Parses the name of an operation.
fn operation(name: &str) -> Result<Operation, String> {
    let known = Operation::from_name(name.to_ascii_uppercase().as_bytes());
    known.ok_or_else(|| match similar::operation(name) {
        Some(meant) => format!("no such operation; did you mean {}?", meant.name()),
        None => format!(
            "operations are {}",
            Operation::ALL.map(Operation::name).join(", ")
        ),
    })
}

/// `ipectl sign`
#[derive(Args, Debug)]
pub struct Sign {
    /// The policy, as text; - for standard input
    pub policy: PathBuf,

    /// The private key: a file in PEM or DER, or a URI such as pkcs11:…
    #[arg(long, short, value_name = "FILE|URI")]
    pub key: String,

    /// The signer's certificate in PEM or DER; in PEM, those of its issuers may follow
    #[arg(long, short, value_name = "FILE")]
    pub certificate: PathBuf,

    /// Where to write to; - for standard output [default: <policy_name>.p7b]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Append the signature to the text, as to a kernel module: for policies over 64 KiB
    #[arg(long)]
    pub append: bool,

    /// Leave the certificates out of the message: smaller, and the kernel has the signer's anyway
    #[arg(long)]
    pub no_certificates: bool,

    /// The file whose first line is the key's passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_env")]
    pub passphrase_file: Option<PathBuf>,

    /// The variable of the environment that has the key's passphrase
    #[arg(long, value_name = "NAME")]
    pub passphrase_env: Option<String>,

    /// Do not sign a policy with warnings either
    #[arg(long)]
    pub strict: bool,
}

/// Where the nodes of IPE are.
#[derive(Args, Debug)]
pub struct Machine {
    /// Where securityfs is mounted
    #[arg(long, value_name = "DIR", default_value = SECURITYFS)]
    pub securityfs: PathBuf,
}

/// `ipectl deploy`
#[derive(Args, Debug)]
pub struct Deploy {
    /// The signed policy; - for standard input
    pub policy: PathBuf,

    /// Leave in force what is
    #[arg(long)]
    pub no_activate: bool,

    /// Only say what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// Where
    #[command(flatten)]
    pub machine: Machine,
}

/// `ipectl status`
#[derive(Args, Debug)]
pub struct Status {
    /// Where
    #[command(flatten)]
    pub machine: Machine,
}

/// `ipectl activate` and `ipectl delete`
#[derive(Args, Debug)]
pub struct Named {
    /// The policy's name
    pub name: String,

    /// Only say what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// Where
    #[command(flatten)]
    pub machine: Machine,
}

/// A mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Denials deny
    On,
    /// Denials are only recorded
    Off,
}

/// `ipectl enforce`
#[derive(Args, Debug)]
pub struct Enforce {
    /// The mode
    #[arg(value_enum)]
    pub mode: Mode,

    /// Only say what would be done
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// Where
    #[command(flatten)]
    pub machine: Machine,
}

/// `ipectl fmt`
#[derive(Args, Debug)]
pub struct Fmt {
    /// Policies as text; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Write into the files, not to standard output
    #[arg(long, short)]
    pub write: bool,

    /// Write nothing; end with 1 where a file would change
    #[arg(long, conflicts_with = "write")]
    pub check: bool,
}

/// `ipectl diff`
#[derive(Args, Debug)]
pub struct Diff {
    /// A policy, as text or signed; - for standard input
    pub old: PathBuf,

    /// Another one
    pub new: PathBuf,
}

/// `ipectl new`
#[derive(Args, Debug)]
pub struct New {
    /// What the policy is for
    #[arg(value_enum)]
    pub template: Template,

    /// The policy's name
    #[arg(long)]
    pub name: String,

    /// The policy's version
    #[arg(
        long = "policy-version",
        default_value = "1.0.0",
        value_name = "VERSION"
    )]
    pub policy_version: String,
}

/// `ipectl digest`
#[derive(Args, Debug)]
pub struct DigestOf {
    /// Files, or folders of them, that fs-verity will protect
    #[arg(required_unless_present = "volume", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The data of a dm-verity volume
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "salt", "algorithm", "block_size"])]
    pub volume: Option<PathBuf>,

    /// The hashes of the volume, where they are not in the same file
    #[arg(long, value_name = "FILE", requires = "volume")]
    pub hashes: Option<PathBuf>,

    /// Where the hashes begin in their file
    #[arg(long, value_name = "BYTES", requires = "volume", default_value_t = 0)]
    pub hash_offset: u64,

    /// The operation that the rules are for
    #[arg(long, value_name = "OPERATION", value_parser = operation, default_value = "EXECUTE")]
    pub op: Operation,

    /// The action of the rules
    #[arg(long, value_parser = action, default_value = "ALLOW")]
    pub action: Action,

    /// Write digests and paths, not rules
    #[arg(long)]
    pub plain: bool,

    /// The algorithm of fs-verity: sha256 or sha512
    #[arg(long, value_parser = algorithm, default_value = "sha256")]
    pub algorithm: Algorithm,

    /// The length of a block of fs-verity
    #[arg(long, value_name = "BYTES", default_value_t = 4096)]
    pub block_size: u32,

    /// The salt of fs-verity, in hexadecimal digits
    #[arg(long, value_name = "DIGITS", default_value = "")]
    pub salt: String,
}

/// Parses the name of an action.
fn action(name: &str) -> Result<Action, String> {
    let known = Action::from_name(name.to_ascii_uppercase().as_bytes());
    known.ok_or_else(|| "actions are ALLOW and DENY".to_owned())
}

/// Parses the name of an algorithm.
fn algorithm(name: &str) -> Result<Algorithm, String> {
    let known = Algorithm::from_name(name.as_bytes());
    known.ok_or_else(|| match similar::algorithm(name) {
        Some(meant) => format!("no such algorithm; did you mean {}?", meant.name()),
        None => "no such algorithm".to_owned(),
    })
}

/// `ipectl suggest`
#[derive(Args, Debug)]
pub struct Suggest {
    /// Logs: auditd's, the journal as JSON, the kernel's; - for standard input
    #[arg(required = true, value_name = "LOG")]
    pub logs: Vec<PathBuf>,

    /// What a volume is: DEVICE=signed or DEVICE=algorithm:digits, the device as in the records
    #[arg(long = "volume", value_name = "VOLUME", value_parser = Volume::parse)]
    pub volumes: Vec<Volume>,

    /// The root directory of the records: files of no volume get fs-verity digests
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}

/// `ipectl image`
#[derive(Args, Debug)]
pub struct Image {
    /// The policy, as text or signed; - for standard input
    pub policy: PathBuf,

    /// A folder, or an image of squashfs, erofs or ext4
    pub image: PathBuf,

    /// What holds for all of its files
    #[command(flatten)]
    pub subject: Subject,

    /// fs-verity will be enabled on all of its files
    #[arg(long, conflicts_with = "fsverity_digest")]
    pub fsverity: bool,

    /// List what is allowed, too
    #[arg(long, short)]
    pub list: bool,
}

/// `ipectl completions`
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `ipectl man`
#[derive(Args, Debug)]
pub struct Man {
    /// The folder, which exists
    pub folder: PathBuf,
}
