// SPDX-License-Identifier: GPL-2.0-only

//! Decisions of small policies, about files.
//!
//! The suites share the functions of this file. None of them asserts: outside of a test function,
//! `assert!` would stop the kernel.

use super::*;
use crate::policy::{
    measure,
    rule_at,
    Error,
    Providers,
    Reporter,
    Warning, //
};
use core::{
    cell::Cell,
    ops::ControlFlow, //
};

/// A policy's text: a header, a global default, then these lines.
macro_rules! rules {
    ($($lines:tt)*) => {
        concat!(
            "policy_name=test policy_version=0.0.0\n",
            "DEFAULT action=DENY\n",
            $($lines)*
        )
    };
}

/// The digest `d0`, and one that differs in its last byte: `d1`.
const D0: [u8; 32] = [0x5a; 32];
const D1: [u8; 32] = {
    let mut digest = D0;
    digest[31] = 0x5b;
    digest
};

/// The digits of a digest but for the last.
macro_rules! digits {
    ($last:literal) => {
        concat!(
            "sha256:5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
            $last
        )
    };
}

macro_rules! fsverity {
    (d0) => {
        concat!("fsverity_digest=", digits!("a"))
    };
    (d1) => {
        concat!("fsverity_digest=", digits!("b"))
    };
}

macro_rules! dmverity {
    (d0) => {
        concat!("dmverity_roothash=", digits!("a"))
    };
    (d1) => {
        concat!("dmverity_roothash=", digits!("b"))
    };
}

/// An object that counts how often it is asked for its digests.
#[derive(Default)]
struct Properties {
    boot_verified: bool,
    dmverity_signature: bool,
    fsverity_signature: bool,
    dmverity_roothash: Option<(Algorithm, [u8; 32])>,
    fsverity_digest: Option<(Algorithm, [u8; 32])>,
    image_digest: Option<(Algorithm, [u8; 32])>,
    roothash_asked: Cell<u32>,
    digest_asked: Cell<u32>,
    image_asked: Cell<u32>,
}

impl Object for Properties {
    fn boot_verified(&self) -> bool {
        self.boot_verified
    }

    fn dmverity_signature(&self) -> bool {
        self.dmverity_signature
    }

    fn fsverity_signature(&self) -> bool {
        self.fsverity_signature
    }
}

impl Digests for Properties {
    fn dmverity_roothash(&self) -> Option<Digest<'_>> {
        self.roothash_asked.set(self.roothash_asked.get() + 1);
        let (algorithm, bytes) = self.dmverity_roothash.as_ref()?;
        Digest::new(*algorithm, bytes)
    }

    fn fsverity_digest<'b>(&'b self, buffer: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        self.digest_asked.set(self.digest_asked.get() + 1);
        let (algorithm, bytes) = self.fsverity_digest.as_ref()?;
        let (copy, _) = buffer.write([0; 64]).split_first_chunk_mut()?;
        *copy = *bytes;
        Digest::new(*algorithm, copy)
    }
}

impl Image for Properties {
    fn image_digest<'b>(&'b self, _: &'b mut DigestBuffer) -> Option<Digest<'b>> {
        self.image_asked.set(self.image_asked.get() + 1);
        let (algorithm, bytes) = self.image_digest.as_ref()?;
        Digest::new(*algorithm, bytes)
    }
}

/// An object with an fs-verity digest.
fn with_digest(digest: [u8; 32]) -> Properties {
    Properties {
        fsverity_digest: Some((Algorithm::Sha256, digest)),
        ..Properties::default()
    }
}

/// An object on a dm-verity volume.
fn with_roothash(digest: [u8; 32]) -> Properties {
    Properties {
        dmverity_roothash: Some((Algorithm::Sha256, digest)),
        ..Properties::default()
    }
}

/// An object with both.
fn with_both(digest: [u8; 32], roothash: [u8; 32]) -> Properties {
    Properties {
        dmverity_roothash: Some((Algorithm::Sha256, roothash)),
        ..with_digest(digest)
    }
}

fn boot_verified() -> Properties {
    Properties {
        boot_verified: true,
        ..Properties::default()
    }
}

/// Takes what the parser reports, and forgets it.
struct Deaf;

impl Reporter for Deaf {
    fn error(&mut self, _: &Error) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn warning(&mut self, _: &Warning) {}
}

/// The origin of a decision: a line after the default, counted from 1, or a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Line(usize),
    OperationDefault,
    GlobalDefault,
}

