// SPDX-License-Identifier: GPL-2.0-only

//! The text of records 1421, 1422 and 1404.

#[kernel::prelude::kunit_tests(ipe_audit_change)]
mod cases {
    use super::super::*;
    use crate::audit::line::Line;
    use crate::loaded::tests::{
        from_file,
        origin, //
    };
    use crate::loaded::OriginRefusal;
    use crate::policy::{
        measure,
        Providers, //
    };
    use core::fmt::Write;
    use kernel::error::code::{
        EKEYREJECTED,
        ENOKEY,
        ESTALE, //
    };
    use kernel::prelude::{
        Result,
        EINVAL,
        EPERM, //
    };
    use kernel::sync::Arc;

    const ACTOR: Actor = Actor {
        login_uid: 1000,
        session_id: 7,
    };

    /// The digest of no message, which policies without a signature have.
    macro_rules! nothing {
        () => {
            "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
        };
    }

    fn load_text(text: &'static [u8]) -> Result<Arc<Policy>, Refusal> {
        Policy::builtin(text)
    }

    fn policy(text: &'static [u8]) -> Result<Arc<Policy>> {
        load_text(text).map_err(|refusal| refusal.errno())
    }

    /// Returns the record of a refusal.
    fn refused(refusal: &Refusal) -> Result<Line> {
        let mut line = Line::default();
        let change = Change::Refusal {
            refusal,
            path: None,
        };
        change.write(&mut line, &ACTOR);
        Ok(line)
    }

    #[test]
    fn first_activation_has_no_old_policy() -> Result {
        let new = policy(b"policy_name=new policy_version=1.2.3\nDEFAULT action=DENY")?;
        let mut line = Line::default();
        let change = Change::Activation {
            old: None,
            new: &new,
        };
        change.write(&mut line, &ACTOR);
        assert!(line.is(concat!(
            "old_active_pol_name=? old_active_pol_version=? old_policy_digest=? ",
            "new_active_pol_name=\"new\" new_active_pol_version=1.2.3 new_policy_digest=",
            nothing!(),
            " auid=1000 ses=7 lsm=ipe res=1"
        )));
        Ok(())
    }

    #[test]
    fn later_activation_names_both_policies() -> Result {
        let old = policy(b"policy_name=old policy_version=0.0.0\nDEFAULT action=DENY")?;
        let new = policy(b"policy_name=new policy_version=65535.65535.65535\nDEFAULT action=DENY")?;
        let mut line = Line::default();
        let change = Change::Activation {
            old: Some(&old),
            new: &new,
        };
        change.write(&mut line, &ACTOR);
        assert!(line.is(concat!(
            "old_active_pol_name=\"old\" old_active_pol_version=0.0.0 old_policy_digest=",
            nothing!(),
            " new_active_pol_name=\"new\" new_active_pol_version=65535.65535.65535 new_policy_digest=",
            nothing!(),
            " auid=1000 ses=7 lsm=ipe res=1"
        )));
        Ok(())
    }

    #[test]
    fn load_without_warnings_ends_with_errno() -> Result {
        let policy = policy(b"policy_name=a policy_version=01.+2.3\nDEFAULT action=DENY")?;
        let mut line = Line::default();
        let change = Change::Load {
            policy: &policy,
            report: &Report::default(),
            origin: None,
        };
        change.write(&mut line, &ACTOR);
        assert!(line.is(concat!(
            "policy_name=\"a\" policy_version=1.2.3 policy_digest=",
            nothing!(),
            " auid=1000 ses=7 lsm=ipe res=1 errno=0"
        )));
        Ok(())
    }

