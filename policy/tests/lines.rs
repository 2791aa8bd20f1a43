// SPDX-License-Identifier: GPL-2.0-only

//! Lines: every one is there once, with its place, its parts and its meaning.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_lines)
)]
mod cases {
    use super::super::*;

    /// A line without its meaning: number, column, offset, code and comment.
    type Parts<'a> = (u32, u32, u32, &'a [u8], Option<&'a [u8]>);

    fn parts<'a>(line: &Line<'a>) -> Parts<'a> {
        let Position {
            line: number,
            column,
            ..
        } = line.position;
        (number, column, line.offset, line.code, line.comment)
    }

    #[test]
    fn every_line_has_its_parts() {
        let text =
            b"# a\r\n\tpolicy_name=a  policy_version=1.0.0 \n\r DEFAULT action=DENY# b\n \x0b\n";
        let expected: [Parts<'_>; 5] = [
            (1, 1, 0, b"", Some(b"# a")),
            (2, 2, 5, b"policy_name=a  policy_version=1.0.0", None),
            (3, 1, 43, b"", None),
            (4, 2, 44, b"DEFAULT action=DENY", Some(b"# b")),
            (5, 3, 68, b"", None),
        ];
        let mut found = lines(text);
        for parts_of_line in expected {
            assert_eq!(found.next().as_ref().map(parts), Some(parts_of_line));
        }
        assert!(found.next().is_none());
        assert!(lines(b"").next().is_none());
    }

    #[test]
    fn last_line_needs_no_end() {
        assert_eq!(lines(b"a\nb").count(), 2);
        assert_eq!(lines(b"a\nb\n").count(), 2);
        assert_eq!(lines(b"a\nb\n\n").count(), 3);
        assert_eq!(lines(b"\r\r\n\n").count(), 3);
    }

    #[test]
    fn every_line_has_its_meaning() {
        let text =
            rules!("DEFAULT op=POLICY action=DENY\nop=KMODULE action=DENY # x\nop=KMODULE\n");
        let mut found = lines(text.as_bytes()).map(|line| line.statement);
        assert!(matches!(found.next(), Some(Statement::Header)));
        let default = found.next();
        assert!(matches!(
            default,
            Some(Statement::Default(None, Action::Allow))
        ));
        let default = found.next();
        let policy = Some(Operation::Policy);
        assert!(matches!(default, Some(Statement::Default(of, Action::Deny)) if of == policy));
        let rule = found.next();
        assert!(matches!(rule, Some(Statement::Rule(rule)) if rule.action == Action::Deny));
        assert!(matches!(found.next(), Some(Statement::Invalid)));
        assert!(found.next().is_none());
    }

    #[test]
    fn rule_is_in_the_line_that_a_verdict_names() {
        let text = rules!("\n  op=KMODULE boot_verified=TRUE action=DENY\n").as_bytes();
        let line = lines(text).find(|line| line.rule().is_some());
        assert!(line.is_some());
        let Some(line) = line else { return };
        assert!(rule_at(text, line.offset).is_some());
        assert_eq!(line.position.column, 3);
        let tokens: [&[u8]; 3] = [b"op=KMODULE", b"boot_verified=TRUE", b"action=DENY"];
        assert!(line.tokens().eq(tokens));
    }

    #[test]
    fn nul_byte_hides_no_line() {
        let text = b"policy_name=a policy_version=1.0.0\nop=\0\0 x\nDEFAULT action=DENY # \0\n\0";
        let mut found = lines(text).map(|line| (line.position.line, line.statement));
        assert!(matches!(found.next(), Some((1, Statement::Header))));
        assert!(matches!(
            found.next(),
            Some((2, Statement::Invalid | Statement::Empty))
        ));
        assert!(matches!(
            found.next(),
            Some((3, Statement::Default(None, Action::Deny)))
        ));
        assert!(matches!(found.next(), Some((4, _))));
        assert!(found.next().is_none());
    }
}