/// Decides about a file, none if the policy is refused.
fn decide_about(
    text: &str,
    operation: Option<Operation>,
    object: &Properties,
) -> Option<(Action, By)> {
    decide_about_class(text, operation, Class::File, object)
}

fn decide_about_class(
    text: &str,
    operation: Option<Operation>,
    class: Class,
    object: &Properties,
) -> Option<(Action, By)> {
    let mut memory = [0; 128];
    let plan = measure(text.as_bytes(), Providers::ALL, false, &mut Deaf).ok()?;
    let words = memory.get_mut(..plan.words())?;
    let compiled = plan.emit(text.as_bytes(), words);
    let verdict = evaluate(&compiled, operation, class, object);
    let by = match verdict.scope {
        Scope::GlobalDefault => By::GlobalDefault,
        Scope::OperationDefault => By::OperationDefault,
        Scope::Rule(offset) => {
            // The audit's description of the rule must be true.
            let rule = rule_at(text.as_bytes(), offset)?;
            if Some(rule.operation) != operation || rule.action != verdict.action {
                return None;
            }
            let before = text.as_bytes().get(..usize::try_from(offset).ok()?)?;
            By::Line(before.iter().filter(|&&byte| byte == b'\n').count() - 1)
        }
    };
    Some((verdict.action, by))
}

/// Decides about execution.
fn execute(text: &str, object: &Properties) -> Option<(Action, By)> {
    decide_about(text, Some(Operation::Execute), object)
}

fn allowed_by(line: usize) -> Option<(Action, By)> {
    Some((Action::Allow, By::Line(line)))
}

fn denied_by(line: usize) -> Option<(Action, By)> {
    Some((Action::Deny, By::Line(line)))
}

fn denied() -> Option<(Action, By)> {
    Some((Action::Deny, By::GlobalDefault))
}

#[cfg_attr(CONFIG_SECURITY_IPE_KUNIT_TEST, kernel::prelude::kunit_tests(ipe_eval))]
mod cases {
    use super::*;

    // Defaults.

    #[test]
    fn object_that_matches_no_rule_has_the_global_default() {
        let text = rules!("op=EXECUTE boot_verified=TRUE action=ALLOW\n");
        assert_eq!(execute(text, &Properties::default()), denied());
    }

    #[test]
    fn default_of_the_operation_precedes_the_global_one() {
        let text = rules!("DEFAULT op=EXECUTE action=ALLOW\n");
        let expected = Some((Action::Allow, By::OperationDefault));
        assert_eq!(execute(text, &Properties::default()), expected);
        let other = decide_about(text, Some(Operation::Firmware), &Properties::default());
        assert_eq!(other, denied());
    }

    #[test]
    fn unknown_operation_has_the_global_default() {
        let text = rules!("op=EXECUTE action=ALLOW\nDEFAULT op=POLICY action=ALLOW\n");
        assert_eq!(decide_about(text, None, &boot_verified()), denied());
    }

    // Properties.

    #[test]
    fn every_combination_of_flags_finds_its_rule() {
        let text = rules!(
            "op=EXECUTE boot_verified=FALSE dmverity_signature=TRUE action=ALLOW\n",
            "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n",
        );
        for combination in 0..8 {
            let object = Properties {
                boot_verified: combination & 1 != 0,
                dmverity_signature: combination & 2 != 0,
                fsverity_signature: combination & 4 != 0,
                ..Properties::default()
            };
            let expected = match combination {
                2 | 6 => allowed_by(1),
                4 | 5 | 7 => allowed_by(2),
                _ => denied(),
            };
            assert_eq!(execute(text, &object), expected);
        }
    }

    #[test]
    fn first_rule_that_matches_decides() {
        let text = rules!(
            "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n",
            "op=EXECUTE boot_verified=TRUE action=DENY\n",
            "op=EXECUTE action=ALLOW\n",
        );
        assert_eq!(execute(text, &boot_verified()), denied_by(2));
        assert_eq!(execute(text, &Properties::default()), allowed_by(3));
    }

    #[test]
    fn rules_of_other_operations_do_not_count() {
        let text = rules!("op=KMODULE boot_verified=TRUE action=ALLOW\n");
        assert_eq!(execute(text, &boot_verified()), denied());
        let module = decide_about(text, Some(Operation::KernelModule), &boot_verified());
        assert_eq!(module, allowed_by(1));
    }

