// SPDX-License-Identifier: GPL-2.0-only

//! Properties with their values, as rules ask for them.

use super::{
    digest::DigestText,
    error::{
        ErrorKind,
        Fault, //
    },
    vocabulary::{
        properties,
        PropertyKind, //
    },
};

/// A type of values that a property can have.
trait Value<'a>: Sized {
    /// Parses the text after the property's `=`.
    fn parse(text: &'a [u8]) -> Result<Self, Fault>;
}

impl<'a> Value<'a> for bool {
    fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        match text {
            b"TRUE" => Ok(true),
            b"FALSE" => Ok(false),
            _ => Err(Fault::new(ErrorKind::BooleanInvalid, 0, text.len())),
        }
    }
}

impl<'a> Value<'a> for DigestText<'a> {
    fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        Self::split(text)
    }
}

/// Defines the properties with their values.
macro_rules! values {
    ($( $(#[$doc:meta])* $variant:ident($value:ty) = $token:literal, $provider:expr; )*) => {
        /// A property as a rule asks for it: its kind and the value that it must have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Property<'a> {
            $( $(#[$doc])* $variant($value), )*
        }

        impl<'a> Property<'a> {
            /// Returns the kind of the property.
            pub const fn kind(&self) -> PropertyKind {
                match self {
                    $( Self::$variant(_) => PropertyKind::$variant, )*
                }
            }

            /// Parses `property=value`. Returns `None` for an unknown property.
            pub(super) fn parse(text: &'a [u8]) -> Option<Result<Self, Fault>> {
                $(
                    if let Some((name, [b'=', value @ ..])) = text.split_at_checked($token.len()) {
                        if name == $token.as_bytes() {
                            let value = Value::parse(value).map(Self::$variant);
                            return Some(value.map_err(|fault| fault.after($token.len() + 1)));
                        }
                    }
                )*
                None
            }
        }
    };
}

properties!(values);
