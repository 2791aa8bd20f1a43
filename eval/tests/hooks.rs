// SPDX-License-Identifier: GPL-2.0-only

//! The way of hooks to a decision: without digests as far as possible, and about memory without the
//! program where it does not matter.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_eval_hooks)
)]
mod cases {
    use super::super::*;

    /// Rules of every kind that names digests, between rules that name none.
    const TEXT: &str = rules!(
        "op=EXECUTE boot_verified=TRUE action=ALLOW\n",
        "op=EXECUTE ",
        fsverity!(d0),
        " action=ALLOW\n",
        "op=EXECUTE dmverity_signature=TRUE action=DENY\n",
        "op=EXECUTE ",
        dmverity!(d0),
        " ",
        fsverity!(d1),
        " action=ALLOW\n",
        "op=EXECUTE fsverity_signature=TRUE action=DENY\n",
        "op=EXECUTE ",
        dmverity!(d1),
        " action=ALLOW\n",
        "op=KMODULE ",
        dmverity!(d0),
        " action=ALLOW\n",
        "op=POLICY ",
        fsverity!(d1),
        " action=ALLOW\n",
        "op=FIRMWARE boot_verified=FALSE action=ALLOW\n",
    );

    /// One of the objects with all combinations of flags and digests.
    fn object(number: u32) -> Properties {
        let digest = |number| match number % 3 {
            0 => None,
            1 => Some((Algorithm::Sha256, D0)),
            _ => Some((Algorithm::Sha256, D1)),
        };
        Properties {
            boot_verified: number & 1 != 0,
            dmverity_signature: number & 2 != 0,
            fsverity_signature: number & 4 != 0,
            dmverity_roothash: digest(number / 8),
            fsverity_digest: digest(number / 24),
            ..Properties::default()
        }
    }

    /// How many digests were asked for: root hashes, those of files, those of images.
    type Asked = (u32, u32, u32);

    fn asked(object: &Properties) -> Asked {
        let files = (object.roothash_asked.get(), object.digest_asked.get());
        (files.0, files.1, object.image_asked.get())
    }

    /// Returns whether hooks decide about each object of a class as [`outcome`] does, and ask for as
    /// many digests; none if the policy is refused.
    fn same_about(text: &str, operation: Option<Operation>, class: Class) -> Option<bool> {
        let mut memory = [0; 192];
        let plan = measure(text.as_bytes(), Providers::ALL, false, &mut Deaf).ok()?;
        let words = memory.get_mut(..plan.words())?;
        let policy = plan.emit(text.as_bytes(), words);
        for number in 0..72 {
            let (hook, other) = (object(number), object(number));
            let class_here = operation.map_or(class, |operation| policy.class(operation, class));
            let by_hook = match decide(&policy, operation, class_here, &hook) {
                Progress::Decided(outcome) => outcome,
                Progress::Pending(pending) => pending.look_up(&policy, class_here, &hook),
            };
            let expected = outcome(&policy, operation, class, &other);
            if Verdict::from(by_hook) != Verdict::from(expected) || asked(&hook) != asked(&other) {
                return Some(false);
            }
        }
        Some(true)
    }

    #[test]
    fn hooks_decide_as_everything_else() {
        let operations = [
            Operation::Execute,
            Operation::KernelModule,
            Operation::Policy,
            Operation::Firmware,
            Operation::KexecImage,
        ];
        for operation in operations {
            let of_file = same_about(TEXT, Some(operation), Class::File);
            assert_eq!(of_file, Some(true));
            let of_memory = same_about(TEXT, Some(operation), Class::Memory);
            assert_eq!(of_memory, Some(true));
        }
        assert_eq!(same_about(TEXT, None, Class::File), Some(true));
    }

    /// Returns how many digests a hook asks for, of the first object, and everything else, of the
    /// second. Nothing comes after a global default that allows, not even what no rule names.
    fn asked_of(lines: &str, hook: &Properties, other: &Properties) -> Option<(Asked, Asked)> {
        const HEADER: &[u8] = b"policy_name=test policy_version=0.0.0\nDEFAULT action=ALLOW\n";
        let (mut memory, mut text) = ([0; 192], [b' '; 384]);
        text.get_mut(..HEADER.len())?.copy_from_slice(HEADER);
        let rest = text.get_mut(HEADER.len()..)?;
        rest.get_mut(..lines.len())?
            .copy_from_slice(lines.as_bytes());
        let plan = measure(&text, Providers::ALL, false, &mut Deaf).ok()?;
        let words = memory.get_mut(..plan.words())?;
        let policy = plan.emit(&text, words);
        let execute = Some(Operation::Execute);
        if let Progress::Pending(pending) = decide(&policy, execute, Class::File, hook) {
            pending.look_up(&policy, Class::File, hook);
        }
        outcome(&policy, execute, Class::File, other);
        Some((asked(hook), asked(other)))
    }

    #[test]
    fn no_digest_is_asked_for_that_no_rule_names() {
        let both = || with_both(D0, D0);
        for (lines, expected) in [
            ("", (0, 0, 0)),
            (
                concat!("op=EXECUTE ", fsverity!(d1), " action=DENY\n"),
                (0, 1, 0),
            ),
            (
                concat!("op=EXECUTE ", dmverity!(d1), " action=DENY\n"),
                (1, 0, 0),
            ),
        ] {
            let found = asked_of(lines, &both(), &both());
            assert_eq!(found, Some((expected, expected)));
        }
        // Without one of two digests, the other is useless.
        let lines = concat!(
            "op=EXECUTE ",
            dmverity!(d0),
            " ",
            fsverity!(d0),
            " action=DENY\n"
        );
        let found = asked_of(lines, &with_roothash(D0), &with_roothash(D0));
        assert_eq!(found, Some(((0, 1, 0), (0, 1, 0))));
    }

    /// Returns what hooks know of all programs' memory, and what is decided about one of them.
    fn of_memory(text: &str, operation: Option<Operation>) -> Option<(Option<Verdict>, Verdict)> {
        let mut memory = [0; 192];
        let plan = measure(text.as_bytes(), Providers::ALL, false, &mut Deaf).ok()?;
        let words = memory.get_mut(..plan.words())?;
        let policy = plan.emit(text.as_bytes(), words);
        let for_all = decide_for_all(&policy, operation).map(Verdict::from);
        let program = with_both(D0, D1);
        Some((
            for_all,
            evaluate(&policy, operation, Class::Memory, &program),
        ))
    }

    #[test]
    fn memory_of_all_programs_is_decided_without_the_program() {
        let execute = Some(Operation::Execute);
        for text in [
            TEXT,
            rules!("op=EXECUTE anonymous_memory=TRUE action=ALLOW\n"),
            rules!("op=EXECUTE boot_verified=FALSE action=ALLOW\n"),
        ] {
            for operation in [execute, Some(Operation::KernelModule), None] {
                let found = of_memory(text, operation);
                assert!(found.is_some_and(|(for_all, of_one)| for_all == Some(of_one)));
            }
        }
        let text = rules!(
            "op=EXECUTE anonymous_memory=TRUE exe_",
            fsverity!(d0),
            " action=ALLOW\n"
        );
        let found = of_memory(text, execute);
        assert!(found.is_some_and(|(for_all, of_one)| {
            for_all.is_none() && of_one.action == Action::Allow
        }));
    }
}
