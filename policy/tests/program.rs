// SPDX-License-Identifier: GPL-2.0-only

//! Memory, the program that asks, and the operations of extensions: the errors and the warnings.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_program)
)]
mod cases {
    use super::super::*;

    /// A digest of a program.
    macro_rules! exe_digest {
        () => {
            concat!("exe_fsverity_digest=sha256:", digits!())
        };
    }

    /// A line that is refused: why, its column, the length, and the errno.
    type Refused = (&'static str, ErrorKind, u32, u32, Errno);

    /// Returns whether the kernel refuses each line as the table says.
    fn all_refused(lines: &[Refused]) -> bool {
        lines.iter().all(|&(line, kind, column, length, errno)| {
            // The text is longer than what a buffer on the kernel's stack should be.
            refused_after(&["DEFAULT action=ALLOW\n", line], Providers::ALL)
                == Some((kind, 3, column, length))
                && kind.errno() == errno
        })
    }

    /// Returns why and where a policy with these lines is refused.
    fn refused_after(lines: &[&str; 2], providers: Providers<'_>) -> Option<Place<ErrorKind>> {
        let mut text = [b' '; 320];
        let mut at = 0;
        for part in [
            "policy_name=test policy_version=0.0.0\n",
            lines[0],
            lines[1],
        ] {
            let room = text.get_mut(at..at + part.len())?;
            room.copy_from_slice(part.as_bytes());
            at += part.len();
        }
        let text = text.get(..at)?;
        let error = measure(text, providers, false, &mut FirstOnly::default()).err()?;
        let (line, column) = place(error.position);
        Some((error.kind, line, column, error.length))
    }

    #[test]
    fn properties_of_the_program_are_refused_elsewhere() {
        let kind = ErrorKind::ProgramUnexpected;
        assert!(all_refused(&[
            (
                "op=EXECUTE exe_boot_verified=TRUE action=ALLOW",
                kind,
                12,
                22,
                Errno::Invalid
            ),
            (
                "op=EXECUTE boot_verified=TRUE exe_dmverity_signature=FALSE action=DENY",
                kind,
                31,
                28,
                Errno::Invalid
            ),
            (
                "op=EXECUTE anonymous_memory=FALSE exe_fsverity_signature=TRUE action=ALLOW",
                kind,
                35,
                27,
                Errno::Invalid
            ),
            (
                "op=EXECUTE exe_boot_verified=TRUE exe_fsverity_signature=TRUE action=ALLOW",
                kind,
                12,
                22,
                Errno::Invalid
            ),
            (
                "op=KMODULE anonymous_memory=TRUE exe_boot_verified=TRUE action=ALLOW",
                kind,
                34,
                22,
                Errno::Invalid
            ),
            (
                "op=UNCHECKED_SCRIPT anonymous_memory=TRUE exe_boot_verified=TRUE action=DENY",
                kind,
                43,
                22,
                Errno::Invalid
            ),
            (
                concat!("op=INTERACTIVE_SCRIPT ", exe_digest!(), " action=DENY"),
                kind,
                23,
                91,
                Errno::Invalid
            ),
        ]));
    }

    #[test]
    fn process_has_only_the_properties_of_the_program() {
        let kind = ErrorKind::ProgramOnly;
        assert!(all_refused(&[
            (
                "op=PTRACE boot_verified=TRUE action=DENY",
                kind,
                11,
                18,
                Errno::Invalid
            ),
            (
                "op=PTRACE anonymous_memory=TRUE exe_boot_verified=TRUE action=DENY",
                kind,
                11,
                21,
                Errno::Invalid
            ),
            (
                "op=PTRACE exe_boot_verified=TRUE dmverity_signature=FALSE action=ALLOW",
                kind,
                34,
                24,
                Errno::Invalid
            ),
            (
                "op=PTRACE exe_boot_verified=TRUE boot_verified=TRUE action=ALLOW",
                kind,
                34,
                18,
                Errno::Invalid
            ),
        ]));
    }

    #[test]
    fn errors_of_a_word_come_before_those_of_its_rule() {
        assert!(all_refused(&[
            (
                "op=EXECUTE exe_boot_verified=TRUE action=KILL",
                ErrorKind::ActionUnknown,
                35,
                11,
                Errno::BadMessage
            ),
            (
                "op=EXECUTE exe_boot_verified=TRUE",
                ErrorKind::ActionMissing,
                12,
                22,
                Errno::BadMessage
            ),
            (
                "op=EXECUTE exe_boot_verified=true action=DENY",
                ErrorKind::BooleanInvalid,
                30,
                4,
                Errno::BadMessage
            ),
            (
                "op=EXECUTE anonymous_memory=1 action=DENY",
                ErrorKind::BooleanInvalid,
                29,
                1,
                Errno::BadMessage
            ),
            (
                "op=EXECUTE anonymous_memory= action=DENY",
                ErrorKind::ValueMissing,
                12,
                17,
                Errno::BadMessage
            ),
            (
                "op=EXECUTE exe_anonymous_memory=TRUE action=DENY",
                ErrorKind::PropertyUnknown,
                12,
                25,
                Errno::BadMessage
            ),
            (
                "op=PTRACE exe_=TRUE action=DENY",
                ErrorKind::PropertyUnknown,
                11,
                9,
                Errno::BadMessage
            ),
            (
                "op=PTRACE exe_exe_boot_verified=TRUE action=DENY",
                ErrorKind::PropertyUnknown,
                11,
                26,
                Errno::BadMessage
            ),
            (
                "op=PTRACE exe_fsverity_digest=sha256:0 action=DENY",
                ErrorKind::DigestOdd,
                38,
                1,
                Errno::Invalid
            ),
            (
                "op=PTRACE exe_fsverity_digest=00 action=DENY",
                ErrorKind::DigestSeparatorMissing,
                31,
                2,
                Errno::BadMessage
            ),
            (
                "op=PTRACE exe_dmverity_roothash=cmdline:root action=DENY",
                ErrorKind::ParameterUnknown,
                33,
                12,
                Errno::Invalid
            ),
            (
                "op=PTRACE exe_dmverity_roothash=cmdline:usrhash exe_dmverity_roothash=x: action=DENY",
                ErrorKind::RootHashNotAlone,
                49,
                24,
                Errno::Invalid
            ),
            (
                "DEFAULT op=PTRACE exe_boot_verified=TRUE action=DENY",
                ErrorKind::DefaultWithProperty,
                19,
                22,
                Errno::BadMessage
            ),
            (
                "DEFAULT op=EXECUTE anonymous_memory=TRUE action=DENY",
                ErrorKind::DefaultWithProperty,
                20,
                21,
                Errno::BadMessage
            ),
        ]));
    }

    #[test]
    fn order_of_the_properties_does_not_matter() {
        for line in [
            "op=EXECUTE anonymous_memory=TRUE exe_boot_verified=TRUE action=ALLOW",
            "op=EXECUTE exe_boot_verified=TRUE anonymous_memory=TRUE action=ALLOW",
            "op=EXECUTE exe_boot_verified=FALSE boot_verified=FALSE anonymous_memory=TRUE action=DENY",
            "op=PTRACE exe_fsverity_signature=TRUE exe_boot_verified=FALSE action=ALLOW",
            "op=PTRACE action=DENY",
            "op=UNCHECKED_SCRIPT anonymous_memory=TRUE action=DENY",
            "op=FIRMWARE anonymous_memory=FALSE fsverity_signature=TRUE action=ALLOW",
        ] {
            assert!(refused_after(&["DEFAULT action=ALLOW\n", line], Providers::ALL).is_none());
        }
    }

    /// Returns the only warning of a rule, by its column and length.
    fn contradiction(text: &str) -> Option<(u32, u32)> {
        match warned(text, Providers::ALL)? {
            (WarningKind::Contradiction, 3, column, length) => Some((column, length)),
            _ => None,
        }
    }

    #[test]
    fn memory_has_no_property_of_a_file() {
        macro_rules! warns {
            ($($line:expr, $column:literal, $length:literal;)*) => {
                $( assert_eq!(contradiction(rules!($line)), Some(($column, $length))); )*
            };
        }
        warns! {
            "op=EXECUTE anonymous_memory=TRUE boot_verified=TRUE action=ALLOW", 34, 18;
            "op=EXECUTE boot_verified=TRUE anonymous_memory=TRUE action=ALLOW", 31, 21;
            "op=EXECUTE anonymous_memory=TRUE boot_verified=FALSE fsverity_signature=TRUE action=DENY", 54, 23;
            "op=EXECUTE anonymous_memory=TRUE dmverity_roothash=cmdline:usrhash action=DENY", 34, 33;
            "op=EXECUTE dmverity_roothash=cmdline:usrhash anonymous_memory=TRUE action=DENY", 46, 21;
            concat!("op=EXECUTE anonymous_memory=TRUE fsverity_digest=sha256:", digits!(), " action=DENY"), 34, 87;
            concat!("op=EXECUTE dmverity_roothash=sm3:", digits!(), " anonymous_memory=TRUE action=DENY"), 99, 21;
            "op=EXECUTE anonymous_memory=TRUE anonymous_memory=FALSE action=DENY", 34, 22;
            "op=KMODULE anonymous_memory=FALSE anonymous_memory=TRUE action=DENY", 35, 21;
            "op=EXECUTE exe_boot_verified=TRUE exe_boot_verified=FALSE anonymous_memory=TRUE action=DENY", 35, 23;
            "op=EXECUTE boot_verified=TRUE boot_verified=FALSE anonymous_memory=TRUE action=DENY", 31, 19;
            "op=PTRACE exe_fsverity_signature=FALSE exe_fsverity_signature=TRUE action=DENY", 40, 27;
            concat!("op=PTRACE exe_fsverity_digest=sha256:", other_digits!(), " ", exe_digest!(), " action=DENY"), 103, 91;
        }
    }

    #[test]
    fn same_property_of_object_and_program_is_no_contradiction() {
        assert!(silent(rules!(
            "op=EXECUTE anonymous_memory=TRUE exe_boot_verified=TRUE boot_verified=FALSE action=ALLOW"
        )));
        assert!(silent(rules!(
            "op=EXECUTE anonymous_memory=FALSE boot_verified=TRUE action=ALLOW\n",
            "op=EXECUTE anonymous_memory=TRUE anonymous_memory=TRUE action=ALLOW"
        )));
    }

    #[test]
    fn rule_that_never_matches_warns_once() {
        let text = rules!(
            "op=PTRACE exe_fsverity_digest=x:00 exe_boot_verified=TRUE exe_boot_verified=FALSE ",
            "action=DENY"
        );
        let expected = Some((WarningKind::AlgorithmUnknown, 3, 31, 1));
        assert_eq!(warned(text, Providers::ALL), expected);
        let text = rules!(
            "op=EXECUTE fsverity_digest=x:00 anonymous_memory=TRUE boot_verified=TRUE action=DENY"
        );
        let expected = Some((WarningKind::AlgorithmUnknown, 3, 28, 1));
        assert_eq!(warned(text, Providers::ALL), expected);
    }

    #[test]
    fn property_of_the_program_needs_the_provider_of_the_file() {
        let text = rules!("op=PTRACE exe_fsverity_signature=FALSE action=DENY");
        let kind = FilePropertyKind::FsveritySignature;
        let extensions = [Extension::Program, Extension::Ptrace];
        let none = extensions
            .into_iter()
            .fold(Providers::NONE, Providers::with_extension);
        let missing = ErrorKind::ProviderMissing(kind);
        let error = measure(text.as_bytes(), none, false, &mut FirstOnly::default()).err();
        assert!(error.is_some_and(|error| {
            (error.kind, place(error.position), error.errno()) == (missing, (3, 11), Errno::Invalid)
        }));
        assert_eq!(warned(text, none.with(kind)), None);
    }

    #[test]
    fn extension_that_the_kernel_lacks_is_refused() {
        for (line, extension, column, length) in [
            (
                "op=EXECUTE anonymous_memory=FALSE action=DENY",
                Extension::AnonymousMemory,
                12,
                22,
            ),
            (
                "op=EXECUTE boot_verified=FALSE anonymous_memory=TRUE action=DENY",
                Extension::AnonymousMemory,
                32,
                21,
            ),
            (
                "op=PTRACE exe_boot_verified=TRUE action=ALLOW",
                Extension::Program,
                11,
                22,
            ),
            // Before the digest's errors.
            (
                "op=PTRACE exe_fsverity_digest=sha256:0 action=ALLOW",
                Extension::Program,
                11,
                28,
            ),
            ("op=PTRACE action=DENY", Extension::Ptrace, 1, 9),
            ("DEFAULT op=PTRACE action=DENY", Extension::Ptrace, 9, 9),
            ("op=UNCHECKED_SCRIPT action=DENY", Extension::Script, 1, 19),
            (
                "op=INTERACTIVE_SCRIPT boot_verified=FALSE action=DENY",
                Extension::Script,
                1,
                21,
            ),
        ] {
            let others = Extension::ALL
                .into_iter()
                .filter(|other| *other != extension);
            let providers = others.fold(Providers::NONE, Providers::with_extension);
            let kind = ErrorKind::Unsupported(extension);
            assert_eq!(
                refused_after(&["DEFAULT action=ALLOW\n", line], providers),
                Some((kind, 3, column, length))
            );
            assert_eq!(kind.errno(), Errno::Invalid);
            let providers = providers.with_extension(extension);
            assert_ne!(
                refused_after(&["DEFAULT action=ALLOW\n", line], providers).map(|place| place.0),
                Some(kind)
            );
        }
        assert!(shown_as(
            ErrorKind::Unsupported(Extension::Ptrace),
            "the kernel is built without CONFIG_IPE_OP_PTRACE"
        ));
    }

    /// Defaults of the operations that C has.
    const ALL_OF_C: &str = concat!(
        "DEFAULT op=EXECUTE action=DENY\n",
        "DEFAULT op=FIRMWARE action=DENY\n",
        "DEFAULT op=KMODULE action=DENY\n",
        "DEFAULT op=KEXEC_IMAGE action=DENY\n",
        "DEFAULT op=KEXEC_INITRAMFS action=DENY\n",
        "DEFAULT op=POLICY action=DENY\n",
        "DEFAULT op=X509_CERT action=DENY\n",
    );

    #[test]
    fn operation_of_an_extension_needs_a_default_where_it_is_named() {
        let refused = |line| refused_after(&[ALL_OF_C, line], Providers::ALL);
        assert_eq!(refused(""), None);
        assert_eq!(refused("DEFAULT op=PTRACE action=DENY\n"), None);
        for (line, operation, end) in [
            ("op=PTRACE action=ALLOW", Operation::Ptrace, 23),
            (
                "op=UNCHECKED_SCRIPT boot_verified=TRUE action=ALLOW",
                Operation::UncheckedScript,
                52,
            ),
        ] {
            let kind = ErrorKind::DefaultMissing(operation);
            assert_eq!(refused(line), Some((kind, 9, end, 0)));
        }
        assert_eq!(
            refused("op=PTRACE action=ALLOW\nDEFAULT op=PTRACE action=DENY"),
            None
        );
    }

    #[test]
    fn names_of_the_words_are_as_documented() {
        for (name, extension) in [
            ("PTRACE", Extension::Ptrace),
            ("UNCHECKED_SCRIPT", Extension::Script),
            ("INTERACTIVE_SCRIPT", Extension::Script),
        ] {
            let operation = Operation::from_name(name.as_bytes());
            assert_eq!(operation.and_then(Operation::extension), Some(extension));
        }
        let of_c = |operation: &&Operation| operation.extension().is_none();
        assert_eq!(Operation::ALL.iter().filter(of_c).count(), 7);

        let memory = PropertyKind::from_name(b"anonymous_memory");
        assert_eq!(memory, Some(PropertyKind::AnonymousMemory));
        let of_program = PropertyKind::from_name(b"exe_dmverity_roothash");
        let kind = FilePropertyKind::DmverityRoothash;
        assert_eq!(of_program, Some(PropertyKind::Program(kind)));
        for kind in PropertyKind::ALL {
            let extension = match kind {
                PropertyKind::File(FilePropertyKind::ImageDigest) => Some(Extension::Image),
                PropertyKind::File(_) => None,
                PropertyKind::AnonymousMemory => Some(Extension::AnonymousMemory),
                PropertyKind::Modified => Some(Extension::Modified),
                PropertyKind::Program(_) => Some(Extension::Program),
            };
            assert_eq!(kind.extension(), extension);
        }
    }
}
