// SPDX-License-Identifier: GPL-2.0-only

//! Errors and warnings of a policy, with their places.
//!
//! The messages are fixed text, and repeat nothing of the policy. So a policy cannot put lines of
//! its own into a log.

use super::{
    extension::Extension,
    parameter::{
        Parameter,
        Unresolved, //
    },
    vocabulary::{
        FilePropertyKind,
        Operation, //
    },
};
use core::{
    fmt,
    ops::ControlFlow, //
};

/// A place in the text of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1. Each `\n`, `\r` and `\r\n` ends one.
    pub line: u32,
    /// The column, from 1, in bytes.
    pub column: u32,
    /// The number of bytes before it.
    pub offset: u32,
}

/// The errno that userspace sees for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    /// `EBADMSG`
    BadMessage,
    /// `EINVAL`
    Invalid,
    /// `ERANGE`
    Range,
}

/// The reason why a policy is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is longer than an offset can express.
    TooLong,
    /// The text has a NUL byte.
    Nul,
    /// The text has neither header nor rules.
    Empty,
    /// The first line is not a header.
    HeaderMissing,
    /// The name of the policy is empty.
    NameEmpty,
    /// The header has no version.
    VersionMissing,
    /// Something follows the version in the header.
    HeaderTrailing,
    /// The version has too few numbers.
    VersionShort,
    /// The version has too many numbers.
    VersionLong,
    /// A number of the version is not a number.
    VersionNotNumber,
    /// A number of the version is too large.
    VersionOverflow,
    /// There is a second header.
    HeaderRepeated,
    /// The rule does not begin with an operation.
    OperationMissing,
    /// The operation is not known.
    OperationUnknown,
    /// The operation is not the first word, or there is a second one.
    OperationNotFirst,
    /// The property is not known.
    PropertyUnknown,
    /// The property has no value.
    ValueMissing,
    /// The value must be `TRUE` or `FALSE`, and is neither.
    BooleanInvalid,
    /// The digest has no colon between algorithm and digits.
    DigestSeparatorMissing,
    /// The digest has something other than hexadecimal digits.
    DigestNotHex,
    /// The digest has an odd number of digits.
    DigestOdd,
    /// The parameter of the command line is not one that names root hashes.
    ParameterUnknown,
    /// The kernel is built without this extension of the language.
    Unsupported(Extension),
    /// A property of the program that asks, which the kernel cannot tell of any file.
    ProviderMissing(FilePropertyKind),
    /// A rule that refers to the command line names a second root hash.
    RootHashNotAlone,
    /// A rule that names the digest of an image names another digest.
    ImageDigestNotAlone,
    /// The rule is not one that can ask for properties of the program.
    ProgramUnexpected,
    /// A rule about a process asks for something else than properties of the program.
    ProgramOnly,
    /// A rule that is not about mappings asks whether one was modified.
    ModifiedUnexpected,
    /// The rule does not end with an action.
    ActionMissing,
    /// The action is not the last word, or there is a second one.
    ActionNotLast,
    /// The action is not known.
    ActionUnknown,
    /// A default depends on a property.
    DefaultWithProperty,
    /// There is a second default of the same operation, or a second global one.
    DefaultRepeated,
    /// There is no global default, and this operation has none of its own.
    DefaultMissing(Operation),
    /// A warning that a strict policy refuses.
    Strict(WarningKind),
}

impl ErrorKind {
    /// Returns the errno for userspace, which is that of the C implementation.
    pub const fn errno(self) -> Errno {
        match self {
            Self::VersionOverflow => Errno::Range,
            Self::VersionNotNumber
            | Self::DigestNotHex
            | Self::DigestOdd
            | Self::ParameterUnknown
            | Self::Unsupported(_)
            | Self::ProviderMissing(_)
            | Self::RootHashNotAlone
            | Self::ImageDigestNotAlone
            | Self::ProgramUnexpected
            | Self::ProgramOnly
            | Self::ModifiedUnexpected
            | Self::Strict(_) => Errno::Invalid,
            _ => Errno::BadMessage,
        }
    }
}

