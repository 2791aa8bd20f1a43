// SPDX-License-Identifier: GPL-2.0-only

//! Checks the policy that is to be compiled into the kernel, while the kernel is built.
//!
//! Usage: `check OUTPUT INPUT [SYMBOL…]`
//!
//! `INPUT` is the file with the policy's text. Without a boot policy it is empty, and the output
//! is, too. The Kconfig symbols tell which properties and extensions of the language the kernel
//! provides. The parser is the kernel's own.
//! A warning of a running machine is an error here, as it would be seen too late. The program
//! prints each problem as `file:line:column: reason` and fails the build.

#[path = "../policy/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_extern_crates,
    unused_imports,
    reason = "the kernel uses more of it, its tests are written for a crate without std"
)]
mod policy;

use policy::{
    Error,
    Providers,
    Reporter,
    Warning, //
};
use std::ops::ControlFlow;
use std::process::ExitCode;

/// Prints the errors of a policy.
struct Printer<'a> {
    file: &'a str,
}

impl Reporter for Printer<'_> {
    fn error(&mut self, error: &Error) -> ControlFlow<()> {
        let position = error.position;
        eprintln!(
            "{}:{}:{}: error: {}",
            self.file, position.line, position.column, error.kind
        );
        ControlFlow::Continue(())
    }

    // Never called, as the policy is checked strictly.
    fn warning(&mut self, warning: &Warning) {
        let position = warning.position;
        eprintln!(
            "{}:{}:{}: warning: {}",
            self.file, position.line, position.column, warning.kind
        );
    }
}

/// Returns the line and column of the first byte after `before`.
fn place(before: &[u8]) -> (usize, usize) {
    let ends = before.iter().enumerate().filter(|&(at, &byte)| {
        byte == b'\n' || (byte == b'\r' && before.get(at + 1) != Some(&b'\n'))
    });
    let (lines, start) = ends.fold((0, 0), |(lines, _), (at, _)| (lines + 1, at + 1));
    (lines + 1, before.len() - start + 1)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [output, input, symbols @ ..] = arguments.as_slice() else {
        eprintln!("usage: check OUTPUT INPUT [SYMBOL...]");
        return ExitCode::from(2);
    };
    let input = input.trim();

    let mut text = Vec::new();
    if !input.is_empty() {
        text = match std::fs::read(input) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{input}: {error}");
                return ExitCode::FAILURE;
            }
        };
        let providers = Providers::of_kernel(|symbol| symbols.iter().any(|name| name == symbol));
        let plan = match policy::measure(&text, providers, true, &mut Printer { file: input }) {
            Ok(plan) => plan,
            Err(_) => return ExitCode::FAILURE,
        };
        let words = vec![0; plan.words()];
        let compiled = plan.emit(&text, words);
        let name = compiled.name(&text);
        if policy::name::refusal(name).is_some() {
            let (line, column) = place(&text[..name.as_ptr().addr() - text.as_ptr().addr()]);
            eprintln!("{input}:{line}:{column}: error: no directory can have the policy's name");
            return ExitCode::FAILURE;
        }
    }
    if let Err(error) = std::fs::write(output, text) {
        eprintln!("{output}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
