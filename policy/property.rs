// SPDX-License-Identifier: GPL-2.0-only

//! Properties with their values, as rules ask for them.

use super::{
    digest::DigestText,
    error::ErrorKind,
    parameter::Parameter,
    vocabulary::{
        properties,
        PropertyKind, //
    },
};

/// A root hash as the policy writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootHash<'a> {
    /// This digest.
    Digest(DigestText<'a>),
    /// Each root hash that this parameter of the kernel's command line names.
    CommandLine(Parameter),
}

/// A type of values that a property can have.
trait Value<'a>: Sized {
    /// Parses the text after the property's `=`.
    fn parse(text: &'a [u8]) -> Result<Self, ErrorKind>;
}

impl<'a> Value<'a> for bool {
    fn parse(text: &'a [u8]) -> Result<Self, ErrorKind> {
        match text {
            b"TRUE" => Ok(true),
            b"FALSE" => Ok(false),
            _ => Err(ErrorKind::BooleanInvalid),
        }
    }
}

impl<'a> Value<'a> for DigestText<'a> {
    fn parse(text: &'a [u8]) -> Result<Self, ErrorKind> {
        Self::split(text).ok_or(ErrorKind::DigestSeparatorMissing)
    }
}

impl<'a> Value<'a> for RootHash<'a> {
    fn parse(text: &'a [u8]) -> Result<Self, ErrorKind> {
        match text.strip_prefix(Parameter::PREFIX.as_bytes()) {
            None => DigestText::parse(text).map(Self::Digest),
            Some(name) => Parameter::from_name(name)
                .map(Self::CommandLine)
                .ok_or(ErrorKind::ParameterUnknown),
        }
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

            /// Parses the value of a property.
            ///
            /// # Errors
            ///
            /// The reason why the property cannot have this value.
            pub(super) fn parse(kind: PropertyKind, value: &'a [u8]) -> Result<Self, ErrorKind> {
                match kind {
                    $( PropertyKind::$variant => Value::parse(value).map(Self::$variant), )*
                }
            }
        }
    };
}

properties!(values);
