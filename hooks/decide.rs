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

/// Decides about the file whose data is at this place, or about a mapping of it.
///
/// # Context
///
/// Any. Does not sleep.
#[inline(never)]
pub(super) fn file(
    policy: &Policy,
    operation: Option<Operation>,
    class: Class,
    place: Place<'_>,
    guard: &rcu::Guard,
) -> Outcome {
    let compiled = policy.compiled();
    let class = operation.map_or(class, |operation| compiled.class(operation, class));
    if let Some(image) = Image::at(&place, guard) {
        return eval::outcome(compiled, operation, class, &image);
    }
    match eval::decide(compiled, operation, class, &Object::new(place)) {
        Progress::Decided(outcome) => outcome,
        Progress::Pending(pending) => {
            pending.look_up_any(compiled, class, &Digests::new(place.inode(), guard))
        }
    }
}
