// SPDX-License-Identifier: GPL-2.0-only

//! What a decision comes to, in one word.

use super::vocabulary::Action;

/// A rule or a default together with its action: `offset << 1 | allow`.
///
/// A rule is named by the offset of its line in the policy, so of two outcomes the smaller one is
/// of the earlier rule, and the first match is a minimum. The defaults come after all rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub(crate) struct Outcome(u32);

impl Outcome {
    /// Stands for the default of an operation.
    const OPERATION_DEFAULT: u32 = u32::MAX / 2 - 1;
    /// Stands for the global default.
    const GLOBAL_DEFAULT: u32 = u32::MAX / 2;

    /// The longest text whose offsets are smaller than what stands for the defaults.
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

    /// Returns the outcome as the index keeps it.
    pub(super) const fn to_word(self) -> u32 {
        self.0
    }

    /// Takes an outcome from the index.
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

    /// Returns what the action comes from.
    #[inline]
    pub(crate) const fn scope(self) -> Scope {
        match self.0 >> 1 {
            Self::GLOBAL_DEFAULT => Scope::GlobalDefault,
            Self::OPERATION_DEFAULT => Scope::OperationDefault,
            offset => Scope::Rule(offset),
        }
    }
}

/// What a decision comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The rule in the line at this offset of the policy's text, see [`rule_at`](super::rule_at).
    Rule(u32),
    /// The operation's default.
    OperationDefault,
    /// The global default. Also where the policy has nothing to say, and access is denied.
    GlobalDefault,
}
