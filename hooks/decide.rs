// SPDX-License-Identifier: GPL-2.0-only

//! A decision about a file, wherever its data is. [`super::access`] has the steps of common decisions
//! in a form that costs less.

use super::image::Image;
use super::object::{
    Digests,
    Object,
    Place, //
};
use crate::eval::{
    self,
    Progress, //
};
use crate::loaded::Policy;
use crate::policy::{
    Class,
    Operation,
    Outcome, //
};
use kernel::sync::rcu;

/// Decides about the file whose data is at this place.
///
/// # Context
///
/// Any. Does not sleep.
#[inline(never)]
pub(super) fn file(
    policy: &Policy,
    operation: Option<Operation>,
    place: Place<'_>,
    guard: &rcu::Guard,
) -> Outcome {
    let compiled = policy.compiled();
    if let Some(image) = Image::at(place, guard) {
        return eval::outcome(compiled, operation, Class::File, &image);
    }
    match eval::decide(compiled, operation, Class::File, &Object::new(place)) {
        Progress::Decided(outcome) => outcome,
        Progress::Pending(pending) => {
            pending.look_up(compiled, Class::File, &Digests::new(place.inode(), guard))
        }
    }
}
