// SPDX-License-Identifier: GPL-2.0-only

//! A loaded policy: its directory in `ipe/policies`, and the operations on its files.
//!
//! ```text
//! name, version, policy, pkcs7   0444   properties of the policy
//! active                         0600   whether it is active; `1` activates it
//! update                         0200   takes a policy of the same name and a higher version
//! delete                         0200   `1` removes it, unless it is active
//! unused                         0600   the rules that have not decided since `1` was written
//! trial                          0600   whether it is on trial; `1` begins a trial, `0` ends it
//! trial_stats                    0400   what became of the trial so far
//! ```
//!
//! A file that is still open when the policy is deleted answers `ENOENT`.

use super::destination::{
    Destination,
    Incoming, //
};
use super::root::Root;
use super::text;
#[cfg(CONFIG_IPE_TRIAL)]
use super::trial;
use super::upload::Upload;
use crate::abstractions::rcu::Retired;
use crate::abstractions::securityfs::{
    Access,
    Directory,
    FileKind,
    OpenFile,
    Opener, //
};
use crate::audit;
use crate::loaded::{
    life,
    Origin,
    Policy,
    Refusal,
    Report,
    State,
    Trial, //
};
use kernel::fs::file::Offset;
use kernel::new_mutex;
use kernel::prelude::*;
use kernel::str::CString;
use kernel::sync::{
    Arc,
    ArcBorrow,
    Mutex, //
};
use kernel::uaccess::{
    UserSliceReader,
    UserSliceWriter, //
};

/// The files of a policy's directory.
static FILES: &[FileKind<Entry>] = &[
    FileKind {
        name: c"pkcs7",
        access: Access::AllRead,
        open: |entry| Shown::open(entry, Part::SignedMessage),
    },
    FileKind {
        name: c"policy",
        access: Access::AllRead,
        open: |entry| Shown::open(entry, Part::Text),
    },
    FileKind {
        name: c"name",
        access: Access::AllRead,
        open: |entry| Shown::open(entry, Part::Name),
    },
    FileKind {
        name: c"version",
        access: Access::AllRead,
        open: |entry| Shown::open(entry, Part::Version),
    },
    FileKind {
        name: c"active",
        access: Access::RootReadsAndWrites,
        open: |entry| Control::open(entry, Entry::activate),
    },
    FileKind {
        name: c"update",
        access: Access::RootWrites,
        open: |entry| Upload::open(entry),
    },
    FileKind {
        name: c"delete",
        access: Access::RootWrites,
        open: |entry| Control::open(entry, Entry::delete),
    },
    #[cfg(CONFIG_IPE_UNUSED_RULES)]
    FileKind {
        name: c"unused",
        access: Access::RootReadsAndWrites,
        open: |entry| super::unused::Unused::open(entry),
    },
    #[cfg(CONFIG_IPE_TRIAL)]
    FileKind {
        name: c"trial",
        access: Access::RootReadsAndWrites,
        open: |entry| trial::TrialFile::open(entry),
    },
    #[cfg(CONFIG_IPE_TRIAL)]
    FileKind {
        name: c"trial_stats",
        access: Access::RootReads,
        open: |entry| trial::Stats::open(entry),
    },
];

/// A policy and its directory, which are created and removed together.
struct Loaded {
    policy: Arc<Policy>,
    /// Removes itself with the policy.
    directory: Directory<Entry>,
}

/// The data that the files of a policy's directory share.
#[pin_data]
pub(super) struct Entry {
    root: Arc<Root>,
    /// Empty once the policy is deleted.
    #[pin]
    loaded: Mutex<Option<Loaded>>,
}

impl Entry {
    /// Makes the directory of a policy that is about to be loaded.
    ///
    /// # Errors
    ///
    /// `EEXIST`, `ENOMEM`. `EACCES` or `ENAMETOOLONG` for a name that no directory can have.
    ///
    /// # Context
    ///
    /// May sleep, for as long as any process that lists `ipe/policies` decides. No lock may be held
    /// that others need.
    pub(super) fn create(root: &Arc<Root>, policy: Arc<Policy>) -> Result<Unpublished> {
        let directory = Directory::new_in(policy.name(), &root.policies)?;
        directory.add(FILES)?;

        let entry = Arc::pin_init(
            pin_init!(Entry {
                root: root.clone(),
                loaded <- new_mutex!(None, "ipe::Entry::loaded"),
            }),
            GFP_KERNEL,
        )?;
        Ok(Unpublished {
            entry,
            loaded: Loaded { policy, directory },
        })
    }

    /// Calls `use_it` with the policy.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted.
    fn with_policy<R>(&self, use_it: impl FnOnce(&Arc<Policy>) -> R) -> Result<R> {
        let loaded = self.loaded.lock();
        Ok(use_it(&loaded.as_ref().ok_or(ENOENT)?.policy))
    }

