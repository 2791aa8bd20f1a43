// SPDX-License-Identifier: GPL-2.0-only

//! A loaded policy: its directory in `ipe/policies`, and what writing to its files does.
//!
//! ```text
//! name, version, policy, pkcs7   0444   what it is
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
use super::text;
use super::Root;
use crate::abstractions::compat::ESTALE;
use crate::abstractions::securityfs::{
    Directory,
    FileOperations,
    Opener, //
};
use crate::audit;
use crate::loaded::{
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
    directory: Directory<Entry>,
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
    /// Makes the directory of a policy that is about to be loaded.
    ///
    /// Context: may sleep, as long as anybody who lists `ipe/policies` likes; no lock is held that
    /// others need.
    ///
    /// Errors: `EEXIST`, `ENOMEM`, `EACCES` or `ENAMETOOLONG` for a name that no directory can have.
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

    /// The policy. Errors: `ENOENT` where it was deleted.
    fn policy(&self) -> Result<Arc<Policy>> {
        let loaded = self.loaded.lock();
        Ok(loaded.as_ref().ok_or(ENOENT)?.policy.clone())
    }

    /// Activates the policy.
    ///
    /// Errors: `ENOENT` where it was deleted, `ESTALE` where a higher version is active.
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

    /// Returns whether the policy is active. Errors: `ENOENT` where it was deleted.
    fn is_active(&self) -> Result<bool> {
        Ok(self.root.active.is(&self.policy()?))
    }

    /// Replaces the policy by one that is signed, see [`Entry::replace`].
    ///
    /// The very message that is loaded is accepted, and changes nothing.
    ///
    /// Errors: those of [`Policy::signed`] and of [`Entry::replace`].
    fn update(&self, message: Message, report: &mut Report) -> Result<(), Refusal> {
        let old = self.policy()?;
        if old.message() == Some(message.bytes.as_slice()) {
            audit::load(&old, report);
            return Ok(());
        }
        self.replace(Policy::signed(message.bytes, message.form, report)?, report)
    }

    /// Replaces the policy by one of the same name and a higher version, which is active if the old one was.
    ///
    /// Errors: `ENOENT` where it was deleted, `EINVAL` for another name, `ESTALE` for a version that
    /// is not higher.
    fn replace(&self, new: Arc<Policy>, report: &Report) -> Result<(), Refusal> {
        // Dropped last, as it waits for a grace period.
        let retired;
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
        retired = self.root.active.replace(&old, &new);
        if retired.is_some() {
            audit::activation(Some(&old), &new);
        }
        Ok(())
    }

    /// Removes the policy.
    ///
    /// Errors: `ENOENT` where it was deleted before, `EPERM` where it is active.
    fn delete(&self) -> Result {
        let removed = {
            let _writers = self.root.writers.lock();
            let mut loaded = self.loaded.lock();
            let policy = &loaded.as_ref().ok_or(ENOENT)?.policy;
            if self.root.active.is(policy) {
                return Err(EPERM);
            }
            loaded.take()
        };
        // Without the locks, as the directory's removal waits for others who use it.
        drop(removed);
        Ok(())
    }
}

/// A policy that is not loaded yet, and its directory, whose files answer `ENOENT`.
///
/// Dropping it removes the directory, with the context of [`Entry::create`].
#[must_use = "the directory is removed unless it is published"]
pub(super) struct Unpublished {
    entry: Arc<Entry>,
    loaded: Loaded,
}