    #[test]
    fn rule_without_property_matches_every_object() {
        let text = rules!("op=EXECUTE action=ALLOW\n");
        assert_eq!(execute(text, &Properties::default()), allowed_by(1));
        assert_eq!(execute(text, &with_both(D0, D1)), allowed_by(1));
    }

    // Digests.

    #[test]
    fn fsverity_digest_is_found() {
        let text = rules!("op=EXECUTE ", fsverity!(d0), " action=ALLOW\n");
        assert_eq!(execute(text, &with_digest(D0)), allowed_by(1));
        assert_eq!(execute(text, &with_digest(D1)), denied());
        assert_eq!(execute(text, &Properties::default()), denied());
    }

    #[test]
    fn dmverity_roothash_is_found() {
        let text = rules!("op=EXECUTE ", dmverity!(d0), " action=ALLOW\n");
        assert_eq!(execute(text, &with_roothash(D0)), allowed_by(1));
        assert_eq!(execute(text, &with_roothash(D1)), denied());
        assert_eq!(execute(text, &Properties::default()), denied());
    }

    #[test]
    fn digests_of_either_kind_are_not_confused() {
        let text = rules!("op=EXECUTE ", dmverity!(d0), " action=ALLOW\n");
        assert_eq!(execute(text, &with_digest(D0)), denied());
        let text = rules!("op=EXECUTE ", fsverity!(d0), " action=ALLOW\n");
        assert_eq!(execute(text, &with_roothash(D0)), denied());
    }

    #[test]
    fn algorithm_must_be_the_same() {
        let text = rules!("op=EXECUTE ", dmverity!(d0), " action=ALLOW\n");
        let object = Properties {
            dmverity_roothash: Some((Algorithm::Sm3, D0)),
            ..Properties::default()
        };
        assert_eq!(execute(text, &object), denied());
    }

    #[test]
    fn digits_of_either_case_are_the_same() {
        let text = rules!(
            "op=EXECUTE fsverity_digest=sha256:",
            "5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5B action=ALLOW",
        );
        assert_eq!(execute(text, &with_digest(D1)), allowed_by(1));
    }