impl ErrorKind {
    /// Returns the message, or its beginning.
    const fn message(self) -> &'static str {
        match self {
            Self::TooLong => "the policy is too long",
            Self::Nul => "NUL byte",
            Self::Empty => "the policy is empty",
            Self::HeaderMissing => "the policy must begin with policy_name=",
            Self::NameEmpty => "the policy's name is empty",
            Self::VersionMissing => "policy_version= must follow the policy's name",
            Self::HeaderTrailing => "nothing may follow the policy's version",
            Self::VersionShort => "the version must have three numbers, it has fewer",
            Self::VersionLong => "the version must have three numbers, it has more",
            Self::VersionNotNumber => "the version must have a number here",
            Self::VersionOverflow => "a number of a version can be at most 65535",
            Self::HeaderRepeated => "the policy has a second header",
            Self::OperationMissing => "the rule must begin with op=",
            Self::OperationUnknown => "unknown operation",
            Self::OperationNotFirst => "op= may only be the first word of a rule",
            Self::PropertyUnknown => "unknown property",
            Self::ValueMissing => "the property has no value",
            Self::BooleanInvalid => "the value must be TRUE or FALSE",
            Self::DigestSeparatorMissing => "the value must be <algorithm>:<digest>",
            Self::DigestNotHex => "the digest must have hexadecimal digits only",
            Self::DigestOdd => "the digest has an odd number of digits",
            Self::ParameterUnknown => "unknown parameter of the kernel's command line",
            Self::Unsupported(_) | Self::ProviderMissing(_) => NOT_BUILT,
            Self::RootHashNotAlone => "cmdline: must be the only root hash of its rule",
            Self::ImageDigestNotAlone => "the digest of an image must be the only one of its rule",
            Self::ProgramUnexpected => {
                "exe_ properties need op=PTRACE, or op=EXECUTE with anonymous_memory=TRUE"
            }
            Self::ProgramOnly => "op=PTRACE can only ask for exe_ properties",
            Self::ModifiedUnexpected => "modified needs op=EXECUTE",
            Self::ActionMissing => "the rule must end with action=",
            Self::ActionNotLast => "action= may only be the last word of a rule",
            Self::ActionUnknown => "the action must be ALLOW or DENY",
            Self::DefaultWithProperty => "a DEFAULT cannot depend on a property",
            Self::DefaultRepeated => "there is already a DEFAULT for this",
            Self::DefaultMissing(_) => "no global DEFAULT, and none for op=",
            Self::Strict(_) => NEVER_MATCHES,
        }
    }
}

impl fmt::Display for ErrorKind {
    #[inline(never)]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        match self {
            Self::DefaultMissing(operation) => f.write_str(operation.name()),
            Self::Unsupported(extension) => f.write_str(extension.name()),
            Self::ProviderMissing(kind) => f.write_str(kind.symbol()),
            Self::Strict(warning) => warning.reason(f),
            _ => Ok(()),
        }
    }
}

/// The beginning of the messages about the kernel's configuration.
const NOT_BUILT: &str = "the kernel is built without CONFIG_";

/// The beginning of all warnings.
const NEVER_MATCHES: &str = "the rule never matches: ";

/// The reason why a rule can never match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// The algorithm of the digest is not known.
    AlgorithmUnknown,
    /// The algorithm is known, but the provider of this property does not use it.
    AlgorithmUnused,
    /// The digest does not have the length of its algorithm's digests.
    DigestLength {
        /// The length of the algorithm's digests, in bytes.
        expected: u8,
        /// The length of this one, in bytes.
        given: u32,
    },
    /// The provider of the property is not built into the kernel.
    ProviderMissing(FilePropertyKind),
    /// Another property of the rule cannot hold together with this one.
    Contradiction,
    /// The kernel's command line does not name the root hash.
    CommandLine(Parameter, Unresolved),
}

impl WarningKind {
    /// Writes the rest of the message.
    fn reason(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self {
            Self::AlgorithmUnknown => "unknown hash algorithm",
            Self::AlgorithmUnused => "fs-verity does not use this hash algorithm",
            Self::DigestLength { expected, given } => {
                return write!(
                    f,
                    "the digest has {given} bytes, those of its algorithm have {expected}"
                );
            }
            Self::ProviderMissing(kind) => {
                f.write_str(NOT_BUILT)?;
                kind.symbol()
            }
            Self::Contradiction => "it contradicts an earlier property",
            Self::CommandLine(parameter, reason) => {
                return write!(
                    f,
                    "the kernel's command line has {} {}=",
                    reason.name(),
                    parameter.name()
                );
            }
        };
        f.write_str(reason)
    }
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NEVER_MATCHES)?;
        self.reason(f)
    }
}

/// An error with its place in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The reason.
    pub kind: ErrorKind,
    /// Its place.
    pub position: Position,
    /// How many bytes it spans.
    pub length: u32,
}

impl Error {
    /// Returns the errno for userspace.
    pub const fn errno(&self) -> Errno {
        self.kind.errno()
    }
}

/// Shows the reason; the position is a field of its own.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

/// A warning with its place in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The reason.
    pub kind: WarningKind,
    /// Its place.
    pub position: Position,
    /// How many bytes it spans.
    pub length: u32,
}

/// Shows the reason; the position is a field of its own.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

/// The receiver of the parser's errors and warnings.
pub trait Reporter {
    /// Takes an error, and decides whether the parser looks for more.
    ///
    /// The policy is refused in either case.
    fn error(&mut self, error: &Error) -> ControlFlow<()>;

    /// Takes a warning.
    fn warning(&mut self, warning: &Warning);
}

/// An error with its place in the piece of text that was parsed.
///
/// Its place fits: longer texts are refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Fault {
    /// Creates an error at `start` of the piece of text.
    pub(super) const fn new(kind: ErrorKind, start: usize, length: usize) -> Self {
        Self {
            kind,
            start: start as u32,
            length: length as u32,
        }
    }

    /// Moves the error to a piece of text that begins `bytes` earlier.
    pub(super) const fn after(self, bytes: usize) -> Self {
        Self {
            start: self.start + bytes as u32,
            ..self
        }
    }
}