impl Unpublished {
    /// Loads the policy: from now on the files can be opened. Returns the entry, which the directory
    /// keeps.
    ///
    /// Context: may sleep, but waits for no directory; [`Root::writers`] is held, or there is no
    /// userspace yet.
    pub(super) fn publish(self) -> Arc<Entry> {
        let Self { entry, loaded } = self;
        // Whoever opens a file at once waits for the policy, and finds it.
        let mut slot = entry.loaded.lock();
        slot.insert(loaded).directory.publish(entry.clone());
        drop(slot);
        entry
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
///
/// What is read in pieces is of one policy: of that which was there at the first piece, should an
/// update come between them. Its parts in a row with another one's would be what nobody signed.
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
        // A reader of a policy that was deleted does not keep it.
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
impl FileOperations for Update {
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
impl FileOperations for Delete {
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

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
#[kunit_tests(ipe_securityfs_entry)]
mod tests {
    use super::*;
    use crate::abstractions::alloc::PageExactVec;
    use crate::abstractions::compat::{
        EBADMSG,
        ENAMETOOLONG, //
    };
    use crate::abstractions::securityfs::Directory;
    use crate::loaded::Active;
    use crate::policy::envelope::Form;

    /// A policy without a signature.
    macro_rules! policy {
        ($name:expr, $version:literal) => {
            Policy::builtin(
                concat!(
                    "policy_name=",
                    $name,
                    " policy_version=",
                    $version,
                    "\nDEFAULT action=ALLOW"
                )
                .as_bytes(),
            )
            .map_err(|refusal| refusal.errno())
        };
    }

    /// A directory of its own in securityfs, and an active policy that is not the machine's.
    macro_rules! root {
        () => {{
            static ACTIVE: Active = Active::none();
            Fixture {
                root: Root::new(Directory::new(c"ipe_kunit")?, &ACTIVE)?,
                entries: KVec::new(),
            }
        }};
    }

    /// Removes all policies that it loaded, the active one, too.
    struct Fixture {
        root: Arc<Root>,
        entries: KVec<Arc<Entry>>,
    }

    impl Fixture {
        fn load(&mut self, policy: Arc<Policy>) -> Result<Arc<Entry>> {
            let entry = Entry::create(&self.root, policy)?.publish();
            self.entries.push(entry.clone(), GFP_KERNEL)?;
            Ok(entry)
        }
    }

    impl Drop for Fixture {
        fn drop(&mut self) {
            for entry in &self.entries {
                let removed = entry.loaded.lock().take();
                drop(removed);
            }
        }
    }

    /// What is known of an entry from outside: its policy, and whether it is active.
    fn shown(entry: &Entry) -> Result<(Arc<Policy>, bool)> {
        Ok((entry.policy()?, entry.is_active()?))
    }

    /// Whether the entry is as it was.
    fn unchanged(entry: &Entry, (policy, active): &(Arc<Policy>, bool)) -> bool {
        shown(entry).is_ok_and(|(now, is)| Arc::ptr_eq(&now, policy) && is == *active)
    }

    fn replace(entry: &Entry, new: Arc<Policy>) -> Result {
        (entry.replace(new, &Report::default())).map_err(|refusal| refusal.errno())
    }

    fn update(entry: &Entry, bytes: &[u8], form: Form) -> Result {
        let mut message = PageExactVec::new();
        message.extend_from_slice(bytes, GFP_KERNEL)?;
        let message = Message {
            bytes: message,
            form,
        };
        (entry.update(message, &mut Report::default())).map_err(|refusal| refusal.errno())
    }

    #[test]
    fn loading_does_not_activate() -> Result {
        let mut root = root!();
        let entry = root.load(policy!("a", "1.0.0")?)?;
        assert!(!entry.is_active()?);
        assert!(root.root.active.is_none());
        Ok(())
    }

    #[test]
    fn a_name_is_loaded_once() -> Result {
        let mut root = root!();
        let entry = root.load(policy!("a", "1.0.0")?)?;
        let before = shown(&entry)?;
        for again in [policy!("a", "1.0.0")?, policy!("a", "2.0.0")?] {
            assert_eq!(root.load(again).err(), Some(EEXIST));
            assert!(unchanged(&entry, &before));
        }
        assert!(root.load(policy!("A", "1.0.0")?).is_ok());
        Ok(())
    }

    #[test]
    fn what_is_not_published_has_the_name_alone() -> Result {
        let mut root = root!();
        let unpublished = Entry::create(&root.root, policy!("a", "1.0.0")?)?;
        assert_eq!(unpublished.entry.policy().err(), Some(ENOENT));
        assert_eq!(root.load(policy!("a", "2.0.0")?).err(), Some(EEXIST));
        // Removed with its files, it leaves nothing behind.
        drop(unpublished);
        let new = policy!("a", "1.0.0")?;
        let entry = root.load(new.clone())?;
        assert!(unchanged(&entry, &(new, false)));
        Ok(())
    }

    #[test]
    fn a_directory_is_made_and_removed_without_the_writers() -> Result {
        let mut root = root!();
        let writers = root.root.writers.lock();
        drop(Entry::create(&root.root, policy!("a", "1.0.0")?)?);
        let unpublished = Entry::create(&root.root, policy!("a", "1.0.0")?)?;
        drop(writers);
        let entry = unpublished.publish();
        root.entries.push(entry.clone(), GFP_KERNEL)?;
        assert!(!entry.is_active()?);
        Ok(())
    }

    #[test]
    fn a_name_must_be_that_of_a_directory() -> Result {
        let mut root = root!();
        let names = [
            policy!(".", "1.0.0")?,
            policy!("..", "1.0.0")?,
            policy!("/", "1.0.0")?,
            policy!("a/b", "1.0.0")?,
            policy!("../a", "1.0.0")?,
        ];
        for policy in names {
            assert_eq!(root.load(policy).err(), Some(EACCES));
        }
        macro_rules! ten {
            ($ten:literal) => {
                concat!($ten, $ten, $ten, $ten, $ten, $ten, $ten, $ten, $ten, $ten)
            };
        }
        macro_rules! letters {
            ($more:literal) => {
                concat!(
                    ten!("0123456789"),
                    ten!("0123456789"),
                    "01234567890123456789012345678901234567890123456789",
                    $more
                )
            };
        }
        assert!(root.load(policy!(letters!("01234"), "1.0.0")?).is_ok());
        let long = root.load(policy!(letters!("012345"), "1.0.0")?);
        assert_eq!(long.err(), Some(ENAMETOOLONG));
        Ok(())
    }

    #[test]
    fn activation_is_of_one_policy() -> Result {
        let mut root = root!();
        let one = root.load(policy!("one", "1.0.0")?)?;
        let other = root.load(policy!("other", "1.0.0")?)?;
        one.activate()?;
        assert!(one.is_active()? && !other.is_active()?);
        other.activate()?;
        assert!(!one.is_active()? && other.is_active()?);
        other.activate()?;
        assert!(!one.is_active()? && other.is_active()?);
        Ok(())
    }

    #[test]
    fn an_older_policy_is_not_activated() -> Result {
        let mut root = root!();
        let new = root.load(policy!("new", "2.0.0")?)?;
        let old = root.load(policy!("old", "1.65535.65535")?)?;
        new.activate()?;
        let before = (shown(&new)?, shown(&old)?);
        assert_eq!(old.activate(), Err(ESTALE));
        assert!(unchanged(&new, &before.0));
        assert!(unchanged(&old, &before.1));
        // Brought up to date, it may.
        replace(&old, policy!("old", "2.0.0")?)?;
        old.activate()?;
        assert!(old.is_active()? && !new.is_active()?);
        Ok(())
    }

    #[test]
    fn an_update_needs_a_higher_version() -> Result {
        let mut root = root!();
        let entry = root.load(policy!("a", "1.2.3")?)?;
        let before = shown(&entry)?;
        let lower = [
            policy!("a", "0.65535.65535")?,
            policy!("a", "1.1.65535")?,
            policy!("a", "1.2.2")?,
            policy!("a", "1.2.3")?,
        ];
        for policy in lower {
            assert_eq!(replace(&entry, policy), Err(ESTALE));
            assert!(unchanged(&entry, &before));
        }
        let new = policy!("a", "1.2.4")?;
        replace(&entry, new.clone())?;
        assert!(unchanged(&entry, &(new, false)));
        Ok(())
    }

    #[test]
    fn an_update_has_the_same_name() -> Result {
        let mut root = root!();
        let entry = root.load(policy!("name", "1.0.0")?)?;
        let before = shown(&entry)?;
        let others = [
            policy!("nam", "2.0.0")?,
            policy!("name2", "2.0.0")?,
            policy!("Name", "2.0.0")?,
            // The name counts before the version.
            policy!("other", "0.0.0")?,
        ];
        for policy in others {
            assert_eq!(replace(&entry, policy), Err(EINVAL));
            assert!(unchanged(&entry, &before));
        }
        Ok(())
    }

    #[test]
    fn update_of_the_active_policy_is_active() -> Result {
        let mut root = root!();
        let active = root.load(policy!("active", "1.0.0")?)?;
        let other = root.load(policy!("other", "1.0.0")?)?;
        active.activate()?;
        replace(&other, policy!("other", "3.0.0")?)?;
        assert!(active.is_active()? && !other.is_active()?);

        let new = policy!("active", "2.0.0")?;
        replace(&active, new.clone())?;
        assert!(unchanged(&active, &(new, true)));
        // A refused one leaves it active.
        assert_eq!(replace(&active, policy!("active", "2.0.0")?), Err(ESTALE));
        assert!(active.is_active()?);
        Ok(())
    }

    #[test]
    fn what_is_not_signed_is_no_update() -> Result {
        let mut root = root!();
        let entry = root.load(policy!("a", "1.0.0")?)?;
        entry.activate()?;
        let before = shown(&entry)?;
        let appended = b"policy_name=a policy_version=2.0.0\nDEFAULT action=ALLOW\n\
            \x30\x00\0\0\x02\0\0\0\0\0\0\0\0\x02~Module signature appended~\n";
        assert_eq!(update(&entry, b"\x30\x00", Form::Pkcs7), Err(EBADMSG));
        assert_eq!(update(&entry, appended, Form::Appended), Err(EBADMSG));
        assert!(unchanged(&entry, &before));
        Ok(())
    }

    #[test]
    fn active_policy_is_not_deleted() -> Result {
        let mut root = root!();
        let entry = root.load(policy!("a", "1.0.0")?)?;
        entry.activate()?;
        let before = shown(&entry)?;
        assert_eq!(entry.delete(), Err(EPERM));
        assert!(unchanged(&entry, &before));
        root.load(policy!("b", "1.0.0")?)?.activate()?;
        entry.delete()?;
        assert!(entry.policy().is_err());
        Ok(())
    }

    #[test]
    fn what_is_deleted_is_gone() -> Result {
        let mut root = root!();
        let entry = root.load(policy!("a", "1.0.0")?)?;
        entry.delete()?;
        assert_eq!(entry.policy().err(), Some(ENOENT));
        assert_eq!(entry.is_active(), Err(ENOENT));
        assert_eq!(entry.activate(), Err(ENOENT));
        assert_eq!(replace(&entry, policy!("a", "2.0.0")?), Err(ENOENT));
        assert_eq!(update(&entry, b"\x30\x00", Form::Pkcs7), Err(ENOENT));
        assert_eq!(entry.delete(), Err(ENOENT));
        Ok(())
    }

    #[test]
    fn a_name_is_free_again() -> Result {
        let mut root = root!();
        let old = root.load(policy!("a", "2.0.0")?)?;
        old.delete()?;
        // Also for an older version, as no newer policy is active.
        let new = root.load(policy!("a", "1.0.0")?)?;
        new.activate()?;
        assert_eq!(old.activate(), Err(ENOENT));
        assert_eq!(old.delete(), Err(ENOENT));
        assert!(new.is_active()?);
        Ok(())
    }
}
