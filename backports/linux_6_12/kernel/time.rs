// SPDX-License-Identifier: GPL-2.0-only

//! Time.

use crate::bindings;
use core::marker::PhantomData;

/// A clock that starts with the machine and stands still while it sleeps.
pub enum Monotonic {}

/// A moment of a clock.
pub struct Instant<C>(i64, PhantomData<C>);

impl Instant<Monotonic> {
    /// Returns the present moment.
    ///
    /// # Context
    ///
    /// Any but that of a non-maskable interrupt.
    #[inline]
    pub fn now() -> Self {
        // SAFETY: Always safe to call, in that context.
        Self(unsafe { bindings::ktime_get() }, PhantomData)
    }

    /// Returns how long ago the moment is.
    #[inline]
    pub fn elapsed(&self) -> Delta {
        Delta(Self::now().0 - self.0)
    }
}

/// A span of time.
#[derive(Copy, Clone, PartialEq, PartialOrd, Eq, Ord)]
pub struct Delta(i64);

impl Delta {
    /// Creates a span from microseconds.
    #[inline]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// Creates a span from milliseconds.
    #[inline]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Creates a span from seconds.
    #[inline]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Returns the span in nanoseconds.
    #[inline]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }
}

/// Waiting.
pub mod delay {
    use super::Delta;
    use crate::bindings;

    /// Sleeps for this long at least.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn fsleep(span: Delta) {
        let micros = (span.as_nanos().max(0) as u64).div_ceil(1_000);
        let micros = micros.min(i32::MAX as u64) as usize;
        // SAFETY: The caller may sleep.
        unsafe { bindings::backport_fsleep(micros) };
    }
}