    #[test]
    fn denial_of_a_digest_precedes_a_later_allowance() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d0),
            " action=DENY\n",
            "op=EXECUTE fsverity_signature=FALSE action=ALLOW\n",
        );
        assert_eq!(execute(text, &with_digest(D0)), denied_by(1));
        assert_eq!(execute(text, &with_digest(D1)), allowed_by(2));
    }

    #[test]
    fn earlier_rule_precedes_the_denial_of_a_digest() {
        let text = rules!(
            "op=EXECUTE boot_verified=TRUE action=ALLOW\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=DENY\n",
            "op=EXECUTE action=ALLOW\n",
        );
        let object = Properties {
            boot_verified: true,
            ..with_digest(D0)
        };
        assert_eq!(execute(text, &object), allowed_by(1));
        assert_eq!(execute(text, &with_digest(D0)), denied_by(2));
    }

    #[test]
    fn same_digest_is_decided_by_flags() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d0),
            " boot_verified=TRUE action=DENY\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
        );
        let booted = Properties {
            boot_verified: true,
            ..with_digest(D0)
        };
        assert_eq!(execute(text, &booted), denied_by(1));
        assert_eq!(execute(text, &with_digest(D0)), allowed_by(2));
    }

    #[test]
    fn first_rule_of_a_digest_decides() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=DENY\n",
        );
        assert_eq!(execute(text, &with_digest(D0)), allowed_by(1));
    }

    #[test]
    fn earlier_of_two_kinds_decides() {
        let text = rules!(
            "op=EXECUTE ",
            dmverity!(d1),
            " action=DENY\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE ",
            dmverity!(d0),
            " action=DENY\n",
        );
        assert_eq!(execute(text, &with_both(D0, D0)), allowed_by(2));
        assert_eq!(execute(text, &with_both(D0, D1)), denied_by(1));
        assert_eq!(execute(text, &with_both(D1, D0)), denied_by(3));
    }

    #[test]
    fn rule_with_both_digests_needs_both() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d0),
            " ",
            dmverity!(d1),
            " action=ALLOW\n"
        );
        assert_eq!(execute(text, &with_both(D0, D1)), allowed_by(1));
        assert_eq!(execute(text, &with_both(D1, D0)), denied());
        assert_eq!(execute(text, &with_both(D0, D0)), denied());
        assert_eq!(execute(text, &with_digest(D0)), denied());
        assert_eq!(execute(text, &with_roothash(D1)), denied());
    }

    #[test]
    fn order_of_the_properties_does_not_matter() {
        let text = rules!(
            "op=EXECUTE ",
            dmverity!(d1),
            " ",
            fsverity!(d0),
            " action=ALLOW\n"
        );
        assert_eq!(execute(text, &with_both(D0, D1)), allowed_by(1));
    }

    #[test]
    fn earliest_of_three_kinds_decides() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d0),
            " ",
            dmverity!(d0),
            " action=DENY\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE ",
            dmverity!(d0),
            " action=DENY\n",
            "op=EXECUTE action=ALLOW\n",
        );
        assert_eq!(execute(text, &with_both(D0, D0)), denied_by(1));
        assert_eq!(execute(text, &with_both(D0, D1)), allowed_by(2));
        assert_eq!(execute(text, &with_both(D1, D0)), denied_by(3));
        assert_eq!(execute(text, &with_both(D1, D1)), allowed_by(4));
    }

    #[test]
    fn digest_that_can_never_match_denies_nothing() {
        let text = rules!(
            "op=EXECUTE fsverity_digest=sha256:5a action=DENY\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
        );
        assert_eq!(execute(text, &with_digest(D0)), allowed_by(2));
    }

    // Laziness.

    /// Returns how often root hash and digest were asked for in a decision about execution.
    fn asked(text: &str, object: &Properties) -> Option<(u32, u32)> {
        execute(text, object)?;
        Some((object.roothash_asked.get(), object.digest_asked.get()))
    }

    #[test]
    fn digests_are_not_fetched_without_a_rule_that_names_one() {
        let text = rules!(
            "op=EXECUTE boot_verified=TRUE action=ALLOW\n",
            "op=KMODULE ",
            fsverity!(d0),
            " action=ALLOW\n",
        );
        assert_eq!(asked(text, &with_both(D0, D0)), Some((0, 0)));
    }

    #[test]
    fn only_the_digest_that_a_rule_names_is_fetched() {
        let text = rules!("op=EXECUTE ", fsverity!(d0), " action=ALLOW\n");
        assert_eq!(asked(text, &with_both(D0, D0)), Some((0, 1)));
        let text = rules!("op=EXECUTE ", dmverity!(d0), " action=ALLOW\n");
        assert_eq!(asked(text, &with_both(D0, D0)), Some((1, 0)));
    }

    #[test]
    fn digests_are_fetched_once() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d1),
            " ",
            dmverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE ",
            fsverity!(d1),
            " action=ALLOW\n",
            "op=EXECUTE ",
            dmverity!(d1),
            " action=ALLOW\n",
        );
        assert_eq!(asked(text, &with_both(D0, D0)), Some((1, 1)));
    }

    #[test]
    fn digests_are_not_fetched_if_an_earlier_rule_matches() {
        let text = rules!(
            "op=EXECUTE boot_verified=TRUE action=ALLOW\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE ",
            dmverity!(d0),
            " action=ALLOW\n",
        );
        assert_eq!(asked(text, &boot_verified()), Some((0, 0)));
        assert_eq!(asked(text, &with_digest(D0)), Some((0, 1)));
        assert_eq!(asked(text, &with_digest(D1)), Some((1, 1)));
    }

    #[test]
    fn roothash_is_not_fetched_for_a_rule_whose_digest_is_absent() {
        let text = rules!(
            "op=EXECUTE ",
            fsverity!(d0),
            " ",
            dmverity!(d0),
            " action=ALLOW\n"
        );
        assert_eq!(asked(text, &with_roothash(D0)), Some((0, 1)));
    }

    // Parts.

    #[test]
    fn digest_must_have_the_length_of_its_algorithm() {
        for algorithm in Algorithm::ALL {
            let length = algorithm.digest_len();
            assert!(Digest::new(algorithm, &[0; 64][..length]).is_some());
            assert!(Digest::new(algorithm, &[0; 64][..length - 1]).is_none());
            assert!(Digest::new(algorithm, &[0; 65][..length + 1]).is_none());
        }
    }

    #[test]
    fn verdict_names_the_line_of_its_rule() {
        let text = rules!(
            "\r\n\t",
            "op=EXECUTE boot_verified=TRUE action=ALLOW # why\n"
        );
        assert_eq!(execute(text, &boot_verified()), allowed_by(2));
    }
}

mod hooks;
mod image;
mod memory;
mod modified;
