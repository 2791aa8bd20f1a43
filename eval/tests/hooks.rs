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
            let asked =
                |object: &Properties| (object.roothash_asked.get(), object.digest_asked.get());
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

    /// Returns how many digests a hook asks for, of a file that has both: of the root hash, then of
    /// fs-verity.
    fn asked(text: &str) -> Option<(u32, u32)> {
        let mut memory = [0; 192];
        let plan = measure(text.as_bytes(), Providers::ALL, false, &mut Deaf).ok()?;
        let words = memory.get_mut(..plan.words())?;
        let policy = plan.emit(text.as_bytes(), words);
        let object = with_both(D0, D0);
        let operation = Some(Operation::Execute);
        if let Progress::Pending(pending) = decide(&policy, operation, Class::File, &object) {
            pending.look_up(&policy, Class::File, &object);
        }
        Some((object.roothash_asked.get(), object.digest_asked.get()))
    }

    #[test]
    fn hooks_ask_for_no_digest_that_no_rule_names() {
        assert_eq!(asked(rules!()), Some((0, 0)));
        assert_eq!(
            asked(rules!("op=EXECUTE ", fsverity!(d1), " action=DENY\n")),
            Some((0, 1))
        );
        assert_eq!(
            asked(rules!("op=EXECUTE ", dmverity!(d1), " action=DENY\n")),
            Some((1, 0))
        );
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
