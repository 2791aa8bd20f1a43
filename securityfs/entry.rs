// SPDX-License-Identifier: GPL-2.0-only

//! A loaded policy: its directory in `ipe/policies`, and what writing to its files does.
//!
//! ```text
//! name, version, policy, pkcs7   0444   what it is
//! active                         0600   whether it is in force; `1` puts it in force
//! update                         0200   takes a signed policy of the same name and a higher version
//! delete                         0200   `1` removes it, unless it is in force
//! ```
//!
//! A file that is still open when the policy is deleted answers `ENOENT`.

use super::collector::{
    Collector,
    Message, //
};
use super::text;
use super::Root;
use crate::abstractions::securityfs::{
    Directory,
    Node,
    Opener, //
};
use crate::audit;
use crate::loaded::{
    activate,
    is_active,
    replace_if_active,
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

/// A policy and its directory, which come and go together.
struct Loaded {
    policy: Arc<Policy>,
    /// Removes itself with the policy.
    _directory: Directory<Entry>,
}

/// What the files of a policy's directory share.
#[pin_data]
pub(super) struct Entry {
    root: Arc<Root>,
    /// Empty once the policy is deleted.
    #[pin]
    loaded: Mutex<Option<Loaded>>,
}

impl Entry {
    /// Makes the directory of a policy.
    ///
    /// Context: may sleep; [`Root::writers`] is held, or there is no userspace yet.
    ///
    /// Errors: `EEXIST`, `ENOMEM`, `EACCES` or `ENAMETOOLONG` for a name that no directory can have.
    pub(super) fn create(root: &Arc<Root>, policy: Arc<Policy>) -> Result {
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
        directory.publish(entry.clone());
        *entry.loaded.lock() = Some(Loaded {
            policy,
            _directory: directory,
        });
        Ok(())
    }

    /// The policy. Errors: `ENOENT` where it was deleted.
    fn policy(&self) -> Result<Arc<Policy>> {
        let loaded = self.loaded.lock();
        Ok(loaded.as_ref().ok_or(ENOENT)?.policy.clone())
    }

    /// Puts the policy in force.
    ///
    /// Errors: `ENOENT` where it was deleted, `ESTALE` where a higher version is in force.
    fn activate(&self) -> Result {
        // Dropped last, as it waits for a grace period.
        let _retired;
        let _writers = self.root.writers.lock();
        _retired = activate(&self.policy()?)?;
        Ok(())
    }

    /// Replaces the policy by one of the same name and a higher version, in force if it was.
    ///
    /// The very message that is loaded is accepted, and changes nothing.
    ///
    /// Errors: `ENOENT` where it was deleted, those of [`Policy::signed`], `EINVAL` for another
    /// name, `ESTALE` for a version that is not higher.
    fn update(&self, message: Message, report: &mut Report) -> Result<(), Refusal> {
        let old = self.policy()?;
        if old.message() == Some(message.bytes.as_slice()) {
            audit::load(&old, report);
            return Ok(());
        }
        let new = Policy::signed(message.bytes, message.form, report)?;

        // Dropped last, as it waits for a grace period.
        let _retired;
        let _writers = self.root.writers.lock();
        let mut loaded = self.loaded.lock();
        let loaded = Option::as_mut(&mut *loaded).ok_or(ENOENT)?;
        if loaded.policy.name() != new.name() {
            return Err(EINVAL.into());
        }
        if loaded.policy.version() >= new.version() {
            return Err(ESTALE.into());
        }
        let old = core::mem::replace(&mut loaded.policy, new.clone());
        audit::load(&new, report);
        _retired = replace_if_active(&old, &new);
        Ok(())
    }

    /// Removes the policy.
    ///
    /// Errors: `ENOENT` where it was deleted before, `EPERM` where it is in force.
    fn delete(&self) -> Result {
        let removed = {
            let _writers = self.root.writers.lock();
            let mut loaded = self.loaded.lock();
            let policy = &loaded.as_ref().ok_or(ENOENT)?.policy;
            if is_active(policy) {
                return Err(EPERM);
            }
            loaded.take()
        };
        // Without the locks, as the directory's removal waits for others who use it.
        drop(removed);
        Ok(())
    }
}

/// What a file shows of a policy.
trait Shown: 'static {
    /// Lets userspace read it. Errors: `EFAULT`, `EINVAL` for a negative offset.
    fn show(policy: &Policy, to: &mut UserSliceWriter, offset: &mut Offset) -> Result<usize>;
}

/// The signed message. Errors: `ENOENT` for the boot policy, which has none.
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

/// A file that shows something of the policy.
struct ReadOnly<S>(PhantomData<S>);

#[vtable]
impl<S: Shown> Node for ReadOnly<S> {
    type Data = Entry;
    type State = ();

    fn read(
        entry: ArcBorrow<'_, Entry>,
        to: &mut UserSliceWriter,
        offset: &mut Offset,
    ) -> Result<usize> {
        S::show(&*entry.policy()?, to, offset)
    }
}

/// `active`.
struct Active;

#[vtable]
impl Node for Active {
    type Data = Entry;
    type State = ();

    fn read(
        entry: ArcBorrow<'_, Entry>,
        to: &mut UserSliceWriter,
        offset: &mut Offset,
    ) -> Result<usize> {
        text::write_bool(is_active(&entry.policy()?), to, offset)
    }

    /// Errors: `EPERM` without CAP_MAC_ADMIN, `EINVAL` for anything but a true boolean, and those
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
impl Node for Update {
    type Data = Entry;
    type State = Collector;

    /// Errors: `EPERM` without CAP_MAC_ADMIN, and those of [`Entry::update`].
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
impl Node for Delete {
    type Data = Entry;
    type State = ();

    /// Errors: `EPERM` without CAP_MAC_ADMIN, `EINVAL` for anything but a true boolean, and those
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

/// An administrator writes a true boolean. Errors: `EPERM`, `EINVAL`, `EFAULT`.
fn confirm(opener: &Opener<'_>, mut from: UserSliceReader) -> Result {
    text::administrator(opener)?;
    if !text::read_bool(&mut from)? {
        return Err(EINVAL);
    }
    Ok(())
}