    #[test]
    fn load_counts_warnings_and_shows_the_first() -> Result {
        let policy = policy(b"policy_name=a policy_version=1.2.3\nDEFAULT action=DENY")?;
        let text = b"policy_name=a policy_version=1.2.3\nDEFAULT action=DENY\n\
            op=EXECUTE dmverity_roothash=sha256:abcd action=DENY\n\
            op=EXECUTE fsverity_digest=md9:ab action=DENY";
        let mut report = Report::default();
        let plan = measure(text, Providers::ALL, false, &mut report);
        assert!(plan.is_ok());
        let mut line = Line::default();
        let change = Change::Load {
            policy: &policy,
            report: &report,
            origin: None,
        };
        change.write(&mut line, &ACTOR);
        let (_, end) = line.split(" res=1 ").ok_or(EINVAL)?;
        assert!(
            end == b"errno=0 warnings=2 line=3 column=37 reason=\"the rule never matches: \
                the digest has 2 bytes, those of its algorithm have 32\""
        );
        Ok(())
    }

    #[test]
    fn names_that_could_pass_for_fields_are_encoded() -> Result {
        let cases: [(&'static [u8], &[u8]); 4] = [
            (
                b"policy_name=x\"res=1 policy_version=0.0.0\nDEFAULT action=DENY",
                b"policy_name=78227265733D31 ",
            ),
            (
                b"policy_name=\x1b[2J policy_version=0.0.0\nDEFAULT action=DENY",
                b"policy_name=1B5B324A ",
            ),
            (
                b"policy_name=\xff\x7f policy_version=0.0.0\nDEFAULT action=DENY",
                b"policy_name=FF7F ",
            ),
            (
                b"policy_name=a=b,c/d' policy_version=0.0.0\nDEFAULT action=DENY",
                b"policy_name=\"a=b,c/d'\" ",
            ),
        ];
        for (text, shown) in cases {
            let policy = policy(text)?;
            let mut line = Line::default();
            let change = Change::Load {
                policy: &policy,
                report: &Report::default(),
                origin: None,
            };
            change.write(&mut line, &ACTOR);
            assert!(line.as_bytes().starts_with(shown));
        }
        Ok(())
    }

    #[test]
    fn refusal_of_a_text_shows_the_place_and_the_reason() -> Result {
        let cases: [(&'static [u8], &str); 5] = [
            (b"", "-74 line=1 column=1 reason=\"the policy is empty\""),
            (
                b"policy_name=a policy_version=1.x.2\nDEFAULT action=DENY",
                "-22 line=1 column=32 reason=\"the version must have a number here\"",
            ),
            (
                b"policy_name=a policy_version=1.2.65536\nDEFAULT action=DENY",
                "-34 line=1 column=34 reason=\"a number of a version can be at most 65535\"",
            ),
            (
                b"policy_name=a policy_version=1.2.3\n\nop=x\"res=1\x1b[2J action=DENY",
                "-74 line=3 column=1 reason=\"unknown operation\"",
            ),
            (
                b"policy_name=a policy_version=1.2.3\nop=EXECUTE action=DENY",
                "-74 line=2 column=23 reason=\"no global DEFAULT, and none for op=EXECUTE\"",
            ),
        ];
        for (text, end) in cases {
            let refusal = load_text(text).err().ok_or(EINVAL)?;
            let line = refused(&refusal)?;
            let mut wanted = Line::default();
            write!(
                wanted,
                "policy_name=? policy_version=? policy_digest=? auid=1000 ses=7 lsm=ipe res=0 \
                 errno={end}"
            )?;
            assert!(line == wanted);
        }
        Ok(())
    }

    #[test]
    fn refusal_shows_its_errno() -> Result {
        for (error, errno) in [
            (EPERM, "-1"),
            (EINVAL, "-22"),
            (ESTALE, "-116"),
            (ENOKEY, "-126"),
            (EKEYREJECTED, "-129"),
        ] {
            let line = refused(&Refusal::from(error))?;
            let (_, end) = line.split("lsm=ipe res=0 errno=").ok_or(EINVAL)?;
            assert!(end == errno.as_bytes());
        }
        Ok(())
    }

    #[test]
    fn load_from_a_file_shows_path_and_rule() -> Result {
        let text = b"policy_name=a policy_version=1.2.3\nDEFAULT action=DENY\n\
            op=POLICY  boot_verified=TRUE action=ALLOW # here";
        let allowed_by = policy(text)?;
        let new = from_file(b"policy_name=b policy_version=1.2.3\nDEFAULT action=DENY")?;
        let origin = origin(&allowed_by, 55)?;
        let mut line = Line::default();
        let change = Change::Load {
            policy: &new,
            report: &Report::default(),
            origin: Some(&origin),
        };
        change.write(&mut line, &ACTOR);
        let (start, end) = line.split(" auid=").ok_or(EINVAL)?;
        let mut wanted = Line::default();
        wanted.text("policy_name=\"b\" policy_version=1.2.3 policy_digest=sha256:");
        wanted.hex(&sha256(new.text()));
        assert!(start == wanted.as_bytes());
        assert!(
            end == b"1000 ses=7 lsm=ipe res=1 errno=0 origin=\"/policy\" \
                rule=\"op=POLICY boot_verified=TRUE action=ALLOW\""
        );
        Ok(())
    }

    #[test]
    fn refusal_of_a_file_shows_path_and_reason() -> Result {
        let refusal = Refusal::Origin(OriginRefusal::NotVouched);
        let mut line = Line::default();
        let change = Change::Refusal {
            refusal: &refusal,
            path: Some(b"/a b"),
        };
        change.write(&mut line, &ACTOR);
        let (_, end) = line.split(" res=0 ").ok_or(EINVAL)?;
        assert!(
            end == b"errno=-13 reason=\"no rule of the active policy vouches for the file\" \
                origin=2F612062"
        );
        Ok(())
    }

    #[test]
    fn refusal_of_a_signer_shows_reason_and_certificate() -> Result {
        for (reason, end) in [
            (
                SignerRefusal::Several,
                "the policy has more than one signer\"",
            ),
            (
                SignerRefusal::Unknown,
                "the message does not have the signer's certificate\"",
            ),
            (
                SignerRefusal::NotListed([0xab; 32]),
                concat!(
                    "the signer's certificate is not listed\" signer=sha256:",
                    "ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB"
                ),
            ),
        ] {
            let line = refused(&Refusal::Signer(reason))?;
            let (_, shown) = line.split(" res=0 errno=-129 reason=\"").ok_or(EINVAL)?;
            assert!(shown == end.as_bytes());
        }
        Ok(())
    }

    #[test]
    fn refusal_of_an_incomplete_message_says_so() -> Result {
        let line = refused(&Refusal::Incomplete)?;
        assert!(line.is(
            "policy_name=? policy_version=? policy_digest=? auid=1000 ses=7 lsm=ipe res=0 \
             errno=-74 reason=\"incomplete\""
        ));
        Ok(())
    }

    #[test]
    fn change_of_mode_shows_both_modes() -> Result {
        for (new, old, begin) in [
            (false, true, "enforcing=0 old_enforcing=1"),
            (true, false, "enforcing=1 old_enforcing=0"),
        ] {
            let mut line = Line::default();
            Change::Enforcement { new, old }.write(&mut line, &ACTOR);
            let mut wanted = Line::default();
            write!(
                wanted,
                "{begin} auid=1000 ses=7 enabled=1 old-enabled=1 lsm=ipe res=1"
            )?;
            assert!(line == wanted);
        }
        Ok(())
    }

    #[test]
    fn seal_is_a_record_of_the_mode() -> Result {
        let mut line = Line::default();
        Change::Seal.write(&mut line, &ACTOR);
        let mut wanted = Line::default();
        write!(
            wanted,
            "enforcing=1 old_enforcing=1 auid=1000 ses=7 enabled=1 old-enabled=1 lsm=ipe res=1 \
             sealed=1"
        )?;
        assert!(line == wanted);
        Ok(())
    }

    #[test]
    fn session_without_a_login_is_shown_as_unset() -> Result {
        let nobody = Actor {
            login_uid: u32::MAX,
            session_id: u32::MAX,
        };
        let mut line = Line::default();
        let change = Change::Enforcement {
            new: true,
            old: false,
        };
        change.write(&mut line, &nobody);
        assert!(line
            .split(" auid=4294967295 ses=4294967295 enabled=")
            .is_some());
        Ok(())
    }
}
