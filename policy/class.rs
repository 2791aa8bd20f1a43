// SPDX-License-Identifier: GPL-2.0-only

//! The classes of objects.

/// A class of objects, which have their properties from different sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// A file. The properties of a decision are its own.
    File,
    /// Memory: an object without a file of its own, for example anonymous memory, a device or data
    /// from a buffer. It has no properties. Those of a decision belong to the program that asks.
    Memory,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; Self::COUNT] = [Self::File, Self::Memory];

    /// The number of classes.
    pub const COUNT: usize = 2;
}

/// A set of classes.
#[derive(Clone, Copy)]
pub(super) struct Classes(u8);

impl Classes {
    /// All classes.
    pub(super) const ALL: Self = Self((1 << Class::COUNT) - 1);

    /// Returns whether the class is in the set.
    pub(super) const fn contains(self, class: Class) -> bool {
        self.0 & (1 << class as u8) != 0
    }

    /// Removes all classes but one.
    pub(super) fn retain(&mut self, class: Class) {
        self.0 &= 1 << class as u8;
    }
}
