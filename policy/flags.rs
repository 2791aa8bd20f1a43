// SPDX-License-Identifier: GPL-2.0-only

//! The flags of an object, which are its boolean properties, and their combinations.
//!
//! There are so few that all their combinations can be kept: a combination is a number, and a set
//! of combinations is a word with one bit for each.

/// The number of combinations of flags.
pub(crate) const COMBINATIONS: usize = 1 << Flag::COUNT;

/// The set of all combinations of flags.
pub(super) const ALL_COMBINATIONS: u32 = (1 << COMBINATIONS) - 1;

/// The set of the combination in which every flag is false.
pub(super) const NO_FLAG: u32 = 1 << 0;

/// A boolean property: bit `n` of a combination is the flag with number `n`.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Flag {
    /// The object comes from the initramfs.
    BootVerified,
    /// It is on a dm-verity volume whose root hash has a valid signature.
    DmveritySignature,
    /// It has an fs-verity digest with a valid built-in signature.
    FsveritySignature,
}

impl Flag {
    /// The number of flags.
    const COUNT: usize = Self::FsveritySignature as usize + 1;

    /// Returns the combination in which this flag has this value and all others are false.
    #[inline]
    pub(crate) const fn bit(self, value: bool) -> u32 {
        (value as u32) << self as u32
    }

    /// Returns the set of the combinations in which the flag has this value.
    pub(super) const fn combinations(self, value: bool) -> u32 {
        let mut set = 0;
        let mut combination = 0;
        while combination < COMBINATIONS as u32 {
            if (combination & self.bit(true) != 0) == value {
                set |= 1 << combination;
            }
            combination += 1;
        }
        set
    }
}
