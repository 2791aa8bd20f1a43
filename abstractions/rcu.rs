// SPDX-License-Identifier: GPL-2.0-only

//! A pointer that readers follow under RCU.
//!
//! C header: [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)

use super::compat::synchronize_rcu;
use core::marker::PhantomData;
use kernel::ffi::c_void;
use kernel::sync::atomic::{
    Acquire,
    Atomic,
    Full,
    Relaxed,
    Release, //
};
use kernel::sync::rcu::Guard;
use kernel::types::ForeignOwnable;
use pin_init::Zeroable;

/// An owning pointer, or none, that is read under RCU and replaced by one writer at a time.
///
/// All bits zero is a valid value: no pointer.
///
/// # Invariants
///
/// The pointer is null or came from [`ForeignOwnable::into_foreign`] and is owned by this object.
/// What a reader may still follow is not freed before a grace period has passed.
#[repr(transparent)]
pub(crate) struct RcuPointer<P: ForeignOwnable>(Atomic<*mut c_void>, PhantomData<P>);

// SAFETY: All bits zero is a null pointer, which the type invariant allows.
unsafe impl<P: ForeignOwnable> Zeroable for RcuPointer<P> {}

// SAFETY: `P` is owned, so that it moves with this object.
unsafe impl<P: ForeignOwnable + Send> Send for RcuPointer<P> {}

// SAFETY: Readers on any CPU get shared borrows of what `P` points to, hence `P: Sync`, and a
// writer on any CPU takes the ownership of the old pointer, hence `P: Send`.
unsafe impl<P: ForeignOwnable + Send + Sync> Sync for RcuPointer<P> {}

impl<P: ForeignOwnable> RcuPointer<P> {
    /// No pointer.
    pub(crate) const fn null() -> Self {
        // INVARIANT: The pointer is null.
        Self(Atomic::new(core::ptr::null_mut()), PhantomData)
    }

    /// Whether there is no pointer at this moment. Any context.
    #[inline]
    pub(crate) fn is_null(&self) -> bool {
        self.0.load(Relaxed).is_null()
    }

    /// What the pointer points to, for as long as the guard lives. Any context.
    #[inline]
    pub(crate) fn read<'guard>(&'guard self, _guard: &'guard Guard) -> Option<P::Borrowed<'guard>> {
        let pointer = self.0.load(Acquire);
        if pointer.is_null() {
            return None;
        }
        // SAFETY: By the type invariant the pointer came from `into_foreign`. `replace` hands the
        // ownership to a `Retired`, which waits for a grace period before it drops, and a grace
        // period does not end while the guard, which outlives the borrow, holds the read side.
        // `drop` has the object for itself, which the borrow of `self` excludes.
        Some(unsafe { P::borrow(pointer) })
    }

    /// Puts `new` in the place of what was there.
    ///
    /// Two writers never lose or free a pointer twice, as it is exchanged in one step; which of
    /// them comes last is for the callers' lock. Any context, but for the drop of what it returns.
    pub(crate) fn replace(&self, new: Option<P>) -> Retired<P> {
        let new = new.map_or(core::ptr::null_mut(), P::into_foreign);
        // INVARIANT: `new` is null or from `into_foreign`. Full ordering, hence release: a reader
        // that sees the pointer sees what was written before it was published.
        Retired(self.0.xchg(new, Full), PhantomData)
    }

    /// Sets the first value, before there can be a reader or another writer.
    pub(crate) fn initialise(&self, new: P) {
        // INVARIANT: `new` is from `into_foreign`. There was no pointer before, by contract; if
        // there was, it leaks, which is safe.
        self.0.store(new.into_foreign(), Release);
    }
}

impl<P: ForeignOwnable> Drop for RcuPointer<P> {
    fn drop(&mut self) {
        let pointer = *self.0.get_mut();
        if !pointer.is_null() {
            // SAFETY: By the type invariant the pointer is owned here. As the object is dropped,
            // no borrow of it is left, hence none that `read` gave out.
            drop(unsafe { P::from_foreign(pointer) });
        }
    }
}

/// What was taken out of an [`RcuPointer`]. Readers may still follow it.
///
/// Dropping waits for a grace period where there was a pointer: process context only, and no lock
/// should be held that a reader of any RCU section waits for.
#[must_use = "dropping waits for a grace period"]
pub(crate) struct Retired<P: ForeignOwnable>(*mut c_void, PhantomData<P>);

impl<P: ForeignOwnable> Retired<P> {
    /// What the pointer points to, which stays valid while this object lives.
    pub(crate) fn get(&self) -> Option<P::Borrowed<'_>> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: The pointer came from `into_foreign` and is owned by this object, which the
        // borrow cannot outlive. Other borrows are shared ones, too.
        Some(unsafe { P::borrow(self.0) })
    }
}

