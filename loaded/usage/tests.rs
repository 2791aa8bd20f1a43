// SPDX-License-Identifier: GPL-2.0-only

//! Rules that are noted, and the list of the others.

#[kernel::prelude::kunit_tests(ipe_loaded_usage)]
mod cases {
    use super::super::*;
    use crate::abstractions::static_key::is_requested;

    /// Rules as close as they can be, comments, and defaults, which are not rules.
    const TEXT: &[u8] = b"policy_name=u policy_version=1.0.0\n\
        DEFAULT action=DENY\n\
        op=POLICY action=DENY\n\
        op=POLICY action=DENY\n\
        # op=POLICY action=DENY\n\
        \n  op=EXECUTE  boot_verified=TRUE action=ALLOW # last\n";

    const FIRST: &[u8] = b"3:1: op=POLICY action=DENY\n";
    const SECOND: &[u8] = b"4:1: op=POLICY action=DENY\n";
    const LAST: &[u8] = b"7:3: op=EXECUTE  boot_verified=TRUE action=ALLOW\n";

    /// Whether the list has these lines.
    fn is(usage: &Usage, lines: &[&[u8]]) -> Result<bool> {
        let list = usage.unused(TEXT)?;
        let mut rest = &list[..];
        for line in lines {
            let Some(after) = rest.strip_prefix(*line) else {
                return Ok(false);
            };
            rest = after;
        }
        Ok(rest.is_empty())
    }

    /// The offset of the rule in a line.
    fn offset(number: u32) -> u32 {
        let mut lines = policy::lines(TEXT);
        lines
            .find(|line| line.position.line == number)
            .map_or(0, |line| line.offset)
    }

    #[test]
    fn each_rule_is_noted_by_itself() -> Result {
        let usage = Usage::new(TEXT)?;
        assert!(is(&usage, &[FIRST, SECOND, LAST])?);
        usage.note(offset(4));
        assert!(is(&usage, &[FIRST, LAST])?);
        usage.note(offset(4));
        assert!(is(&usage, &[FIRST, LAST])?);
        usage.note(offset(7));
        assert!(is(&usage, &[FIRST])?);
        usage.note(offset(3));
        assert!(is(&usage, &[])?);
        Ok(())
    }

    #[test]
    fn offset_beyond_the_text_is_ignored() -> Result {
        let usage = Usage::new(TEXT)?;
        usage.note(u32::MAX / 2);
        assert!(is(&usage, &[FIRST, SECOND, LAST])?);
        Ok(())
    }

    #[test]
    fn noted_while_there_is_a_record() -> Result {
        // Somebody else may ask, too.
        let usage = Usage::new(TEXT)?;
        assert!(is_requested());
        let other = Usage::new(b"")?;
        drop(usage);
        assert!(is_requested());
        drop(other);
        Ok(())
    }
}
