// SPDX-License-Identifier: GPL-2.0-only

//! The outcome of a decision, in one word.

use super::vocabulary::Action;

/// A rule or a default together with its action: `offset << 1 | allow`.
///
/// The offset of its line in the policy names a rule. So the smaller of two outcomes is that of the
/// earlier rule, and the first match is a minimum. The defaults come after all rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub(crate) struct Outcome(u32);

impl Outcome {
    /// The offset that stands for the default of an operation.
    const OPERATION_DEFAULT: u32 = u32::MAX / 2 - 1;
    /// The offset that stands for the global default.
    const GLOBAL_DEFAULT: u32 = u32::MAX / 2;

    /// The length of the longest text whose offsets are smaller than those of the defaults.
    pub(super) const MAX_TEXT_LEN: usize = (u32::MAX / 2 - 16) as usize;

    /// No rule. No outcome is larger.
    pub(crate) const NONE: Self = Self::new(Self::GLOBAL_DEFAULT, Action::Allow);

    const fn new(offset: u32, action: Action) -> Self {
        Self((offset << 1) | matches!(action, Action::Allow) as u32)
    }

    /// The outcome of a rule.
    pub(super) const fn rule(offset: u32, action: Action) -> Self {
        Self::new(offset, action)
    }

    /// The outcome of an operation's default.
    pub(super) const fn operation_default(action: Action) -> Self {
        Self::new(Self::OPERATION_DEFAULT, action)
    }

    /// The outcome of the global default.
    pub(super) const fn global_default(action: Action) -> Self {
        Self::new(Self::GLOBAL_DEFAULT, action)
    }

    /// Returns the outcome as a word of the index.
    pub(super) const fn to_word(self) -> u32 {
        self.0
    }

    /// Returns the outcome in a word of the index.
    pub(super) const fn from_word(word: u32) -> Self {
        Self(word)
    }

    /// Returns the action.
    #[inline]
    pub(crate) const fn action(self) -> Action {
        if self.0 & 1 != 0 {
            Action::Allow
        } else {
            Action::Deny
        }
    }

    /// Returns the rule or default that made the decision.
    #[inline]
    pub(crate) const fn scope(self) -> Scope {
        match self.0 >> 1 {
            Self::GLOBAL_DEFAULT => Scope::GlobalDefault,
            Self::OPERATION_DEFAULT => Scope::OperationDefault,
            offset => Scope::Rule(offset),
        }
    }
}

/// The rule or default that made a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The rule in the line at this offset of the policy's text, see [`rule_at`](super::rule_at).
    Rule(u32),
    /// The operation's default.
    OperationDefault,
    /// The global default. Also where the policy does not decide, and access is denied.
    GlobalDefault,
}
