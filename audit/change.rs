// SPDX-License-Identifier: GPL-2.0-only

//! Records 1421, 1422 and 1404: what administrators change.

use crate::abstractions::audit::{
    Fields,
    Kind,
    Record, //
};
use crate::abstractions::hash::sha256;
use crate::abstractions::task;
use crate::loaded::{
    Policy,
    Refusal,
    Report, //
};
use core::fmt::{
    Display,
    Formatter,
    Result, //
};

/// Records that `new` is active in the place of `old`. May sleep.
pub(crate) fn activation(old: Option<&Policy>, new: &Policy) {
    emit(Kind::IpeConfigChange, |record, actor| {
        write_activation(record, old, new, actor)
    });
}

fn write_activation(
    record: &mut impl Fields,
    old: Option<&Policy>,
    new: &Policy,
    actor: Actor,
) -> Result {
    match old {
        Some(old) => {
            let names = [
                "old_active_pol_name",
                "old_active_pol_version",
                "old_policy_digest",
            ];
            identity(record, names, old)?;
        }
        None => record
            .write_str("old_active_pol_name=? old_active_pol_version=? old_policy_digest=?")?,
    }
    record.write_char(' ')?;
    let names = [
        "new_active_pol_name",
        "new_active_pol_version",
        "new_policy_digest",
    ];
    identity(record, names, new)?;
    write!(record, "{actor} lsm=ipe res=1")
}

/// Records that a policy was loaded, and what is odd about it. May sleep.
pub(crate) fn load(policy: &Policy, report: &Report) {
    emit(Kind::IpePolicyLoad, |record, actor| {
        write_load(record, policy, report, actor)
    });
}

fn write_load(record: &mut impl Fields, policy: &Policy, report: &Report, actor: Actor) -> Result {
    identity(
        record,
        ["policy_name", "policy_version", "policy_digest"],
        policy,
    )?;
    write!(record, "{actor} lsm=ipe res=1 errno=0")?;
    if let Some(first) = report.first {
        write!(
            record,
            " warnings={} line={} column={} reason=\"{}\"",
            report.warnings, first.position.line, first.position.column, first.kind
        )?;
    }
    Ok(())
}

/// Records that a policy was refused, and why. May sleep.
pub(crate) fn refusal(refusal: &Refusal) {
    emit(Kind::IpePolicyLoad, |record, actor| {
        write_refusal(record, refusal, actor)
    });
}

fn write_refusal(record: &mut impl Fields, refusal: &Refusal, actor: Actor) -> Result {
    write!(
        record,
        "policy_name=? policy_version=? policy_digest=?{actor} lsm=ipe res=0 errno={}",
        refusal.errno().to_errno()
    )?;
    match refusal {
        Refusal::Text(error) => write!(
            record,
            " line={} column={} reason=\"{}\"",
            error.position.line, error.position.column, error.kind
        ),
        Refusal::Incomplete => record.write_str(" reason=\"incomplete\""),
        Refusal::Errno(_) => Ok(()),
    }
}

/// Records a change of mode. May sleep.
pub(crate) fn enforcement(new: bool, old: bool) {
    emit(Kind::MacStatus, |record, actor| {
        write_enforcement(record, new, old, actor)
    });
}

fn write_enforcement(record: &mut impl Fields, new: bool, old: bool, actor: Actor) -> Result {
    write!(
        record,
        "enforcing={} old_enforcing={}{actor} enabled=1 old-enabled=1 lsm=ipe res=1",
        u8::from(new),
        u8::from(old)
    )
}

fn emit(kind: Kind, write: impl FnOnce(&mut Record, Actor) -> Result) {
    if let Some(mut record) = Record::start(kind) {
        let actor = Actor {
            login_uid: task::login_uid(),
            session_id: task::session_id(),
        };
        // The buffer takes what it has memory for; audit reports what it could not take.
        let _ = write(&mut record, actor);
    }
}

/// Who did it.
#[derive(Copy, Clone)]
struct Actor {
    login_uid: u32,
    session_id: u32,
}

/// The fields `auid` and `ses`, with a blank before them.
impl Display for Actor {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, " auid={} ses={}", self.login_uid, self.session_id)
    }
}

