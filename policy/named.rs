// SPDX-License-Identifier: GPL-2.0-only

//! Enums whose variants have names in a policy or in the audit.

/// Defines an enum from a table of variants and their names.
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $enum:ident {
            $( $(#[$doc:meta])* $variant:ident = $name:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        $visibility enum $enum {
            $( $(#[$doc])* $variant, )*
        }

        #[allow(dead_code, reason = "not every enum is listed or parsed")]
        impl $enum {
            /// Every variant, in the order of the table.
            $visibility const ALL: [Self; Self::COUNT] = [$( Self::$variant, )*];

            /// The number of variants.
            $visibility const COUNT: usize = [$( $name, )*].len();

            /// The names of the variants.
            const NAMES: [&'static str; Self::COUNT] = [$( $name, )*];

            /// Returns the name of the variant in the policy and in the audit.
            $visibility const fn name(self) -> &'static str {
                Self::NAMES[self as usize]
            }

            /// Finds the variant with the given name.
            $visibility fn from_name(name: &[u8]) -> Option<Self> {
                let place = $crate::policy::named::position(&Self::NAMES, name)?;
                Self::ALL.get(place).copied()
            }
        }
    };
}
pub(crate) use named_enum;

/// Returns the place of a name in a table of names. One search serves all tables.
#[inline(never)]
pub(crate) fn position(names: &[&str], name: &[u8]) -> Option<usize> {
    names.iter().position(|known| known.as_bytes() == name)
}
