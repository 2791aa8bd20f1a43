// SPDX-License-Identifier: GPL-2.0-only

//! Properties with their values, as rules ask for them.

use super::{
    digest::DigestText,
    error::ErrorKind,
    parameter::Parameter,
    vocabulary::{
        properties,
        FilePropertyKind,
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

/// Defines the properties of files with their values.
macro_rules! values {
    ($( $(#[$doc:meta])* $variant:ident($value:ty) = $token:literal, $provider:expr; )*) => {
        /// A property of a file as a rule asks for it: its kind and the value that it must have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FileProperty<'a> {
            $( $(#[$doc])* $variant($value), )*
        }

        impl<'a> FileProperty<'a> {
            /// Returns the kind of the property.
            pub const fn kind(&self) -> FilePropertyKind {
                match self {
                    $( Self::$variant(_) => FilePropertyKind::$variant, )*
                }
            }

            /// Parses the value of a property.
            ///
            /// # Errors
            ///
            /// The reason why the property cannot have this value.
            fn parse(kind: FilePropertyKind, value: &'a [u8]) -> Result<Self, ErrorKind> {
                match kind {
                    $( FilePropertyKind::$variant => Value::parse(value).map(Self::$variant), )*
                }
            }
        }
    };
}

properties!(values);

/// A property as a rule asks for it: its kind and the value that it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property<'a> {
    /// A property of the file that is the object.
    File(FileProperty<'a>),
    /// Whether the object is memory, see [`Class::Memory`](super::Class::Memory).
    AnonymousMemory(bool),
    /// Whether the object is a mapping that was modified, see [`Class::Modified`](super::Class::Modified).
    Modified(bool),
    /// A property of the program that asks.
    Program(FileProperty<'a>),
}

impl<'a> Property<'a> {
    /// Returns the kind of the property.
    pub const fn kind(&self) -> PropertyKind {
        match self {
            Self::File(property) => PropertyKind::File(property.kind()),
            Self::AnonymousMemory(_) => PropertyKind::AnonymousMemory,
            Self::Modified(_) => PropertyKind::Modified,
            Self::Program(property) => PropertyKind::Program(property.kind()),
        }
    }

    /// Returns the property of a file that it is: that of the object or of the program.
    pub const fn of_file(&self) -> Option<&FileProperty<'a>> {
        match self {
            Self::File(property) | Self::Program(property) => Some(property),
            Self::AnonymousMemory(_) | Self::Modified(_) => None,
        }
    }

    /// Parses the value of a property.
    ///
    /// # Errors
    ///
    /// The reason why the property cannot have this value.
    pub(super) fn parse(kind: PropertyKind, value: &'a [u8]) -> Result<Self, ErrorKind> {
        match kind {
            PropertyKind::File(kind) => FileProperty::parse(kind, value).map(Self::File),
            PropertyKind::AnonymousMemory => Value::parse(value).map(Self::AnonymousMemory),
            PropertyKind::Modified => Value::parse(value).map(Self::Modified),
            PropertyKind::Program(kind) => FileProperty::parse(kind, value).map(Self::Program),
        }
    }
}
