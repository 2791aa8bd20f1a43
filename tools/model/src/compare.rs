// SPDX-License-Identifier: GPL-2.0-only

//! The log of a guest, compared with the model.

use crate::{
    command::Command,
    model::Model, //
};

/// The first step in which a kernel differs from the model.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// The number of the sequence, from 0.
    pub sequence: usize,
    /// The number of the step, from 0.
    pub step: usize,
    /// The line of the model.
    pub expected: String,
    /// The line of the guest.
    pub seen: String,
}

/// Returns the line that a guest prints for a step.
pub fn line(answer: &str, state: &str) -> String {
    format!("{answer} {state}")
}

/// Compares what a guest printed with the model: the first difference of each sequence.
pub fn differences(sequences: &[Vec<Command>], log: &str) -> Vec<Difference> {
    let find = |key: &str| {
        let mut lines = log.lines();
        let found = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        found.unwrap_or("nothing: the guest ended").to_owned()
    };
    let mut differences = Vec::new();
    for (number, commands) in sequences.iter().enumerate() {
        let mut model = Model::default();
        for (step, command) in commands.iter().enumerate() {
            let answer = model.step(command).err().unwrap_or("0");
            let expected = line(answer, &model.to_string());
            let seen = find(&format!("step {number} {step}"));
            if seen != expected {
                differences.push(Difference {
                    sequence: number,
                    step,
                    expected,
                    seen,
                });
                break;
            }
        }
    }
    differences
}