impl<P: ForeignOwnable> Drop for Retired<P> {
    fn drop(&mut self) {
        if self.0.is_null() {
            return;
        }
        synchronize_rcu();
        // SAFETY: The pointer came from `into_foreign` and is owned by this object. It is no
        // longer published, and every reader that saw it has ended with the grace period.
        drop(unsafe { P::from_foreign(self.0) });
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
#[kernel::prelude::kunit_tests(ipe_abstractions_rcu)]
mod tests {
    use super::*;
    use core::ops::RangeInclusive;
    use kernel::prelude::*;
    use kernel::sync::{
        rcu,
        Arc,
        Completion, //
    };
    use kernel::time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    };
    use kernel::workqueue;

    /// So many times one number that nobody could write or read them in one step.
    struct Copies([u64; 8]);

    impl Copies {
        /// The number; `None` where they are not all the same, or were dropped.
        fn number(&self) -> Option<u64> {
            let [first, ..] = self.0;
            (first != 0 && self.0.iter().all(|&copy| copy == first)).then_some(first)
        }
    }

    impl Drop for Copies {
        fn drop(&mut self) {
            self.0.fill(0);
            // Whoever reads them now has to find that.
            core::hint::black_box(&self.0);
        }
    }

    #[pin_data]
    struct Shared {
        pointer: RcuPointer<KBox<Copies>>,
        #[pin]
        written: Completion,
    }

    impl Shared {
        /// With 1 published.
        fn new() -> Result<Arc<Self>> {
            let shared = Arc::pin_init(
                pin_init!(Self {
                    pointer: RcuPointer::null(),
                    written <- Completion::new(),
                }),
                GFP_KERNEL,
            )?;
            shared
                .pointer
                .initialise(KBox::new(Copies([1; 8]), GFP_KERNEL)?);
            Ok(shared)
        }

        fn publish(&self, number: u64) -> Result {
            let new = KBox::new(Copies([number; 8]), GFP_KERNEL)?;
            drop(self.pointer.replace(Some(new)));
            Ok(())
        }

        /// Publishes these, one after the other, on another CPU if there is one. Any context.
        fn publish_elsewhere(self: &Arc<Self>, numbers: RangeInclusive<u64>) -> Result {
            let shared = self.clone();
            workqueue::system_unbound().try_spawn(GFP_ATOMIC, move || {
                for number in numbers {
                    // The reader misses what could not be published.
                    let _ = shared.publish(number);
                }
                shared.written.complete_all();
            })?;
            Ok(())
        }

        fn number(&self, guard: &Guard) -> Option<u64> {
            self.pointer.read(guard)?.number()
        }
    }

    #[test]
    fn what_a_reader_follows_stays() -> Result {
        if kernel::cpu::nr_cpu_ids() < 2 {
            pr_info!("not tried on one CPU\n");
            return Ok(());
        }
        let shared = Shared::new()?;
        let guard = rcu::read_lock();
        let old = shared.pointer.read(&guard).ok_or(EINVAL)?;
        shared.publish_elsewhere(2..=2)?;
        let start = Instant::<Monotonic>::now();
        while shared.number(&guard) == Some(1) && start.elapsed() < Delta::from_secs(5) {
            core::hint::spin_loop();
        }
        let new = shared.number(&guard);
        // The writer, if it does not wait, is done with the old ones by then.
        while start.elapsed() < Delta::from_millis(200) {
            core::hint::spin_loop();
        }
        let kept = old.number();
        drop(guard);
        shared.written.wait_for_completion();

        assert_eq!(new, Some(2));
        assert_eq!(kept, Some(1));
        Ok(())
    }

    /// Also for KCSAN, which sees here whether readers and writers say that they are several.
    #[test]
    fn a_reader_finds_the_old_or_the_new() -> Result {
        const LAST: u64 = 30;

        let shared = Shared::new()?;
        shared.publish_elsewhere(2..=LAST)?;
        let start = Instant::<Monotonic>::now();
        let mut seen = 1;
        let mut wrong = None;
        while seen < LAST && wrong.is_none() && start.elapsed() < Delta::from_secs(30) {
            for _ in 0..1000 {
                match shared.number(&rcu::read_lock()) {
                    Some(number) if number >= seen => seen = number,
                    other => wrong = Some((seen, other)),
                }
            }
            // Others want to run, too.
            fsleep(Delta::from_micros(50));
        }
        shared.written.wait_for_completion();

        assert_eq!(wrong, None);
        assert_eq!(seen, LAST);
        Ok(())
    }
}
