// SPDX-License-Identifier: GPL-2.0-only

//! The text of record 1420.

#[kernel::prelude::kunit_tests(ipe_audit_access)]
mod cases {
    use super::super::*;
    use crate::audit::line::Line;
    use crate::policy::rule_at;
    use core::fmt::Write;
    use kernel::prelude::{
        Result,
        EINVAL, //
    };

    /// A decision about anonymous memory, by the global default.
    const DENIED: Decision<'static> = Decision {
        text: b"",
        operation: Some(Operation::Execute),
        hook: Hook::Mmap,
        enforcing: true,
        process_id: 42,
        comm: b"program",
        object: Object {
            file: None,
            modified: None,
        },
        verdict: Some(Verdict {
            action: Action::Deny,
            scope: Scope::GlobalDefault,
        }),
        asker: &Asker::Unnamed,
        #[cfg(CONFIG_IPE_TRIAL)]
        trial: None,
    };

    /// The record of `DENIED`.
    const DENIED_TEXT: &str = "ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=42 comm=\"program\" \
         path=? dev=? ino=? rule=\"DEFAULT action=DENY\"";

    fn says(decision: &Decision<'_>, text: &str) -> Result<bool> {
        let mut line = Line::default();
        write(&mut line, decision);
        Ok(line.is(text))
    }

    /// Whether a rule, in a policy that has others, is shown like this.
    fn shows(rule: &[u8], text: &str) -> Result<bool> {
        const BEFORE: &[u8] = b"policy_name=a policy_version=0.0.0\r\nDEFAULT action=DENY\n";
        let mut policy = kernel::prelude::KVec::new();
        for part in [BEFORE, rule, b"\nop=EXECUTE action=DENY"] {
            policy.extend_from_slice(part, kernel::alloc::flags::GFP_KERNEL)?;
        }
        let offset = BEFORE.len() as u32;
        let rule = rule_at(&policy, offset).ok_or(EINVAL)?;
        let decision = Decision {
            text: &policy,
            operation: Some(rule.operation),
            verdict: Some(Verdict {
                action: rule.action,
                scope: Scope::Rule(offset),
            }),
            ..DENIED
        };
        let mut line = Line::default();
        write(&mut line, &decision);
        let (_, shown) = line.split(" ino=? ").ok_or(EINVAL)?;
        Ok(shown == text.as_bytes())
    }

    #[test]
    fn access_without_a_file_has_question_marks() -> Result {
        assert!(says(&DENIED, DENIED_TEXT)?);
        Ok(())
    }

    /// A decision about memory that this program asked for.
    fn asked_by(asker: Asker<'_>, text: &str) -> Result<bool> {
        let mut line = Line::default();
        let decision = Decision {
            asker: &asker,
            ..DENIED
        };
        write(&mut line, &decision);
        let (_, shown) = line.split(" action=DENY\"").ok_or(EINVAL)?;
        Ok(shown == text.as_bytes())
    }

    const PROGRAM: Program<'static> = Program {
        device: b"vda",
        inode: 7,
        boot_verified: false,
        dmverity_signature: false,
        fsverity_signature: false,
        dmverity_roothash: None,
        fsverity_digest: None,
        image_digest: None,
    };

    #[test]
    fn mapping_is_described_after_the_rule() -> Result {
        for (modified, text) in [
            (None, ""),
            (Some(false), " modified=FALSE"),
            (Some(true), " modified=TRUE"),
        ] {
            let mut line = Line::default();
            let object = Object {
                modified,
                ..DENIED.object
            };
            write(&mut line, &Decision { object, ..DENIED });
            let (_, shown) = line.split(" action=DENY\"").ok_or(EINVAL)?;
            assert!(shown == text.as_bytes());
        }
        Ok(())
    }

    #[test]
    fn program_comes_last() -> Result {
        assert!(asked_by(Asker::Unnamed, "")?);
        assert!(asked_by(Asker::Unknown, " exe_dev=? exe_ino=?")?);
        assert!(asked_by(
            Asker::Known(PROGRAM),
            " exe_dev=\"vda\" exe_ino=7"
        )?);
        Ok(())
    }

    #[test]
    fn properties_of_a_program_are_shown() -> Result {
        let signed = Program {
            boot_verified: true,
            dmverity_signature: true,
            fsverity_signature: true,
            ..PROGRAM
        };
        assert!(asked_by(
            Asker::Known(signed),
            " exe_dev=\"vda\" exe_ino=7 exe_boot_verified=TRUE exe_dmverity_signature=TRUE \
             exe_fsverity_signature=TRUE"
        )?);
        let with_digests = Program {
            dmverity_roothash: Digest::new(Algorithm::Sha1, &[0xab; 20]),
            fsverity_digest: Digest::new(Algorithm::Sha256, &[0xcd; 32]),
            ..PROGRAM
        };
        assert!(asked_by(
            Asker::Known(with_digests),
            " exe_dev=\"vda\" exe_ino=7 \
             exe_dmverity_roothash=sha1:ABABABABABABABABABABABABABABABABABABABAB \
             exe_fsverity_digest=sha256:\
             CDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCD"
        )?);
        Ok(())
    }

    #[test]
    fn device_of_a_program_is_not_trusted() -> Result {
        let odd = Program {
            device: b"a b",
            ..PROGRAM
        };
        assert!(asked_by(Asker::Known(odd), " exe_dev=612062 exe_ino=7")?);
        Ok(())
    }

    #[test]
    fn operations_are_shown_by_name() -> Result {
        for operation in Operation::ALL {
            let mut line = Line::default();
            let decision = Decision {
                operation: Some(operation),
                verdict: Some(Verdict {
                    action: Action::Allow,
                    scope: Scope::OperationDefault,
                }),
                ..DENIED
            };
            write(&mut line, &decision);
            let mut wanted = Line::default();
            write!(
                wanted,
                "ipe_op={0} ipe_hook=MMAP enforcing=1 pid=42 comm=\"program\" path=? dev=? ino=? \
                 rule=\"DEFAULT op={0} action=ALLOW\"",
                operation.name()
            )?;
            assert!(line == wanted);
        }
        Ok(())
    }

    #[test]
    fn operation_outside_the_language_is_unknown() -> Result {
        let decision = Decision {
            operation: None,
            hook: Hook::KernelRead,
            ..DENIED
        };
        assert!(says(
            &decision,
            "ipe_op=UNKNOWN ipe_hook=KERNEL_READ enforcing=1 pid=42 comm=\"program\" \
             path=? dev=? ino=? rule=\"DEFAULT action=DENY\""
        )?);
        Ok(())
    }

    #[test]
    fn hooks_have_the_names_of_c() {
        // Those of C, which tools look for.
        for (hook, name) in [
            (Hook::BprmCheck, "BPRM_CHECK"),
            (Hook::BprmCredsForExec, "BPRM_CREDS_FOR_EXEC"),
            (Hook::Mmap, "MMAP"),
            (Hook::Mprotect, "MPROTECT"),
            (Hook::KernelRead, "KERNEL_READ"),
            (Hook::KernelLoad, "KERNEL_LOAD"),
        ] {
            assert!(hook.name() == name);
        }
    }

    #[test]
    fn permissive_mode_is_shown() -> Result {
        let decision = Decision {
            enforcing: false,
            process_id: i32::MAX,
            ..DENIED
        };
        assert!(says(
            &decision,
            "ipe_op=EXECUTE ipe_hook=MMAP enforcing=0 pid=2147483647 comm=\"program\" \
             path=? dev=? ino=? rule=\"DEFAULT action=DENY\""
        )?);
        Ok(())
    }

    #[test]
    fn names_that_could_pass_for_fields_are_encoded() -> Result {
        let cases: [(&[u8], &str); 6] = [
            (b"a b", "612062"),
            (b"x\" pid=1", "7822207069643D31"),
            (b"\x1b[2J\n", "1B5B324A0A"),
            (b"\xc3\xa9", "C3A9"),
            (b"(sd-pam)", "\"(sd-pam)\""),
            (b"", "\"\""),
        ];
        for (comm, shown) in cases {
            let mut line = Line::default();
            write(&mut line, &Decision { comm, ..DENIED });
            let (before, _) = line.split(" path=").ok_or(EINVAL)?;
            assert!(before.ends_with(shown.as_bytes()));
        }
        Ok(())
    }

    #[test]
    fn spellings_of_a_rule_are_shown_alike() -> Result {
        const ONE: &str = "rule=\"op=EXECUTE boot_verified=TRUE action=ALLOW\"";
        assert!(shows(b"op=EXECUTE boot_verified=TRUE action=ALLOW", ONE)?);
        assert!(shows(
            b" \top=EXECUTE\t boot_verified=TRUE \taction=ALLOW",
            ONE
        )?);
        assert!(shows(
            b"op=EXECUTE boot_verified=TRUE action=ALLOW# why",
            ONE
        )?);
        assert!(shows(
            b"op=EXECUTE boot_verified=TRUE action=ALLOW \x0c\xa0\r",
            ONE
        )?);
        Ok(())
    }

    #[test]
    fn rules_are_shown_with_their_properties() -> Result {
        for rule in [
            "op=EXECUTE action=ALLOW",
            "op=KMODULE boot_verified=FALSE action=ALLOW",
            "op=FIRMWARE dmverity_signature=TRUE action=DENY",
            "op=POLICY dmverity_signature=FALSE action=DENY",
            "op=X509_CERT fsverity_signature=TRUE action=ALLOW",
            "op=KEXEC_IMAGE fsverity_signature=FALSE action=ALLOW",
            "op=EXECUTE dmverity_roothash=cmdline:dm-mod.create boot_verified=FALSE action=ALLOW",
            "op=KEXEC_INITRAMFS boot_verified=TRUE fsverity_signature=TRUE boot_verified=TRUE action=DENY",
            "op=EXECUTE anonymous_memory=TRUE exe_boot_verified=FALSE action=ALLOW",
            "op=EXECUTE exe_dmverity_signature=TRUE anonymous_memory=TRUE action=ALLOW",
            "op=FIRMWARE anonymous_memory=FALSE action=ALLOW",
            "op=EXECUTE modified=TRUE action=DENY",
            "op=EXECUTE boot_verified=TRUE modified=FALSE action=ALLOW",
            "op=PTRACE exe_fsverity_signature=TRUE action=DENY",
            "op=PTRACE exe_dmverity_roothash=cmdline:usrhash action=DENY",
            "op=UNCHECKED_SCRIPT action=DENY",
            "op=INTERACTIVE_SCRIPT dmverity_signature=TRUE action=ALLOW",
        ] {
            let mut wanted = Line::default();
            write!(wanted, "rule=\"{rule}\"")?;
            let text = core::str::from_utf8(wanted.as_bytes()).map_err(|_| EINVAL)?;
            assert!(shows(rule.as_bytes(), text)?);
        }
        Ok(())
    }

    #[test]
    fn digests_are_shown_with_their_algorithm() -> Result {
        // The quotes of the algorithm are those of C, inside of the rule's own.
        assert!(shows(
            b"op=EXECUTE dmverity_roothash=rmd160:0123456789abcdefABCDEF0123456789abcdef01 action=ALLOW",
            "rule=\"op=EXECUTE dmverity_roothash=\"rmd160\":\
             0123456789ABCDEFABCDEF0123456789ABCDEF01 action=ALLOW\""
        )?);
        assert!(shows(
            b"op=PTRACE exe_fsverity_digest=md5:0123456789abcdef0123456789ABCDEF action=ALLOW",
            "rule=\"op=PTRACE exe_fsverity_digest=\"md5\":\
             0123456789ABCDEF0123456789ABCDEF action=ALLOW\""
        )?);
        macro_rules! four {
            ($text:literal) => {
                concat!($text, $text, $text, $text)
            };
        }
        // The longest.
        assert!(shows(
            concat!(
                "op=EXECUTE fsverity_digest=sha512:",
                four!("00112233445566778899aabbccddeeff"),
                " boot_verified=TRUE action=ALLOW"
            )
            .as_bytes(),
            concat!(
                "rule=\"op=EXECUTE fsverity_digest=\"sha512\":",
                four!("00112233445566778899AABBCCDDEEFF"),
                " boot_verified=TRUE action=ALLOW\""
            )
        )?);
        Ok(())
    }

    #[test]
    fn missing_rule_is_shown_as_a_question_mark() -> Result {
        let decision = Decision {
            text: b"policy_name=a policy_version=0.0.0\nDEFAULT action=DENY",
            verdict: Some(Verdict {
                action: Action::Deny,
                scope: Scope::Rule(7),
            }),
            ..DENIED
        };
        assert!(says(
            &decision,
            "ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=42 comm=\"program\" \
             path=? dev=? ino=? rule=\"op=EXECUTE ? action=DENY\""
        )?);
        Ok(())
    }

    #[cfg(CONFIG_IPE_TRIAL)]
    #[test]
    fn trial_comes_last() -> Result {
        const VERSION: Version = Version {
            major: 1,
            minor: 2,
            revision: 3,
        };
        const TEXT: &[u8] = b"op=EXECUTE  boot_verified=FALSE action=DENY # of the trial";
        let on_trial = |verdict| Trial {
            name: b"new one",
            version: VERSION,
            text: TEXT,
            verdict,
        };
        let denies = Decision {
            enforcing: false,
            verdict: Some(Verdict {
                action: Action::Allow,
                scope: Scope::OperationDefault,
            }),
            asker: &Asker::Unknown,
            trial: Some(on_trial(Some(Verdict {
                action: Action::Deny,
                scope: Scope::Rule(0),
            }))),
            ..DENIED
        };
        assert!(says(
            &denies,
            "ipe_op=EXECUTE ipe_hook=MMAP enforcing=0 pid=42 comm=\"program\" path=? dev=? ino=? \
             rule=\"DEFAULT op=EXECUTE action=ALLOW\" exe_dev=? exe_ino=? \
             trial_policy_name=6E6577206F6E65 trial_policy_version=1.2.3 \
             trial_rule=\"op=EXECUTE boot_verified=FALSE action=DENY\""
        )?);
        // Neither policy must be asked.
        let not_asked = Decision {
            verdict: None,
            trial: Some(on_trial(None)),
            ..DENIED
        };
        let mut line = Line::default();
        write(&mut line, &not_asked);
        assert!(line.split(" ino=? rule=? trial_policy_name=").is_some());
        assert!(line
            .as_bytes()
            .ends_with(b" trial_policy_version=1.2.3 trial_rule=?"));
        Ok(())
    }
}