    /// Returns the policy, in the errors of [`Self::with_policy`].
    #[inline(never)]
    pub(super) fn policy(&self) -> Result<Arc<Policy>> {
        self.with_policy(Arc::clone)
    }

    /// Activates the policy.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted, `ESTALE` where a higher version is active, `EPERM` where
    /// another policy is sealed; those of [`State::measure`].
    fn activate(&self) -> Result {
        // Dropped last, as they wait for a grace period.
        let (retired, _ended);
        let _writers = self.root.writers.lock();
        let policy = self.policy()?;
        if !self.root.active.is(&policy) {
            // First, because systemd takes this answer for no error.
            self.root.active.check(&policy)?;
            self.root.seal.check()?;
            State::new(&policy, self.root.seal.is_set()).measure()?;
        }
        retired = self.root.active.activate(&policy)?;
        if let Some(old) = &retired {
            _ended = self.activated(old.get().as_deref(), &policy);
        }
        Ok(())
    }

    /// Records that `new` is active in the place of `old`, and seals it if the command line asks
    /// for that. Returns the trial that this has ended, if it has, which is to be dropped without
    /// the writers' lock. That is held.
    fn activated(&self, old: Option<&Policy>, new: &Policy) -> Option<Retired<Arc<Trial>>> {
        audit::activation(old, new);
        if self.root.seal.set_on_activation(self.root.active) {
            audit::sealed();
        }
        self.root.trial.end_if_over(new)
    }

    /// Returns whether the policy is active.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted.
    fn is_active(&self) -> Result<bool> {
        self.with_policy(|policy| self.root.active.is(policy))
    }

    /// Replaces the policy by another one, see [`Entry::replace`].
    ///
    /// The message or the file that is already loaded is accepted, and changes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Incoming::compile`] and of [`Entry::replace`].
    fn update(&self, incoming: Incoming, report: &mut Report) -> Result<(), Refusal> {
        let old = self.policy()?;
        if incoming.is(&old) {
            audit::load(&old, report, incoming.origin());
            return Ok(());
        }
        let (new, origin) = incoming.compile(report)?;
        self.replace(new, origin.as_ref(), report)
    }

    /// Replaces the policy by one of the same name and a higher version, which is active, or on
    /// trial, if the old one was.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted; those of [`Origin::check`] and of [`life::check_update`];
    /// `EPERM` where it is sealed; those of [`State::measure`] where it is active; `ENOMEM` where it
    /// is on trial.
    fn replace(
        &self,
        new: Arc<Policy>,
        origin: Option<&Origin>,
        report: &Report,
    ) -> Result<(), Refusal> {
        // Dropped last, as they wait for a grace period.
        let (retired, _ended, _exchanged, trial);
        let _writers = self.root.writers.lock();
        let mut loaded = self.loaded.lock();
        let loaded = Option::as_mut(&mut *loaded).ok_or(ENOENT)?;
        if let Some(origin) = origin {
            origin.check(self.root.active)?;
        }
        life::check_update(&loaded.policy, &new)?;
        let is_active = self.root.active.is(&loaded.policy);
        if is_active {
            self.root.seal.check()?;
        }
        // Before anything changes or is measured, as this may fail.
        trial = self.root.trial.prepare(&loaded.policy, &new)?;
        if is_active {
            State::new(&new, self.root.seal.is_set()).measure()?;
        }
        let old = core::mem::replace(&mut loaded.policy, new.clone());
        audit::load(&new, report, origin);
        _exchanged = self.root.trial.exchange(trial);
        retired = self.root.active.replace(&old, &new);
        if retired.is_some() {
            _ended = self.activated(Some(&old), &new);
        }
        Ok(())
    }

    /// Removes the policy, and ends its trial.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted before; those of [`life::check_deletion`]; `EPERM` where IPE is
    /// sealed.
    fn delete(&self) -> Result {
        let (removed, ended) = {
            let _writers = self.root.writers.lock();
            let mut loaded = self.loaded.lock();
            let policy = &loaded.as_ref().ok_or(ENOENT)?.policy;
            life::check_deletion(self.root.active.is(policy))?;
            self.root.seal.check()?;
            let ended = self.root.trial.end(policy);
            (loaded.take(), ended)
        };
        // Without the locks, as removing the directory waits for other users of it, and ending a
        // trial for a grace period.
        drop((removed, ended));
        Ok(())
    }

    /// Puts the policy on trial. Its trial begins anew if there is one.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted, and those of [`OnTrial::begin`](crate::loaded::OnTrial::begin).
    #[cfg(CONFIG_IPE_TRIAL)]
    pub(super) fn begin_trial(&self) -> Result {
        // Dropped last, as it waits for a grace period.
        let _previous;
        let _writers = self.root.writers.lock();
        _previous = self.root.trial.begin(self.root.active, &self.policy()?)?;
        Ok(())
    }

