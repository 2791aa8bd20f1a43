// SPDX-License-Identifier: GPL-2.0-only

//! The specified behaviour of the kernel.

use crate::command::{
    Command, Name, Place, Policy, PolicyFile, Rules, Signature, Value, Who, SLOTS,
};
use std::{collections::BTreeMap, fmt};

/// The result of a system call: nothing, or an errno by its name.
pub type Answer = Result<(), &'static str>;

/// A policy that is loaded.
#[derive(Clone, Copy, Debug)]
struct Loaded {
    policy: Policy,
    /// Distinguishes it from earlier policies of the same name.
    serial: u32,
}

/// A file that is held open: its policy, and which file it is.
type Held = (Name, u32, PolicyFile);

/// The state of the kernel.
#[derive(Clone, Debug)]
pub struct Model {
    loaded: BTreeMap<Name, Loaded>,
    /// The active policy, which cannot be removed.
    active: Name,
    /// The policy on trial.
    trial: Option<Name>,
    enforce: bool,
    held: [Option<Held>; SLOTS],
    loads: u32,
}

impl Default for Model {
    /// Returns the state at the beginning of each sequence.
    fn default() -> Self {
        let policy = RESET;
        Self {
            loaded: [(Name::Reset, Loaded { policy, serial: 0 })].into(),
            active: Name::Reset,
            trial: None,
            enforce: true,
            held: [None; SLOTS],
            loads: 0,
        }
    }
}

/// The policy that each sequence begins with.
pub const RESET: Policy = Policy {
    name: Name::Reset,
    minor: 0,
    rules: Rules::Allow,
    signature: Signature::Embedded,
};

/// Checks the capability of the opener.
fn permitted(who: Who) -> Answer {
    match who {
        Who::Admin | Who::Heir => Ok(()),
        Who::Nobody => Err("EPERM"),
    }
}

/// Checks the value that confirms an action.
fn confirmed(value: Value) -> Answer {
    match value {
        Value::One => Ok(()),
        Value::Zero | Value::Junk => Err("EINVAL"),
    }
}

/// Whether the kernel accepts a policy.
fn verified(policy: &Policy) -> Answer {
    match (policy.signature, policy.rules) {
        (Signature::Untrusted, _) => Err("ENOKEY"),
        (Signature::Changed, _) => Err("EKEYREJECTED"),
        (_, Rules::Wrong) => Err("EBADMSG"),
        _ => Ok(()),
    }
}

impl Model {
    /// Executes a command.
    pub fn step(&mut self, command: &Command) -> Answer {
        match *command {
            Command::Load(policy, _, who) => {
                permitted(who)?;
                self.load(policy)
            }
            Command::Update(name, policy, _, who) => {
                let serial = self.open(name)?;
                permitted(who)?;
                self.update(name, serial, policy)
            }
            Command::LoadFrom(place, policy, who) => {
                permitted(who)?;
                self.vouched(place)?;
                self.load(policy)
            }
            Command::UpdateFrom(name, place, policy, who) => {
                let serial = self.open(name)?;
                permitted(who)?;
                self.vouched(place)?;
                self.update(name, serial, policy)
            }
            Command::Trial(name, value, who) => {
                let serial = self.open(name)?;
                permitted(who)?;
                self.try_out(name, serial, value)
            }
            Command::Activate(name, value, who) => {
                let serial = self.open(name)?;
                permitted(who)?;
                self.activate(name, serial, value)
            }
            Command::Delete(name, value, who) => {
                let serial = self.open(name)?;
                permitted(who)?;
                self.delete(name, serial, value)
            }
            Command::Enforce(value, who) => {
                permitted(who)?;
                self.enforce = match value {
                    Value::One => true,
                    Value::Zero => false,
                    Value::Junk => return Err("EINVAL"),
                };
                Ok(())
            }
            Command::Hold(slot, name, file) => {
                self.held[slot] = None;
                self.held[slot] = Some((name, self.open(name)?, file));
                Ok(())
            }
            Command::Write(slot, value) => match self.held[slot] {
                Some((name, serial, PolicyFile::Active)) => self.activate(name, serial, value),
                Some((name, serial, PolicyFile::Delete)) => self.delete(name, serial, value),
                Some((name, serial, PolicyFile::Trial)) => self.try_out(name, serial, value),
                Some((_, _, PolicyFile::Update)) | None => Err("EBADF"),
            },
            Command::Send(slot, policy) => match self.held[slot] {
                Some((name, serial, PolicyFile::Update)) => self.update(name, serial, policy),
                Some((_, _, PolicyFile::Active | PolicyFile::Delete | PolicyFile::Trial))
                | None => Err("EBADF"),
            },
        }
    }

