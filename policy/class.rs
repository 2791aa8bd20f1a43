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
    /// A private mapping of a file whose pages may differ from the file. The properties of a
    /// decision are those of the file.
    ///
    /// Only a policy that [tells it](super::Compiled::tells_modified) from the file decides about
    /// it in another way.
    Modified,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; Self::COUNT] = [Self::File, Self::Memory, Self::Modified];

    /// The number of classes.
    pub const COUNT: usize = 3;
}

/// A set of classes.
#[derive(Clone, Copy)]
pub(super) struct Classes(u8);

impl Classes {
    /// All classes.
    pub(super) const ALL: Self = Self((1 << Class::COUNT) - 1);

    /// The classes of objects that are files, or parts of them.
    pub(super) const FILES: Self = Self((1 << Class::File as u8) | (1 << Class::Modified as u8));

    /// Returns the set of one class.
    pub(super) const fn only(class: Class) -> Self {
        Self(1 << class as u8)
    }

    /// Returns whether the class is in the set.
    pub(super) const fn contains(self, class: Class) -> bool {
        self.meets(Self::only(class))
    }

    /// Returns whether both sets have a class in common.
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Removes the classes that are not in the other set.
    pub(super) fn retain(&mut self, other: Self) {
        self.0 &= other.0;
    }
}
