// SPDX-License-Identifier: GPL-2.0-only

//! Words of the policy language as values of options.

use crate::{check::similar, policy::UNKNOWN};
use ipe_policy::policy::{Action, Algorithm, Operation};

/// An operation that is asked about; none for one that the language does not know.
#[derive(Clone, Copy, Debug)]
pub struct Asked(pub Option<Operation>);

/// Parses the name of an operation as records have it.
pub(super) fn asked(name: &str) -> Result<Asked, String> {
    if name.eq_ignore_ascii_case(UNKNOWN) {
        return Ok(Asked(None));
    }
    operation(name).map(|operation| Asked(Some(operation)))
}

/// Parses the name of an operation.
pub(super) fn operation(name: &str) -> Result<Operation, String> {
    let known = Operation::from_name(name.to_ascii_uppercase().as_bytes());
    known.ok_or_else(|| match similar::operation(name) {
        Some(meant) => format!("no such operation; did you mean {}?", meant.name()),
        None => format!(
            "the operations are {}",
            Operation::ALL.map(Operation::name).join(", ")
        ),
    })
}

/// Parses the name of an action.
pub(super) fn action(name: &str) -> Result<Action, String> {
    let known = Action::from_name(name.to_ascii_uppercase().as_bytes());
    known.ok_or_else(|| "the actions are ALLOW and DENY".to_owned())
}

/// Parses the name of an algorithm.
pub(super) fn algorithm(name: &str) -> Result<Algorithm, String> {
    let known = Algorithm::from_name(name.as_bytes());
    known.ok_or_else(|| match similar::algorithm(name) {
        Some(meant) => format!("no such algorithm; did you mean {}?", meant.name()),
        None => "no such algorithm".to_owned(),
    })
}
