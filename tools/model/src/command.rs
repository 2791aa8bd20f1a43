// SPDX-License-Identifier: GPL-2.0-only

//! The commands of an administrator, as lines of text that a guest reads.

use std::fmt;

/// Defines an enum whose variants are words.
macro_rules! words {
    ($( #[$doc:meta] )* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal, )* }) => {
        $( #[$doc] )*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[$variant_doc])* $variant, )*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// Finds the one with this word.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some(Self::$variant), )*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $( Self::$variant => $word, )*
                })
            }
        }
    };
}

words! {
    /// The names of policies.
    Name {
        /// The policy that is active when a sequence begins.
        Reset = "reset",
        /// A policy that sequences load.
        A = "a",
        /// Another.
        B = "b",
        /// A third.
        C = "c",
    }
}

words! {
    /// The rules of a policy.
    Rules {
        /// Everything is allowed.
        Allow = "allow",
        /// Nothing is allowed.
        Deny = "deny",
        /// Only the initramfs is allowed.
        Verified = "verified",
        /// Everything except the initramfs is allowed.
        Unverified = "unverified",
        /// Everything is allowed, and policies of the initramfs need no signature.
        Origin = "origin",
        /// The default is missing, so the kernel refuses the policy.
        Wrong = "wrong",
    }
}

words! {
    /// How a policy is signed.
    Signature {
        /// In a PKCS#7 message.
        Embedded = "embedded",
        /// With the signature appended to the text.
        Appended = "appended",
        /// By a signer that the kernel does not trust.
        Untrusted = "untrusted",
        /// With the signature appended to a text that was changed afterwards.
        Changed = "changed",
        /// Not at all: it is loaded by its path.
        Plain = "plain",
    }
}

words! {
    /// The file system that a policy without a signature is on.
    Place {
        /// The initramfs.
        Initramfs = "initramfs",
        /// One that nothing vouches for.
        Tmpfs = "tmpfs",
    }
}

words! {
    /// The user who gives a command.
    Who {
        /// An administrator.
        Admin = "admin",
        /// A user without the capability, with a file that an administrator opened.
        Heir = "heir",
        /// User 0 without the capability.
        Nobody = "nobody",
    }
}

words! {
    /// A value for a switch.
    Value {
        /// Yes.
        One = "1",
        /// No.
        Zero = "0",
        /// Neither.
        Junk = "junk",
    }
}

words! {
    /// A file of a policy's directory.
    PolicyFile {
        /// Activates it.
        Active = "active",
        /// Removes it.
        Delete = "delete",
        /// Replaces it.
        Update = "update",
        /// Puts it on trial.
        Trial = "trial",
    }
}

/// A policy. Its version is the number of the sequence, the minor number, and 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Policy {
    /// Its name.
    pub name: Name,
    /// The second number of its version.
    pub minor: u8,
    /// Its rules.
    pub rules: Rules,
    /// How it is signed.
    pub signature: Signature,
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            minor,
            rules,
            signature,
        } = self;
        write!(f, "{name}-{minor}-{rules}-{signature}")
    }
}

impl Policy {
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        let mut parts = word.split('-');
        Some(Self {
            name: Name::parse(parts.next()?)?,
            minor: parts.next()?.parse().ok()?,
            rules: Rules::parse(parts.next()?)?,
            signature: Signature::parse(parts.next()?)?,
        })
    }
}

/// The number of files that can be held open.
pub const SLOTS: usize = 2;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Writes a policy to `new_policy`, in this many pieces.
    Load(Policy, u8, Who),
    /// Writes a policy to the `update` of another, in this many pieces.
    Update(Name, Policy, u8, Who),
    /// Writes the path of a policy to `new_policy`.
    LoadFrom(Place, Policy, Who),
    /// Writes the path of a policy to the `update` of another.
    UpdateFrom(Name, Place, Policy, Who),
    /// Writes a value to `active`.
    Activate(Name, Value, Who),
    /// Writes a value to `delete`.
    Delete(Name, Value, Who),
    /// Writes a value to `trial`.
    Trial(Name, Value, Who),
    /// Writes a value to `enforce`.
    Enforce(Value, Who),
    /// Opens a file, and holds it; closes the file that was held there.
    Hold(usize, Name, PolicyFile),
    /// Writes a value to the held `active`, `delete` or `trial`.
    Write(usize, Value),
    /// Writes a policy to the held `update`.
    Send(usize, Policy),
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(policy, pieces, who) => write!(f, "load {policy} {pieces} {who}"),
            Self::Update(name, policy, pieces, who) => {
                write!(f, "update {name} {policy} {pieces} {who}")
            }
            Self::LoadFrom(place, policy, who) => write!(f, "load-from {place} {policy} {who}"),
            Self::UpdateFrom(name, place, policy, who) => {
                write!(f, "update-from {name} {place} {policy} {who}")
            }
            Self::Activate(name, value, who) => write!(f, "activate {name} {value} {who}"),
            Self::Delete(name, value, who) => write!(f, "delete {name} {value} {who}"),
            Self::Trial(name, value, who) => write!(f, "trial {name} {value} {who}"),
            Self::Enforce(value, who) => write!(f, "enforce {value} {who}"),
            Self::Hold(slot, name, file) => write!(f, "hold {slot} {name} {file}"),
            Self::Write(slot, value) => write!(f, "write {slot} {value}"),
            Self::Send(slot, policy) => write!(f, "send {slot} {policy}"),
        }
    }
}

impl Command {
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let slot = |word: &str| word.parse().ok().filter(|slot| *slot < SLOTS);
        Some(match *words.as_slice() {
            ["load", policy, pieces, who] => Self::Load(
                Policy::parse(policy)?,
                pieces.parse().ok()?,
                Who::parse(who)?,
            ),
            ["update", name, policy, pieces, who] => Self::Update(
                Name::parse(name)?,
                Policy::parse(policy)?,
                pieces.parse().ok()?,
                Who::parse(who)?,
            ),
            ["load-from", place, policy, who] => Self::LoadFrom(
                Place::parse(place)?,
                Policy::parse(policy)?,
                Who::parse(who)?,
            ),
            ["update-from", name, place, policy, who] => Self::UpdateFrom(
                Name::parse(name)?,
                Place::parse(place)?,
                Policy::parse(policy)?,
                Who::parse(who)?,
            ),
            ["trial", name, value, who] => {
                Self::Trial(Name::parse(name)?, Value::parse(value)?, Who::parse(who)?)
            }
            ["activate", name, value, who] => {
                Self::Activate(Name::parse(name)?, Value::parse(value)?, Who::parse(who)?)
            }
            ["delete", name, value, who] => {
                Self::Delete(Name::parse(name)?, Value::parse(value)?, Who::parse(who)?)
            }
            ["enforce", value, who] => Self::Enforce(Value::parse(value)?, Who::parse(who)?),
            ["hold", at, name, file] => {
                Self::Hold(slot(at)?, Name::parse(name)?, PolicyFile::parse(file)?)
            }
            ["write", at, value] => Self::Write(slot(at)?, Value::parse(value)?),
            ["send", at, policy] => Self::Send(slot(at)?, Policy::parse(policy)?),
            _ => return None,
        })
    }

    /// The policy that is written, if one is.
    pub fn policy(&self) -> Option<Policy> {
        match self {
            Self::Load(policy, ..)
            | Self::Update(_, policy, ..)
            | Self::LoadFrom(_, policy, _)
            | Self::UpdateFrom(_, _, policy, _)
            | Self::Send(_, policy) => Some(*policy),
            _ => None,
        }
    }
}
