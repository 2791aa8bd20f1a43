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
    /// The names that policies have.
    Name {
        /// The active one that each sequence begins with.
        Reset = "reset",
        /// One that sequences load.
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
        /// Nothing is.
        Deny = "deny",
        /// The initramfs is, and nothing else.
        Verified = "verified",
        /// Everything is but the initramfs.
        Unverified = "unverified",
        /// It has no default, so that it is refused.
        Wrong = "wrong",
    }
}

words! {
    /// How policies are signed.
    Signature {
        /// In a PKCS#7 message.
        Embedded = "embedded",
        /// Behind the text.
        Appended = "appended",
        /// By a signer whom the kernel does not know.
        Untrusted = "untrusted",
        /// Behind a text that was changed.
        Changed = "changed",
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
    }
}

/// A signed policy. Its version is the number of the sequence, the minor number, and 0.
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

/// How many files can be held open.
pub const SLOTS: usize = 2;

/// Something that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A policy is written to `new_policy`, in so many pieces.
    Load(Policy, u8, Who),
    /// A policy is written to the `update` of another, in so many pieces.
    Update(Name, Policy, u8, Who),
    /// Something is written to `active`.
    Activate(Name, Value, Who),
    /// Something is written to `delete`.
    Delete(Name, Value, Who),
    /// Something is written to `enforce`.
    Enforce(Value, Who),
    /// A file is opened, and held; what was held there is closed.
    Hold(usize, Name, PolicyFile),
    /// Something is written to the held `active` or `delete`.
    Write(usize, Value),
    /// A policy is written to the held `update`.
    Send(usize, Policy),
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(policy, pieces, who) => write!(f, "load {policy} {pieces} {who}"),
            Self::Update(name, policy, pieces, who) => {
                write!(f, "update {name} {policy} {pieces} {who}")
            }
            Self::Activate(name, value, who) => write!(f, "activate {name} {value} {who}"),
            Self::Delete(name, value, who) => write!(f, "delete {name} {value} {who}"),
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
            Self::Load(policy, ..) | Self::Update(_, policy, ..) | Self::Send(_, policy) => {
                Some(*policy)
            }
            _ => None,
        }
    }
}
