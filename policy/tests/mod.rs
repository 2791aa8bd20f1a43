// SPDX-License-Identifier: GPL-2.0-only

//! Tests of the language, run by KUnit in the kernel and by cargo on the host.
//!
//! The suites share the functions of this file. None of them asserts: outside of a test function,
//! `assert!` would stop the kernel.

use super::*;
use core::{
    fmt::{
        self,
        Write, //
    },
    ops::ControlFlow, //
};

/// A policy's text: a header, then these lines.
macro_rules! policy {
    ($($lines:tt)*) => {
        concat!("policy_name=test policy_version=0.0.0\n", $($lines)*)
    };
}

/// A policy's text: a header, a global default, then these lines from line 3 on.
macro_rules! rules {
    ($($lines:tt)*) => {
        policy!("DEFAULT action=ALLOW\n", $($lines)*)
    };
}

/// 64 digits, the length of `sha256` and of six other algorithms.
macro_rules! digits {
    () => {
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    };
}

/// 64 other digits.
macro_rules! other_digits {
    () => {
        "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
    };
}

/// `fsverity_digest` or `dmverity_roothash` and 64 digits.
macro_rules! sha256 {
    ($property:literal, $end:literal) => {
        concat!(
            $property,
            "=sha256:00000000000000000000000000000000000000000000000000000000000000",
            $end
        )
    };
}

/// A table of device-mapper with the target `verity`, up to its algorithm, then what is given.
macro_rules! verity_table {
    ($($end:tt)*) => {
        concat!("0 8 verity 1 /dev/vda /dev/vdb 4096 4096 1 0 ", $($end)*)
    };
}

/// Collects what the parser reports, and lets it go on.
#[derive(Default)]
pub(super) struct Collector {
    errors: [Option<Error>; 12],
    warnings: [Option<Warning>; 12],
}

impl Reporter for Collector {
    fn error(&mut self, error: &Error) -> ControlFlow<()> {
        match self.errors.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => {
                *slot = Some(*error);
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        }
    }

    fn warning(&mut self, warning: &Warning) {
        if let Some(slot) = self.warnings.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(*warning);
        }
    }
}

/// Stops at the first error, and counts what it was told.
#[derive(Default)]
pub(super) struct FirstOnly(usize);

impl Reporter for FirstOnly {
    fn error(&mut self, _: &Error) -> ControlFlow<()> {
        self.0 += 1;
        ControlFlow::Break(())
    }

    fn warning(&mut self, _: &Warning) {}
}

/// A reason with line, column and length.
pub(super) type Place<K> = (K, u32, u32, u32);

pub(super) fn place(position: Position) -> (u32, u32) {
    (position.line, position.column)
}

/// Returns why and where a policy is refused.
pub(super) fn refused_bytes(text: &[u8]) -> Option<Place<ErrorKind>> {
    let error = measure(text, Providers::ALL, false, &mut FirstOnly::default()).err()?;
    let (line, column) = place(error.position);
    Some((error.kind, line, column, error.length))
}

pub(super) fn refused(text: &str) -> Option<Place<ErrorKind>> {
    refused_bytes(text.as_bytes())
}

pub(super) fn accepted(text: &str) -> bool {
    refused(text).is_none()
}

/// Returns the errno with which a policy is refused.
pub(super) fn errno(text: &str) -> Option<Errno> {
    refused(text).map(|(kind, ..)| kind.errno())
}

/// Returns the only warning of a policy that is accepted.
pub(super) fn warned(text: &str, providers: Providers<'_>) -> Option<Place<WarningKind>> {
    let mut collector = Collector::default();
    measure(text.as_bytes(), providers, false, &mut collector).ok()?;
    match collector.warnings {
        [Some(warning), None, ..] => {
            let (line, column) = place(warning.position);
            Some((warning.kind, line, column, warning.length))
        }
        _ => None,
    }
}

/// Returns whether a policy is accepted without a warning.
pub(super) fn silent(text: &str) -> bool {
    let mut collector = Collector::default();
    measure(text.as_bytes(), Providers::ALL, true, &mut collector).is_ok()
        && collector.warnings.iter().all(Option::is_none)
}

/// A message, cut where the buffer ends.
pub(super) struct Message([u8; 96], usize);

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            *self.0.get_mut(self.1).ok_or(fmt::Error)? = byte;
            self.1 += 1;
        }
        Ok(())
    }
}

/// Returns whether a value is shown as this text.
pub(super) fn shown_as(value: impl fmt::Display, text: &str) -> bool {
    let mut message = Message([0; 96], 0);
    write!(message, "{value}").is_ok() && message.0.get(..message.1) == Some(text.as_bytes())
}

/// Words for the digests of a test's policy.
pub(super) type Memory = [u32; 128];

/// Returns how many words a policy needs, none if it is refused.
pub(super) fn words(text: &str) -> Option<usize> {
    words_for(text, Providers::ALL)
}

pub(super) fn words_for(text: &str, providers: Providers<'_>) -> Option<usize> {
    let plan = measure(text.as_bytes(), providers, false, &mut Collector::default());
    plan.ok().map(|plan| plan.words())
}

/// Compiles a policy.
pub(super) fn compile<'m>(text: &str, memory: &'m mut Memory) -> Option<Compiled<&'m mut [u32]>> {
    let plan = measure(
        text.as_bytes(),
        Providers::ALL,
        false,
        &mut Collector::default(),
    );
    let plan = plan.ok()?;
    let words = memory.get_mut(..plan.words())?;
    Some(plan.emit(text.as_bytes(), words))
}

/// Returns action and scope of each slot of an operation, for files.
pub(super) fn slots(text: &str, operation: Operation) -> [Option<(Action, Scope)>; 8] {
    slots_of(text, operation, Class::File)
}

pub(super) fn slots_of(
    text: &str,
    operation: Operation,
    class: Class,
) -> [Option<(Action, Scope)>; 8] {
    let mut memory = [0; 128];
    match compile(text, &mut memory) {
        Some(compiled) => compiled
            .row(operation, class)
            .slots
            .map(|slot| Some((slot.action(), slot.scope()))),
        None => [None; 8],
    }
}

/// A policy that allows everything, and names a digest.
pub(super) const ALLOWING: &str = rules!(
    "op=EXECUTE ",
    sha256!("fsverity_digest", "01"),
    " action=ALLOW"
);

mod class;
mod command_line;
mod compile;
mod digest;
mod header;
mod image;
mod lines;
mod modified;
mod parser;
mod program;
mod root_hash;
