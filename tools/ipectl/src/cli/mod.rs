// SPDX-License-Identifier: GPL-2.0-only

//! The command line.

mod arguments;

pub use self::arguments::*;

use clap::{Parser, Subcommand};

/// Policies of Integrity Policy Enforcement: check, explain, sign, deploy.
#[derive(Debug, Parser)]
#[command(
    version = include_str!("../../../../VERSION").trim_ascii(),
    name = "ipectl",
    propagate_version = true,
    after_help = EXIT_CODES,
    max_term_width = 100
)]
pub struct Cli {
    /// Write JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  findings: errors in a policy, a denial, a difference
  2  wrong usage
  3  a file could not be read or written
  4  an input is not what it should be
  5  a key or a certificate is not fit for signing
  6  the kernel refused
  7  this machine cannot do it";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find every problem of a policy, before the kernel does
    #[command(after_help = "\
Example:
  $ ipectl check appliance.pol
  appliance.pol:4:4: error: unknown operation
     4 | op=KERNEL_MODULE dmverity_signature=TRUE action=ALLOW
       | ^^^^^^^^^^^^^^^^
       = hint: no operation KERNEL_MODULE; did you mean KMODULE?")]
    Check(Check),
    /// Say which rule decides about a file, and why the earlier ones do not
    #[command(after_help = "\
Examples:
  $ ipectl explain appliance.pol --op KMODULE --dmverity-signature
  $ ipectl explain appliance.pol --file /usr/bin/ls
  $ journalctl _AUDIT_TYPE=1420 -o cat -n 1 | ipectl explain appliance.pol --audit -

Ends with 0 where access is allowed, with 1 where it is denied.")]
    Explain(Explain),
    /// Sign a policy as the kernel wants it
    #[command(after_help = "\
Examples:
  $ ipectl sign appliance.pol --key owner.key --certificate owner.crt
  $ ipectl sign appliance.pol --key 'pkcs11:object=owner' --certificate owner.crt -o Firewall.p7b

The policy is checked before; the message is verified after. Keys that are named by a URI are used
through the openssl program.")]
    Sign(Sign),
    /// Load or update a signed policy on this machine, and put it in force
    #[command(after_help = "\
Example:
  # ipectl deploy Firewall.p7b
  Firewall 1.1.0: loaded
  Firewall 1.1.0: in force")]
    Deploy(Deploy),
    /// Show the policies of this machine, and which is in force
    #[command(after_help = "\
Example:
  # ipectl status
  mode     enforcing
  records  denials

  POLICY    VERSION            IN FORCE  FROM
  Firewall  1.1.0              yes       userspace, signed")]
    Status(Status),
    /// Put a loaded policy in force
    #[command(after_help = "\
Example:
  # ipectl activate Firewall")]
    Activate(Named),
    /// Remove a loaded policy that is not in force
    #[command(after_help = "\
Example:
  # ipectl delete Firewall_Start")]
    Delete(Named),
    /// Let denials deny, or only be recorded
    #[command(after_help = "\
Example:
  # ipectl enforce off")]
    Enforce(Enforce),
    /// Write a policy in the one way
    #[command(after_help = "\
Example:
  $ ipectl fmt --write appliance.pol")]
    Fmt(Fmt),
    /// Show which files change their verdict from one policy to another
    #[command(after_help = "\
Example:
  $ ipectl diff old.pol new.pol
  Firewall 1.0.0 -> Firewall 1.1.0
  EXECUTE         ALLOW -> DENY   dmverity_signature=TRUE dmverity_roothash=sha256:cd2c…

Ends with 0 where nothing changes, with 1 where something does.")]
    Diff(Diff),
    /// Write a policy to start from
    #[command(after_help = "\
Example:
  $ ipectl new appliance --name Firewall >Firewall.pol")]
    New(New),
    /// Compute digests of files and root hashes of volumes, as rules
    #[command(after_help = "\
Examples:
  $ ipectl digest /usr/bin/ls
  $ ipectl digest --plain --salt 1f00 /opt/tool
  $ ipectl digest --volume root.img --hashes root.hash")]
    Digest(DigestOf),
    /// Find the rules that would allow what was denied
    #[command(after_help = "\
Examples:
  $ ipectl suggest /var/log/audit/audit.log --volume dm-0=signed
  $ journalctl _AUDIT_TYPE=1420 -o json --all | ipectl suggest --root / -
  $ dmesg --kernel | ipectl suggest -

A text does not show who wrote its lines: give it only what auditd or the kernel wrote. What others
write into the journal is told apart in its JSON.

Ends with 1 where something is left that no rule is found for, or that is no record and reads like
one.")]
    Suggest(Suggest),
    /// Show what a policy means for a root file system
    #[command(after_help = "\
Examples:
  $ ipectl image appliance.pol root.squashfs --dmverity-signature
  $ ipectl image files.pol /srv/root --fsverity

Ends with 1 where a file is denied, with 4 where there is no file to ask about.")]
    Image(Image),
    /// Write the completions of a shell
    #[command(after_help = "\
Example:
  # ipectl completions bash >/usr/share/bash-completion/completions/ipectl")]
    Completions(Completions),
    /// Write the manual pages into a folder
    #[command(after_help = "\
Example:
  # ipectl man /usr/local/share/man/man1")]
    Man(Man),
}
