// SPDX-License-Identifier: GPL-2.0-only

//! The trial: a second policy decides beside the active one, and nothing follows from it but counts
//! and records.
//!
//! Where both agree, a decision only adds to a counter of its CPU. Where the trial alone denies,
//! there would be a record each time, and the queue of audit is short. So a difference is recorded
//! once for each rule and file, and so many times in a second at most.
//!
//! A writer holds the lock of [`crate::securityfs`] that serialises writers.

use super::active::Active;
use super::life;
use super::policy::Policy;
use crate::abstractions::alloc::PageExactVec;
use crate::abstractions::percpu::Counters;
use crate::abstractions::random::random_u64;
use crate::abstractions::rcu::{
    RcuPointer,
    Retired, //
};
use crate::abstractions::static_key::Requested;
use crate::policy::{
    Operation,
    Scope, //
};
use kernel::prelude::*;
use kernel::str::CString;
use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};
use kernel::sync::rcu;
use kernel::sync::Arc;
use kernel::sync::ArcBorrow;
use kernel::time::{
    Instant,
    Monotonic, //
};

/// Which policy is on trial, if any.
pub(crate) struct OnTrial(RcuPointer<Arc<Trial>>);

/// The policy that is on trial.
pub(crate) static ON_TRIAL: OnTrial = OnTrial::none();

impl OnTrial {
    /// Creates an empty pointer: no policy is on trial.
    pub(crate) const fn none() -> Self {
        Self(RcuPointer::null())
    }

    /// Returns the trial, for as long as the guard lives.
    ///
    /// # Context
    ///
    /// Any.
    #[inline]
    pub(crate) fn read<'guard>(
        &'guard self,
        guard: &'guard rcu::Guard,
    ) -> Option<ArcBorrow<'guard, Trial>> {
        self.0.read(guard)
    }

    /// Returns the trial of `policy`, if that is on trial at this moment.
    ///
    /// # Context
    ///
    /// Any.
    pub(crate) fn of(&self, policy: &Arc<Policy>) -> Option<Arc<Trial>> {
        self.read(&rcu::read_lock())
            .filter(|trial| Arc::ptr_eq(&trial.policy, policy))
            .map(Arc::from)
    }

    /// Puts `policy` on trial beside the active one. A trial of this policy begins anew. Returns the
    /// previous one.
    ///
    /// # Errors
    ///
    /// Those of [`life::check_trial`] and of [`Trial::new`].
    ///
    /// # Context
    ///
    /// As for [`Self::end`].
    pub(crate) fn begin(
        &self,
        active: &Active,
        policy: &Arc<Policy>,
    ) -> Result<Retired<Arc<Trial>>> {
        {
            let guard = rcu::read_lock();
            let on_trial = self.read(&guard);
            let on_trial = on_trial.as_ref().map(|trial| &*trial.policy);
            life::check_trial(active.read(&guard).as_deref(), on_trial, policy)?;
        }
        let trial = Trial::new(policy.clone())?;
        Ok(self.0.replace(Some(trial)))
    }

    /// Prepares the trial of `new` where `old` is on trial, whose place `new` is about to take.
    ///
    /// # Errors
    ///
    /// Those of [`Trial::new`].
    ///
    /// # Context
    ///
    /// May sleep. The writers' lock is held.
    pub(crate) fn prepare(
        &self,
        old: &Arc<Policy>,
        new: &Arc<Policy>,
    ) -> Result<Option<Arc<Trial>>> {
        self.of(old).map(|_| Trial::new(new.clone())).transpose()
    }

    /// Exchanges the trial for one that was [prepared](Self::prepare), if it was.
    ///
    /// # Context
    ///
    /// As for [`Self::end`].
    pub(crate) fn exchange(&self, prepared: Option<Arc<Trial>>) -> Option<Retired<Arc<Trial>>> {
        prepared.map(|trial| self.0.replace(Some(trial)))
    }

    /// Ends the trial of `policy`, if it is on trial.
    ///
    /// # Context
    ///
    /// Any. The writers' lock is held. The result is to be dropped without it, as that waits.
    pub(crate) fn end(&self, policy: &Arc<Policy>) -> Option<Retired<Arc<Trial>>> {
        self.of(policy).map(|_| self.0.replace(None))
    }

    /// Ends the trial where its policy cannot become active any more: it has just become so, or the
    /// version of the active one is higher.
    ///
    /// # Context
    ///
    /// As for [`Self::end`].
    pub(crate) fn end_if_over(&self, active: &Policy) -> Option<Retired<Arc<Trial>>> {
        let is_over = self
            .read(&rcu::read_lock())
            .is_some_and(|trial| life::check_trial(Some(active), None, &trial.policy).is_err());
        is_over.then(|| self.0.replace(None))
    }
}

/// What two policies say of the same access.
#[derive(Copy, Clone, PartialEq)]
pub(crate) enum Comparison {
    /// Both allow it.
    BothAllow,
    /// The active one allows it, the one on trial denies it.
    OnlyTrialDenies,
    /// The active one denies it, the one on trial allows it.
    OnlyActiveDenies,
    /// Both deny it.
    BothDeny,
}

impl Comparison {
    /// Compares two decisions, each of which may be to deny.
    #[inline]
    pub(crate) const fn new(active_denies: bool, trial_denies: bool) -> Self {
        match (active_denies, trial_denies) {
            (false, false) => Self::BothAllow,
            (false, true) => Self::OnlyTrialDenies,
            (true, false) => Self::OnlyActiveDenies,
            (true, true) => Self::BothDeny,
        }
    }
}

/// The names of the counters in `trial_stats`: those of [`Comparison`], and how many records the
/// limit of records in a second has kept back.
const COUNTERS: [&str; 5] = [
    "both_allow",
    "only_trial_denies",
    "only_active_denies",
    "both_deny",
    "records_suppressed",
];