    /// Ends the trial of the policy, if it is on trial.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted.
    #[cfg(CONFIG_IPE_TRIAL)]
    pub(super) fn end_trial(&self) -> Result {
        // Dropped last, as it waits for a grace period.
        let _ended;
        let _writers = self.root.writers.lock();
        _ended = self.root.trial.end(&self.policy()?);
        Ok(())
    }

    /// Returns the trial of the policy, if it is on trial.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted.
    #[cfg(CONFIG_IPE_TRIAL)]
    pub(super) fn trial(&self) -> Result<Option<Arc<Trial>>> {
        self.with_policy(|policy| self.root.trial.of(policy))
    }
}

/// A policy that is not loaded yet, and its directory, whose files answer `ENOENT`.
///
/// Dropping it removes the directory, in the context of [`Entry::create`].
#[must_use = "the directory is removed unless it is published"]
pub(super) struct Unpublished {
    entry: Arc<Entry>,
    loaded: Loaded,
}

impl Unpublished {
    /// Loads the policy: from now on the files can be opened. Returns the entry, which the
    /// directory keeps.
    ///
    /// # Context
    ///
    /// May sleep, but waits for no directory. [`Root::writers`] is held, or there is no userspace
    /// yet.
    pub(super) fn publish(self) -> Arc<Entry> {
        let Self { entry, loaded } = self;
        // A process that opens a file at once waits for the policy, and finds it.
        let mut slot = entry.loaded.lock();
        slot.insert(loaded).directory.publish(entry.clone());
        drop(slot);
        entry
    }
}

/// A part of a policy.
#[derive(Copy, Clone)]
enum Part {
    /// The signed message. The boot policy has none, and its file answers `ENOENT`.
    SignedMessage,
    /// The text.
    Text,
    /// The name.
    Name,
    /// The version.
    Version,
}

impl Part {
    /// Copies it to userspace.
    ///
    /// # Errors
    ///
    /// `EFAULT`, `EINVAL` for a negative offset, `ENOMEM`.
    fn show(self, policy: &Policy, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        let version;
        let bytes = match self {
            Self::SignedMessage => policy.message().ok_or(ENOENT)?,
            Self::Text => policy.text(),
            Self::Name => policy.name(),
            Self::Version => {
                version = CString::try_from_fmt(format_args!("{}", policy.version()))?;
                version.to_bytes()
            }
        };
        to.write_slice_file(bytes, offset)
    }
}

/// `pkcs7`, `policy`, `name`, `version`: a file that shows a part of the policy.
///
/// A read in pieces is of one policy: the policy at the first piece, even if an update comes in
/// between. Parts of two policies in a row would be a text that nobody signed.
struct Shown {
    entry: Arc<Entry>,
    part: Part,
    /// The policy that is being read.
    policy: Option<Arc<Policy>>,
}

impl Shown {
    /// Opens the file of a part.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    #[inline(never)]
    fn open(entry: Arc<Entry>, part: Part) -> Result<KBox<dyn OpenFile>> {
        let shown = Self {
            entry,
            part,
            policy: None,
        };
        Ok(KBox::new(shown, GFP_KERNEL)?)
    }
}

impl OpenFile for Shown {
    fn read(&mut self, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        let current = self.entry.policy();
        // The reader of a deleted policy does not keep it in memory.
        if *offset == 0 || current.is_err() {
            self.policy = None;
        }
        let policy = self.policy.get_or_insert(current?);
        self.part.show(policy, to, offset)
    }
}

/// `active` and `delete`: a file that takes a true boolean.
struct Control {
    entry: Arc<Entry>,
    /// Does what the file is for.
    act: fn(&Entry) -> Result,
}

impl Control {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    #[inline(never)]
    fn open(entry: Arc<Entry>, act: fn(&Entry) -> Result) -> Result<KBox<dyn OpenFile>> {
        Ok(KBox::new(Self { entry, act }, GFP_KERNEL)?)
    }
}

impl OpenFile for Control {
    /// Only `active` can be read.
    fn read(&mut self, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        text::write_bool(self.entry.is_active()?, to, offset)
    }

    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, `EINVAL` for anything but a true boolean, `EFAULT`, and those
    /// of [`Entry::activate`] or [`Entry::delete`].
    fn write(&mut self, opener: &Opener<'_>, mut from: UserSliceReader) -> Result {
        text::administrator(opener)?;
        if !text::read_bool(&mut from)? {
            return Err(EINVAL);
        }
        (self.act)(&self.entry)
    }
}

/// `update`.
impl Destination for Entry {
    fn check(&self) -> Result {
        self.with_policy(|_| ())
    }

    /// # Errors
    ///
    /// Those of [`Entry::update`].
    fn load(
        self: ArcBorrow<'_, Self>,
        incoming: Incoming,
        report: &mut Report,
    ) -> Result<(), Refusal> {
        self.update(incoming, report)
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
