// SPDX-License-Identifier: GPL-2.0-only

//! A loaded policy: its directory in `ipe/policies`, and the operations on its files.
//!
//! ```text
//! name, version, policy, pkcs7   0444   properties of the policy
//! active                         0600   whether it is active; `1` activates it
//! update                         0200   takes a signed policy of the same name and a higher version
//! delete                         0200   `1` removes it, unless it is active
//! ```
//!
//! A file that is still open when the policy is deleted answers `ENOENT`.

use super::collector::{
    Collector,
    Message, //
};
use super::root::Root;
use super::text;
use crate::abstractions::securityfs::{
    Directory,
    FileOperations,
    Opener, //
};
use crate::audit;
use crate::loaded::{
    life,
    Policy,
    Refusal,
    Report, //
};
use core::fmt::Write;
use core::marker::PhantomData;
use kernel::fs::file::Offset;
use kernel::new_mutex;
use kernel::prelude::*;
use kernel::str::NullTerminatedFormatter;
use kernel::sync::{
    Arc,
    ArcBorrow,
    Mutex, //
};
use kernel::uaccess::{
    UserSliceReader,
    UserSliceWriter, //
};

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
        let mut name = KVec::with_capacity(policy.name().len() + 1, GFP_KERNEL)?;
        name.extend_from_slice(policy.name(), GFP_KERNEL)?;
        name.push(0, GFP_KERNEL)?;
        let name = CStr::from_bytes_with_nul(&name).map_err(|_| EINVAL)?;
        let directory = Directory::new_in(name, &root.policies)?;
        directory.file::<ReadOnly<SignedMessage>>(c"pkcs7", 0o444)?;
        directory.file::<ReadOnly<Text>>(c"policy", 0o444)?;
        directory.file::<ReadOnly<Name>>(c"name", 0o444)?;
        directory.file::<ReadOnly<Version>>(c"version", 0o444)?;
        directory.file::<Active>(c"active", 0o600)?;
        directory.file::<Update>(c"update", 0o200)?;
        directory.file::<Delete>(c"delete", 0o200)?;

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

    /// Returns the policy.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted.
    fn policy(&self) -> Result<Arc<Policy>> {
        let loaded = self.loaded.lock();
        Ok(loaded.as_ref().ok_or(ENOENT)?.policy.clone())
    }

    /// Activates the policy.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted, `ESTALE` where a higher version is active.
    fn activate(&self) -> Result {
        // Dropped last, as it waits for a grace period.
        let retired;
        let _writers = self.root.writers.lock();
        let policy = self.policy()?;
        retired = self.root.active.activate(&policy)?;
        if let Some(old) = &retired {
            audit::activation(old.get().as_deref(), &policy);
        }
        Ok(())
    }

    /// Returns whether the policy is active.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted.
    fn is_active(&self) -> Result<bool> {
        Ok(self.root.active.is(&self.policy()?))
    }

    /// Replaces the policy by a signed one, see [`Entry::replace`].
    ///
    /// The message that is already loaded is accepted, and changes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Policy::signed`] and of [`Entry::replace`].
    fn update(&self, message: Message, report: &mut Report) -> Result<(), Refusal> {
        let old = self.policy()?;
        if life::is_loaded(&old, &message.bytes) {
            audit::load(&old, report);
            return Ok(());
        }
        self.replace(Policy::signed(message.bytes, message.form, report)?, report)
    }

    /// Replaces the policy by one of the same name and a higher version, which is active if the old
    /// one was.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted; those of [`life::check_update`].
    fn replace(&self, new: Arc<Policy>, report: &Report) -> Result<(), Refusal> {
        // Dropped last, as it waits for a grace period.
        let retired;
        let _writers = self.root.writers.lock();
        let mut loaded = self.loaded.lock();
        let loaded = Option::as_mut(&mut *loaded).ok_or(ENOENT)?;
        life::check_update(&loaded.policy, &new)?;
        let old = core::mem::replace(&mut loaded.policy, new.clone());
        audit::load(&new, report);
        retired = self.root.active.replace(&old, &new);
        if retired.is_some() {
            audit::activation(Some(&old), &new);
        }
        Ok(())
    }

    /// Removes the policy.
    ///
    /// # Errors
    ///
    /// `ENOENT` where it was deleted before; those of [`life::check_deletion`].
    fn delete(&self) -> Result {
        let removed = {
            let _writers = self.root.writers.lock();
            let mut loaded = self.loaded.lock();
            let policy = &loaded.as_ref().ok_or(ENOENT)?.policy;
            life::check_deletion(self.root.active.is(policy))?;
            loaded.take()
        };
        // Without the locks, as removing the directory waits for other users of it.
        drop(removed);
        Ok(())
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

/// The part of a policy that a file shows.
trait Shown: 'static {
    /// Copies it to userspace.
    ///
    /// # Errors
    ///
    /// `EFAULT`, `EINVAL` for a negative offset.
    fn show(policy: &Policy, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize>;
}

/// The signed message. The boot policy has none, and its file answers `ENOENT`.
struct SignedMessage;

impl Shown for SignedMessage {
    fn show(policy: &Policy, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        to.write_slice_file(policy.message().ok_or(ENOENT)?, offset)
    }
}

/// The text.
struct Text;

impl Shown for Text {
    fn show(policy: &Policy, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        to.write_slice_file(policy.text(), offset)
    }
}

/// The name.
struct Name;

impl Shown for Name {
    fn show(policy: &Policy, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        to.write_slice_file(policy.name(), offset)
    }
}

/// The version.
struct Version;

impl Shown for Version {
    fn show(policy: &Policy, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize> {
        let mut buffer = [0; c"65535.65535.65535".count_bytes() + 1];
        let length = {
            let mut text = NullTerminatedFormatter::new(&mut buffer).ok_or(EINVAL)?;
            write!(text, "{}", policy.version())?;
            buffer.iter().position(|&byte| byte == 0).ok_or(EINVAL)?
        };
        to.write_slice_file(&buffer[..length], offset)
    }
}

/// A file that shows a part of the policy.
///
/// A read in pieces is of one policy: the policy at the first piece, even if an update comes in
/// between. Parts of two policies in a row would be a text that nobody signed.
struct ReadOnly<S>(PhantomData<S>);

#[vtable]
impl<S: Shown> FileOperations for ReadOnly<S> {
    type Data = Entry;
    type State = Option<Arc<Policy>>;

    fn read(
        entry: ArcBorrow<'_, Entry>,
        shown: &mut Option<Arc<Policy>>,
        to: &mut UserSliceWriter,
        offset: &mut Offset,
    ) -> Result<usize> {
        // The reader of a deleted policy does not keep it in memory.
        let current = entry.policy().inspect_err(|_| *shown = None)?;
        let policy = if *offset == 0 {
            shown.insert(current)
        } else {
            shown.get_or_insert(current)
        };
        S::show(policy, to, offset)
    }
}

/// `active`.
struct Active;

#[vtable]
impl FileOperations for Active {
    type Data = Entry;
    type State = ();

    fn read(
        entry: ArcBorrow<'_, Entry>,
        _state: &mut (),
        to: &mut UserSliceWriter,
        offset: &mut Offset,
    ) -> Result<usize> {
        text::write_bool(entry.is_active()?, to, offset)
    }

    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, `EINVAL` for anything but a true boolean, `EFAULT`, and those
    /// of [`Entry::activate`].
    fn write(
        entry: ArcBorrow<'_, Entry>,
        _state: &mut (),
        opener: &Opener<'_>,
        from: UserSliceReader,
    ) -> Result {
        confirm(opener, from)?;
        entry.activate()
    }
}

/// `update`.
struct Update;

#[vtable]
impl FileOperations for Update {
    type Data = Entry;
    type State = Collector;

    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, and those of [`Entry::update`].
    fn write(
        entry: ArcBorrow<'_, Entry>,
        collector: &mut Collector,
        opener: &Opener<'_>,
        from: UserSliceReader,
    ) -> Result {
        let permitted = text::administrator(opener).and_then(|()| entry.policy().map(drop));
        collector.write(permitted, from, |message, report| {
            entry.update(message, report)
        })
    }

    fn flush(collector: &mut Collector) -> Result {
        collector.flush()
    }

    fn release(_entry: ArcBorrow<'_, Entry>, collector: &mut Collector) {
        collector.release();
    }
}

/// `delete`.
struct Delete;

#[vtable]
impl FileOperations for Delete {
    type Data = Entry;
    type State = ();

    /// # Errors
    ///
    /// `EPERM` without CAP_MAC_ADMIN, `EINVAL` for anything but a true boolean, `EFAULT`, and those
    /// of [`Entry::delete`].
    fn write(
        entry: ArcBorrow<'_, Entry>,
        _state: &mut (),
        opener: &Opener<'_>,
        from: UserSliceReader,
    ) -> Result {
        confirm(opener, from)?;
        entry.delete()
    }
}

/// Checks that an administrator has written a true boolean.
///
/// # Errors
///
/// `EPERM`, `EINVAL`, `EFAULT`.
fn confirm(opener: &Opener<'_>, mut from: UserSliceReader) -> Result {
    text::administrator(opener)?;
    if !text::read_bool(&mut from)? {
        return Err(EINVAL);
    }
    Ok(())
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