/// A policy's name, version and the digest of its signed message, under the given field names.
///
/// A policy that was compiled into the kernel has no message, and the digest that of nothing.
fn identity(record: &mut impl Fields, names: [&str; 3], policy: &Policy) -> Result {
    let [name, version, digest] = names;
    write!(record, "{name}=")?;
    record.untrusted(policy.name());
    write!(record, " {version}={} {digest}=sha256:", policy.version())?;
    record.hex(&sha256(policy.message().unwrap_or_default()));
    Ok(())
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
#[kernel::prelude::kunit_tests(ipe_audit_change)]
mod tests {
    use super::super::line::Line;
    use super::*;
    use crate::abstractions::compat::{
        EKEYREJECTED,
        ENOKEY,
        ESTALE, //
    };
    use crate::policy::{
        measure,
        Providers, //
    };
    use core::fmt::Write;
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

    /// What is said of a refusal.
    fn refused(refusal: &Refusal) -> Result<Line> {
        let mut line = Line::default();
        write_refusal(&mut line, refusal, ACTOR)?;
        Ok(line)
    }

    #[test]
    fn first_activation() -> Result {
        let new = policy(b"policy_name=new policy_version=1.2.3\nDEFAULT action=DENY")?;
        let mut line = Line::default();
        write_activation(&mut line, None, &new, ACTOR)?;
        assert!(line.is(concat!(
            "old_active_pol_name=? old_active_pol_version=? old_policy_digest=? ",
            "new_active_pol_name=\"new\" new_active_pol_version=1.2.3 new_policy_digest=",
            nothing!(),
            " auid=1000 ses=7 lsm=ipe res=1"
        )));
        Ok(())
    }

    #[test]
    fn later_activation() -> Result {
        let old = policy(b"policy_name=old policy_version=0.0.0\nDEFAULT action=DENY")?;
        let new = policy(b"policy_name=new policy_version=65535.65535.65535\nDEFAULT action=DENY")?;
        let mut line = Line::default();
        write_activation(&mut line, Some(&old), &new, ACTOR)?;
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
    fn load_without_a_warning() -> Result {
        let policy = policy(b"policy_name=a policy_version=01.+2.3\nDEFAULT action=DENY")?;
        let mut line = Line::default();
        write_load(&mut line, &policy, &Report::default(), ACTOR)?;
        assert!(line.is(concat!(
            "policy_name=\"a\" policy_version=1.2.3 policy_digest=",
            nothing!(),
            " auid=1000 ses=7 lsm=ipe res=1 errno=0"
        )));
        Ok(())
    }

    #[test]
    fn load_with_warnings() -> Result {
        let policy = policy(b"policy_name=a policy_version=1.2.3\nDEFAULT action=DENY")?;
        let text = b"policy_name=a policy_version=1.2.3\nDEFAULT action=DENY\n\
            op=EXECUTE dmverity_roothash=sha256:abcd action=DENY\n\
            op=EXECUTE fsverity_digest=md9:ab action=DENY";
        let mut report = Report::default();
        let plan = measure(text, Providers::ALL, false, &mut report);
        assert!(plan.is_ok());
        let mut line = Line::default();
        write_load(&mut line, &policy, &report, ACTOR)?;
        let (_, end) = line.split(" res=1 ").ok_or(EINVAL)?;
        assert!(
            end == b"errno=0 warnings=2 line=3 column=37 reason=\"the rule never matches: \
                the digest has 2 bytes, those of its algorithm have 32\""
        );
        Ok(())
    }

    #[test]
    fn names_that_could_pass_for_fields() -> Result {
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
            write_load(&mut line, &policy, &Report::default(), ACTOR)?;
            assert!(line.as_bytes().starts_with(shown));
        }
        Ok(())
    }

    #[test]
    fn refusal_of_a_text() -> Result {
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
    fn refusal_for_other_reasons() -> Result {
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
    fn refusal_of_what_is_incomplete() -> Result {
        let line = refused(&Refusal::Incomplete)?;
        assert!(line.is(
            "policy_name=? policy_version=? policy_digest=? auid=1000 ses=7 lsm=ipe res=0 \
             errno=-74 reason=\"incomplete\""
        ));
        Ok(())
    }

    #[test]
    fn modes() -> Result {
        for (new, old, begin) in [
            (false, true, "enforcing=0 old_enforcing=1"),
            (true, false, "enforcing=1 old_enforcing=0"),
        ] {
            let mut line = Line::default();
            write_enforcement(&mut line, new, old, ACTOR)?;
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
    fn nobody_is_logged_in() -> Result {
        let nobody = Actor {
            login_uid: u32::MAX,
            session_id: u32::MAX,
        };
        let mut line = Line::default();
        write_enforcement(&mut line, true, false, nobody)?;
        assert!(line
            .split(" auid=4294967295 ses=4294967295 enabled=")
            .is_some());
        Ok(())
    }
}
