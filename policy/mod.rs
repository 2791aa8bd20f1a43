// SPDX-License-Identifier: GPL-2.0-only

//! The policy language: from text to a compiled policy.
//!
//! Pure `core`, without allocation: the kernel, the program that checks the boot policy while the
//! kernel is built, and `ipectl` use the same source.
//!
//! [`measure`] parses and validates a text, and returns how many words its compiled form needs. The
//! caller allocates them, [`Plan::emit`] fills them.
//!
//! Words, grammar, errors and the compiled form belong here. The decision of a [`Compiled`]
//! policy is in [`crate::eval`]. Signatures are verified elsewhere: [`envelope`] only finds where a message
//! ends.

#![forbid(unsafe_code)]

mod algorithm;
mod class;
mod command_line;
mod compile;
mod compiled;
mod conditions;
mod digest;
mod dm_init;
pub mod envelope;
mod error;
mod extension;
mod flags;
mod grammar;
mod index;
mod lexer;
mod lines;
pub mod name;
pub(crate) mod named;
pub mod origin;
mod outcome;
mod parameter;
mod property;
mod providers;
pub mod signers;
mod space;
#[cfg(any(test, CONFIG_SECURITY_IPE_KUNIT_TEST))]
mod tests;
mod version;
mod vocabulary;

pub use self::{
    algorithm::{
        Algorithm,
        MAX_DIGEST_LEN, //
    },
    class::Class,
    command_line::CommandLine,
    compile::{
        measure,
        Plan, //
    },
    compiled::Compiled,
    digest::DigestText,
    error::{
        Errno,
        Error,
        ErrorKind,
        Position,
        Reporter,
        Warning,
        WarningKind, //
    },
    extension::Extension,
    grammar::{
        rule_at,
        visit_rule,
        Rule, //
    },
    lines::{
        lines,
        Line,
        Statement, //
    },
    outcome::Scope,
    parameter::{
        KnownAtBoot,
        Parameter,
        RootHashes,
        Unresolved, //
    },
    property::{
        FileProperty,
        Property,
        RootHash, //
    },
    providers::Providers,
    version::Version,
    vocabulary::{
        Action,
        FilePropertyKind,
        Operation,
        PropertyKind, //
    },
};

pub(crate) use self::{
    flags::Flag,
    index::Key,
    outcome::Outcome, //
};