    /// Opens a file of a policy.
    fn open(&self, name: Name) -> Result<u32, &'static str> {
        Ok(self.loaded.get(&name).ok_or("ENOENT")?.serial)
    }

    /// The policy that an open file belongs to.
    fn of(&mut self, name: Name, serial: u32) -> Result<&mut Loaded, &'static str> {
        let loaded = self.loaded.get_mut(&name);
        loaded
            .filter(|loaded| loaded.serial == serial)
            .ok_or("ENOENT")
    }

    /// Whether the active policy allows policies without a signature that are there, in both modes.
    fn vouched(&self, place: Place) -> Answer {
        match (self.active().rules, place) {
            (Rules::Origin, Place::Initramfs) => Ok(()),
            _ => Err("EACCES"),
        }
    }

    fn load(&mut self, policy: Policy) -> Answer {
        verified(&policy)?;
        if self.loaded.contains_key(&policy.name) {
            return Err("EEXIST");
        }
        self.loads += 1;
        let serial = self.loads;
        self.loaded.insert(policy.name, Loaded { policy, serial });
        Ok(())
    }

    fn update(&mut self, name: Name, serial: u32, policy: Policy) -> Answer {
        let old = self.of(name, serial)?;
        if old.policy == policy {
            return Ok(());
        }
        verified(&policy)?;
        if policy.name != name {
            return Err("EINVAL");
        }
        if policy.minor <= old.policy.minor {
            return Err("ESTALE");
        }
        old.policy = policy;
        self.end_trial_if_over();
        Ok(())
    }

    fn activate(&mut self, name: Name, serial: u32, value: Value) -> Answer {
        confirmed(value)?;
        let minor = self.of(name, serial)?.policy.minor;
        if minor < self.active().minor {
            return Err("ESTALE");
        }
        self.active = name;
        self.end_trial_if_over();
        Ok(())
    }

    fn try_out(&mut self, name: Name, serial: u32, value: Value) -> Answer {
        match value {
            Value::One => (),
            Value::Zero => {
                self.of(name, serial)?;
                self.trial = self.trial.filter(|on_trial| *on_trial != name);
                return Ok(());
            }
            Value::Junk => return Err("EINVAL"),
        }
        let minor = self.of(name, serial)?.policy.minor;
        if name == self.active {
            return Err("EINVAL");
        }
        if self.trial.is_some_and(|on_trial| on_trial != name) {
            return Err("EBUSY");
        }
        if minor < self.active().minor {
            return Err("ESTALE");
        }
        self.trial = Some(name);
        Ok(())
    }

    /// Ends the trial of a policy that is active, or cannot become active any more.
    fn end_trial_if_over(&mut self) {
        let (active, minor) = (self.active, self.active().minor);
        let loaded = &self.loaded;
        self.trial = self
            .trial
            .filter(|name| *name != active && loaded[name].policy.minor >= minor);
    }

    fn delete(&mut self, name: Name, serial: u32, value: Value) -> Answer {
        confirmed(value)?;
        self.of(name, serial)?;
        if self.active == name {
            return Err("EPERM");
        }
        self.loaded.remove(&name);
        self.trial = self.trial.filter(|on_trial| *on_trial != name);
        Ok(())
    }

    /// The active policy.
    fn active(&self) -> &Policy {
        &self.loaded[&self.active].policy
    }

    /// Whether code may run, from memory or from the initramfs.
    fn may_run(&self, from_initramfs: bool) -> bool {
        !self.enforce
            || match self.active().rules {
                Rules::Allow | Rules::Origin => true,
                Rules::Deny => false,
                Rules::Verified => from_initramfs,
                Rules::Unverified => !from_initramfs,
                Rules::Wrong => unreachable!("it was refused"),
            }
    }
}

/// Writes the state as a guest prints it.
impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut loaded: Vec<String> = self
            .loaded
            .iter()
            .map(|(name, loaded)| {
                let mark = if *name == self.active {
                    "*"
                } else if self.trial == Some(*name) {
                    "~"
                } else {
                    ""
                };
                let Policy { minor, rules, .. } = loaded.policy;
                format!("{name}{mark}:{minor}:{rules}")
            })
            .collect();
        loaded.sort();
        write!(
            f,
            "{} enforce={} memory={} file={}",
            loaded.join(","),
            u8::from(self.enforce),
            u8::from(self.may_run(false)),
            u8::from(self.may_run(true))
        )
    }
}
