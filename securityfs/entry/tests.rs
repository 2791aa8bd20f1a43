// SPDX-License-Identifier: GPL-2.0-only

//! Loading, updating, activating and deleting policies.

#[kernel::prelude::kunit_tests(ipe_securityfs_entry)]
mod cases {
    use super::super::super::collector::Message;
    use super::super::*;
    use crate::abstractions::alloc::PageExactVec;
    use crate::abstractions::securityfs::Directory;
    use crate::loaded::tests::{
        origin,
        policy, //
    };
    use crate::loaded::{
        Active,
        OnTrial,
        Seal, //
    };
    use crate::policy::envelope::Form;
    use kernel::error::code::{
        EBADMSG,
        ENAMETOOLONG,
        ESTALE, //
    };

    /// A directory of its own in securityfs, an active policy and a seal that are not the machine's.
    macro_rules! root {
        () => {{
            static ACTIVE: Active = Active::none();
            static SEAL: Seal = Seal::open();
            static ON_TRIAL: OnTrial = OnTrial::none();
            Fixture {
                root: Root::new(Directory::new(b"ipe_kunit")?, &ACTIVE, &ON_TRIAL, &SEAL)?,
                entries: KVec::new(),
            }
        }};
    }

    /// Removes all policies that it loaded, the active one, too, and ends their trials.
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
                if let Some(loaded) = &removed {
                    drop(self.root.trial.end(&loaded.policy));
                }
                drop(removed);
            }
        }
    }

    /// Returns all that userspace sees of an entry: its policy, and whether it is active.
    fn shown(entry: &Entry) -> Result<(Arc<Policy>, bool)> {
        Ok((entry.policy()?, entry.is_active()?))
    }

    /// Whether the entry is as it was.
    fn unchanged(entry: &Entry, (policy, active): &(Arc<Policy>, bool)) -> bool {
        shown(entry).is_ok_and(|(now, is)| Arc::ptr_eq(&now, policy) && is == *active)
    }

    fn replace(entry: &Entry, new: Arc<Policy>) -> Result {
        (entry.replace(new, None, &Report::default())).map_err(|refusal| refusal.errno())
    }

    fn update(entry: &Entry, bytes: &[u8], form: Form) -> Result {
        let mut message = PageExactVec::new();
        message.extend_from_slice(bytes, GFP_KERNEL)?;
        let message = Message {
            bytes: message,
            form,
        };
        (entry.update(Incoming::Signed(message), &mut Report::default()))
            .map_err(|refusal| refusal.errno())
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
    fn second_policy_of_a_name_is_refused() -> Result {
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
    fn unpublished_policy_only_reserves_its_name() -> Result {
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
    fn directories_are_made_and_removed_without_the_lock() -> Result {
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
    fn name_must_be_that_of_a_directory() -> Result {
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
    fn update_from_a_file_needs_the_policy_that_allowed_it() -> Result {
        let mut root = root!();
        let entry = root.load(policy!("a", "1.0.0")?)?;
        let (one, other) = (policy!("one", "1.0.0")?, policy!("other", "1.0.0")?);
        let (generous, strict) = (root.load(one.clone())?, root.load(other.clone())?);
        generous.activate()?;
        let (old, new) = (origin(&one, 0)?, origin(&other, 0)?);
        strict.activate()?;
        let before = shown(&entry)?;
        let update = |origin| {
            let new = policy!("a", "1.0.1")?;
            (entry.replace(new, Some(origin), &Report::default()))
                .map_err(|refusal| refusal.errno())
        };
        assert_eq!(update(&old), Err(EACCES));
        assert!(unchanged(&entry, &before));
        update(&new)
    }

    #[test]
    fn new_policy_from_a_file_needs_the_policy_that_allowed_it() -> Result {
        let mut root = root!();
        let (one, other) = (policy!("one", "1.0.0")?, policy!("other", "1.0.0")?);
        root.load(one.clone())?.activate()?;
        let origin = origin(&one, 0)?;
        root.load(other)?.activate()?;
        let mut text = PageExactVec::new();
        let bytes = b"policy_name=a policy_version=1.0.0\nDEFAULT action=ALLOW";
        text.extend_from_slice(bytes, GFP_KERNEL)?;
        let incoming = Incoming::File { text, origin };
        let destination = root.root.as_arc_borrow();
        let loaded = destination.load(incoming, &mut Report::default());
        assert_eq!(loaded.err().map(|refusal| refusal.errno()), Some(EACCES));
        // Its directory is gone.
        assert!(root.load(policy!("a", "1.0.0")?).is_ok());
        Ok(())
    }

    #[test]
    fn one_policy_is_active_at_a_time() -> Result {
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
    fn older_policy_is_not_activated() -> Result {
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
    fn update_needs_a_higher_version() -> Result {
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
    fn update_needs_the_same_name() -> Result {
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
    fn update_without_a_signature_is_refused() -> Result {
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
    fn deleted_policy_answers_enoent() -> Result {
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
    fn name_of_a_deleted_policy_is_free() -> Result {
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

    #[test]
    fn sealed_policy_stays_active() -> Result {
        let mut root = root!();
        let active = root.load(policy!("active", "1.0.0")?)?;
        let other = root.load(policy!("other", "2.0.0")?)?;
        let older = root.load(policy!("older", "0.1.0")?)?;
        active.activate()?;
        root.root.seal.set(root.root.active, true)?;
        let before = (shown(&active)?, shown(&other)?);
        assert_eq!(other.activate(), Err(EPERM));
        // As without the seal.
        assert_eq!(older.activate(), Err(ESTALE));
        assert_eq!(replace(&active, policy!("active", "3.0.0")?), Err(EPERM));
        assert_eq!(active.delete(), Err(EPERM));
        assert_eq!(other.delete(), Err(EPERM));
        assert!(unchanged(&active, &before.0));
        assert!(unchanged(&other, &before.1));
        Ok(())
    }

    #[test]
    fn seal_lets_pass_what_decides_nothing() -> Result {
        let mut root = root!();
        let active = root.load(policy!("active", "1.0.0")?)?;
        let other = root.load(policy!("other", "1.0.0")?)?;
        active.activate()?;
        root.root.seal.set(root.root.active, true)?;
        active.activate()?;
        replace(&other, policy!("other", "2.0.0")?)?;
        assert!(!root.load(policy!("new", "1.0.0")?)?.is_active()?);
        assert!(active.is_active()?);
        Ok(())
    }

    /// Whether the entry's policy is on trial.
    #[cfg(CONFIG_IPE_TRIAL)]
    fn is_on_trial(entry: &Entry) -> bool {
        entry.trial().is_ok_and(|trial| trial.is_some())
    }

    #[cfg(CONFIG_IPE_TRIAL)]
    #[test]
    fn trial_belongs_to_one_entry() -> Result {
        let mut root = root!();
        let active = root.load(policy!("active", "1.0.0")?)?;
        let (one, other) = (
            root.load(policy!("one", "1.0.0")?)?,
            root.load(policy!("other", "1.0.0")?)?,
        );
        assert_eq!(one.begin_trial(), Err(EINVAL));
        active.activate()?;
        assert_eq!(active.begin_trial(), Err(EINVAL));
        one.begin_trial()?;
        assert_eq!(other.begin_trial(), Err(EBUSY));
        // Not its own.
        other.end_trial()?;
        assert!(is_on_trial(&one) && !is_on_trial(&other) && !is_on_trial(&active));
        assert!(active.is_active()?);
        one.end_trial()?;
        assert!(!is_on_trial(&one));
        one.end_trial()?;
        other.begin_trial()
    }

    #[cfg(CONFIG_IPE_TRIAL)]
    #[test]
    fn update_goes_on_trial() -> Result {
        let mut root = root!();
        let active = root.load(policy!("active", "1.0.0")?)?;
        let entry = root.load(policy!("trial", "1.0.0")?)?;
        active.activate()?;
        entry.begin_trial()?;
        assert_eq!(replace(&entry, policy!("trial", "1.0.0")?), Err(ESTALE));
        assert!(is_on_trial(&entry));
        let new = policy!("trial", "2.0.0")?;
        replace(&entry, new.clone())?;
        let trial = entry.trial()?.ok_or(ENOENT)?;
        assert!(core::ptr::eq(trial.policy(), &*new));
        assert!(active.is_active()?);
        Ok(())
    }

    #[cfg(CONFIG_IPE_TRIAL)]
    #[test]
    fn trial_ends_where_its_policy_cannot_become_active() -> Result {
        let mut root = root!();
        let active = root.load(policy!("active", "1.0.0")?)?;
        let entry = root.load(policy!("trial", "2.0.0")?)?;
        active.activate()?;
        entry.begin_trial()?;
        replace(&active, policy!("active", "2.0.0")?)?;
        assert!(is_on_trial(&entry));
        replace(&active, policy!("active", "2.0.1")?)?;
        assert!(!is_on_trial(&entry));
        assert_eq!(entry.begin_trial(), Err(ESTALE));
        replace(&entry, policy!("trial", "3.0.0")?)?;
        entry.begin_trial()?;
        entry.activate()?;
        assert!(!is_on_trial(&entry) && entry.is_active()?);
        Ok(())
    }

    #[cfg(CONFIG_IPE_TRIAL)]
    #[test]
    fn deleted_policy_is_not_on_trial() -> Result {
        let mut root = root!();
        let active = root.load(policy!("active", "1.0.0")?)?;
        let entry = root.load(policy!("trial", "1.0.0")?)?;
        let other = root.load(policy!("other", "1.0.0")?)?;
        active.activate()?;
        entry.begin_trial()?;
        assert_eq!(active.delete(), Err(EPERM));
        entry.delete()?;
        assert_eq!(entry.trial().err(), Some(ENOENT));
        assert_eq!(entry.begin_trial(), Err(ENOENT));
        assert_eq!(entry.end_trial(), Err(ENOENT));
        other.begin_trial()
    }

    #[cfg(CONFIG_IPE_TRIAL)]
    #[test]
    fn trial_decides_nothing_that_is_sealed() -> Result {
        let mut root = root!();
        let active = root.load(policy!("active", "1.0.0")?)?;
        let entry = root.load(policy!("trial", "1.0.0")?)?;
        active.activate()?;
        root.root.seal.set(root.root.active, true)?;
        entry.begin_trial()?;
        assert_eq!(entry.activate(), Err(EPERM));
        assert_eq!(entry.delete(), Err(EPERM));
        assert!(is_on_trial(&entry));
        replace(&entry, policy!("trial", "2.0.0")?)?;
        assert!(is_on_trial(&entry));
        entry.end_trial()?;
        assert!(active.is_active()?);
        Ok(())
    }
}