/// The counter of records that were kept back.
const SUPPRESSED: usize = 4;

/// A policy on trial, and what has become of it.
pub(crate) struct Trial {
    policy: Arc<Policy>,
    counters: Counters<{ COUNTERS.len() }>,
    recorded: Recorded,
    budget: Budget,
    began: Instant<Monotonic>,
    _request: Requested,
}

impl Trial {
    /// Creates the trial of a policy, with nothing counted and nothing recorded. Decisions are
    /// observed from now on.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep. Dropping it may sleep, too.
    fn new(policy: Arc<Policy>) -> Result<Arc<Self>> {
        let trial = Self {
            policy,
            counters: Counters::new()?,
            recorded: Recorded::new()?,
            budget: Budget::full(),
            began: Instant::now(),
            _request: Requested::begin(),
        };
        Ok(Arc::new(trial, GFP_KERNEL)?)
    }

    /// Returns the policy.
    #[inline]
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Counts an access.
    ///
    /// # Context
    ///
    /// Any. Writes to memory of the calling CPU alone.
    #[inline]
    pub(crate) fn count(&self, comparison: Comparison) {
        self.counters.count(comparison as usize);
    }

    /// Returns whether to record that the trial alone denies this, and notes that it is recorded.
    ///
    /// # Context
    ///
    /// Any.
    #[cold]
    #[inline(never)]
    pub(crate) fn is_to_record(&self, difference: &Difference) -> bool {
        // Some 1.07 seconds, without a division.
        self.is_to_record_in((self.began.elapsed().as_nanos() >> 30) as u32, difference)
    }

    /// Returns the same in this window of time.
    fn is_to_record_in(&self, window: u32, difference: &Difference) -> bool {
        let place = self.recorded.place(difference);
        if place.is_noted() {
            return false;
        }
        if !self.budget.take(window) {
            // Not noted, so that a later one is recorded.
            self.counters.count(SUPPRESSED);
            return false;
        }
        place.note();
        true
    }

    /// Returns the counts as text, a line for each: `name number`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    #[inline(never)]
    pub(crate) fn counts(&self) -> Result<PageExactVec<u8>> {
        let mut text = PageExactVec::new();
        for (name, number) in COUNTERS.into_iter().zip(self.counters.sums()) {
            let line = CString::try_from_fmt(format_args!("{name} {number}\n"))?;
            text.extend_from_slice(line.to_bytes(), GFP_KERNEL)?;
        }
        Ok(text)
    }
}

/// A difference between two policies, of which one record is enough.
pub(crate) struct Difference {
    /// The operation.
    pub(crate) operation: Option<Operation>,
    /// The rule or default that denies.
    pub(crate) scope: Scope,
    /// The file, or for memory the program that asks: its file system, in any form.
    pub(crate) device: u64,
    /// The number of its inode.
    pub(crate) inode: u64,
}

/// The number of differences that are remembered, a power of two.
const PLACES: usize = 512;

/// The differences that were recorded last.
///
/// Two of them may fall on the same place. Then the later one is remembered, and the earlier one may
/// be recorded again.
struct Recorded {
    /// A hash in each place, or 0.
    places: PageExactVec<Atomic<u64>>,
    /// So that nobody can prepare two files of which one hides the other.
    seed: u64,
}

impl Recorded {
    /// Creates it without any difference.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    fn new() -> Result<Self> {
        let mut places = PageExactVec::with_capacity(PLACES, GFP_KERNEL)?;
        for _ in 0..PLACES {
            places.push(Atomic::new(0), GFP_KERNEL)?;
        }
        Ok(Self {
            places,
            seed: random_u64(),
        })
    }

    /// Returns the place of a difference.
    fn place(&self, difference: &Difference) -> NotedAt<'_> {
        let rule = match difference.scope {
            Scope::Rule(offset) => u64::from(offset),
            Scope::OperationDefault => u64::MAX - 1,
            Scope::GlobalDefault => u64::MAX,
        };
        let operation = difference
            .operation
            .map_or(u64::MAX, |operation| operation as u64);
        let words = [rule, operation, difference.device, difference.inode];
        let hash = words.into_iter().fold(self.seed, |hash, word| {
            let product = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            product ^ (product >> 32)
        });
        NotedAt {
            place: self.places.get(hash as usize % PLACES),
            hash: hash.max(1),
        }
    }
}

/// Where a difference is noted, if it is.
struct NotedAt<'a> {
    place: Option<&'a Atomic<u64>>,
    hash: u64,
}

impl NotedAt<'_> {
    fn is_noted(&self) -> bool {
        (self.place).is_some_and(|place| place.load(Relaxed) == self.hash)
    }

    fn note(&self) {
        if let Some(place) = self.place {
            place.store(self.hash, Relaxed);
        }
    }
}

/// The number of records in a second, a quarter of audit's default backlog.
const BUDGET: u32 = 16;

/// The records that may still be made: the number of a window of time in the upper half, that of
/// the records in this window in the lower.
struct Budget(Atomic<u64>);

impl Budget {
    /// Creates it with no record made.
    const fn full() -> Self {
        Self(Atomic::new(0))
    }

    /// Takes one record of those of the window. Returns whether there was one.
    fn take(&self, window: u32) -> bool {
        let mut seen = self.0.load(Relaxed);
        loop {
            let made = if (seen >> 32) as u32 == window {
                seen as u32
            } else {
                0
            };
            if made >= BUDGET {
                return false;
            }
            let next = (u64::from(window) << 32) | u64::from(made + 1);
            match self.0.cmpxchg(seen, next, Relaxed) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
