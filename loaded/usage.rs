// SPDX-License-Identifier: GPL-2.0-only

//! Which rules of a policy have decided, noted while an administrator asks for it.
//!
//! A static key guards the note, so that a decision pays for none of this while nobody asks.

use crate::abstractions::alloc::PageExactVec;
use crate::abstractions::static_key::Requested;
use crate::policy::{
    self,
    Operation, //
};
use kernel::prelude::*;
use kernel::str::CString;
use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};
use kernel::sync::Arc;

/// The offsets of two rules differ after so many bits are shifted out.
const SHIFT: u32 = 4;

const _: () = {
    let mut index = 0;
    while index < Operation::COUNT {
        let name = Operation::ALL[index].name();
        assert!("op= action=DENY\n".len() + name.len() >= 1 << SHIFT);
        index += 1;
    }
};

/// The rules of one policy that have decided: a bit for each place where a rule may begin.
pub(crate) struct Usage {
    words: PageExactVec<Atomic<u32>>,
    _request: Requested,
}

impl Usage {
    /// Creates a record without any rule, for a policy with this text. Decisions are noted from now
    /// on.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep. Dropping it may sleep, too.
    pub(crate) fn new(text: &[u8]) -> Result<Arc<Self>> {
        let length = (text.len() >> SHIFT) / u32::BITS as usize + 1;
        let mut words = PageExactVec::with_capacity(length, GFP_KERNEL)?;
        for _ in 0..length {
            words.push(Atomic::new(0), GFP_KERNEL)?;
        }
        let usage = Self {
            words,
            _request: Requested::begin(),
        };
        Ok(Arc::new(usage, GFP_KERNEL)?)
    }

    /// Returns the word with the bit of a rule, and the bit.
    fn bit(&self, offset: u32) -> Option<(&Atomic<u32>, u32)> {
        let place = offset >> SHIFT;
        let word = self.words.get((place / u32::BITS) as usize)?;
        Some((word, 1 << (place % u32::BITS)))
    }

    /// Notes that the rule at this offset has decided. Writes the first time only.
    ///
    /// # Context
    ///
    /// Any.
    pub(super) fn note(&self, offset: u32) {
        let Some((word, bit)) = self.bit(offset) else {
            return;
        };
        let mut seen = word.load(Relaxed);
        while seen & bit == 0 {
            match word.cmpxchg(seen, seen | bit, Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Returns whether the rule at this offset has decided.
    fn has(&self, offset: u32) -> bool {
        (self.bit(offset)).is_some_and(|(word, bit)| word.load(Relaxed) & bit != 0)
    }

    /// Lists the rules of the text that have not decided, one a line: `line:column: rule`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    #[inline(never)]
    pub(crate) fn unused(&self, text: &[u8]) -> Result<PageExactVec<u8>> {
        let mut list = PageExactVec::new();
        for line in policy::lines(text) {
            if line.rule().is_none() || self.has(line.offset) {
                continue;
            }
            let policy::Position {
                line: number,
                column,
                ..
            } = line.position;
            let place = CString::try_from_fmt(format_args!("{number}:{column}: "))?;
            for part in [place.to_bytes(), line.code, b"\n"] {
                list.extend_from_slice(part, GFP_KERNEL)?;
            }
        }
        Ok(list)
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
