// SPDX-License-Identifier: GPL-2.0-only

//! The text of an event.

#[kernel::prelude::kunit_tests(ipe_loaded_measured)]
mod cases {
    use super::super::*;
    use crate::loaded::tests::{
        from_file,
        policy, //
    };

    /// The SHA-256 digest of the text of `policy!("a", "1.2.3")`.
    const DIGEST: &str = "b7eff0e017d334d11cad95a2c3bf674c05ec2827f2ce6c8441cc23a790d61fdb";

    /// Whether the event of the policy is this text, before the fields of the command line.
    fn is(state: &State<'_>, line: &[u8], text: fmt::Arguments<'_>) -> Result<bool> {
        let serial = Serial {
            boot: 0xab,
            count: 7,
        };
        let event = state.event(&serial, &CommandLine::new(line))?;
        let wanted = CString::try_from_fmt(text)?;
        Ok(&event[..] == wanted.to_bytes())
    }

    #[test]
    fn fields() -> Result {
        let policy = policy!("a", "1.2.3")?;
        for (enforcing, sealed) in [(false, false), (true, false), (true, true)] {
            let state = State {
                policy: &policy,
                enforcing,
                sealed,
            };
            assert!(is(
                &state,
                b"quiet",
                format_args!(
                    "boot=00000000000000ab count=7 enforcing={} sealed={} origin=builtin \
                     policy_version=1.2.3 policy_digest=sha256:{DIGEST} policy_name=a",
                    u8::from(enforcing),
                    u8::from(sealed),
                ),
            )?);
        }
        Ok(())
    }

    #[test]
    fn policy_from_a_file() -> Result {
        let builtin = policy!("a", "1.2.3")?;
        let policy = from_file(builtin.text())?;
        let state = State {
            policy: &policy,
            enforcing: true,
            sealed: false,
        };
        assert!(is(
            &state,
            b"quiet",
            format_args!(
                "boot=00000000000000ab count=7 enforcing=1 sealed=0 origin=file \
                 policy_version=1.2.3 policy_digest=sha256:{DIGEST} policy_name=a",
            ),
        )?);
        Ok(())
    }

    #[cfg(CONFIG_IPE_PROP_DM_VERITY_CMDLINE)]
    #[test]
    fn root_hashes_of_the_command_line() -> Result {
        const START: &str = "boot=00000000000000ab count=7 enforcing=1 sealed=0 origin=builtin \
                             policy_version=1.2.3 policy_digest=sha256:";
        const SHA512: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                              0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

        let policy = policy!("a", "1.2.3")?;
        let state = State {
            policy: &policy,
            enforcing: true,
            sealed: false,
        };
        let line = CString::try_from_fmt(format_args!("x usrhash={SHA512} roothash=12"))?;
        let serial = Serial {
            boot: 0xab,
            count: 7,
        };
        let event = state.event(&serial, &CommandLine::new(line.to_bytes()))?;
        let fields = CString::try_from_fmt(format_args!(
            "{START}{DIGEST} cmdline:usrhash=sha512:{SHA512},"
        ))?;
        // One that names no root hash is left out.
        assert!(event.starts_with(fields.to_bytes()));
        assert!(event.ends_with(b" policy_name=a"));
        assert!(!(event.windows(9)).any(|window| window == b"roothash="));
        Ok(())
    }

    #[test]
    fn each_event_has_a_number_of_its_own() {
        let (one, other) = (Serial::next(), Serial::next());
        assert_eq!(one.boot, other.boot);
        assert!(other.count > one.count);
    }
}
