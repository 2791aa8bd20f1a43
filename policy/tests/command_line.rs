// SPDX-License-Identifier: GPL-2.0-only

//! Root hashes that the kernel's command line names.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_command_line)
)]
mod cases {
    use super::super::*;

    /// The digits in capitals.
    macro_rules! capital_digits {
        () => {
            "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
        };
    }

    /// 40 digits, the length of `sha1`.
    macro_rules! short {
        () => {
            "0123456789abcdef0123456789abcdef01234567"
        };
    }

    const A: &str = digits!();
    const CAPITAL_A: &str = capital_digits!();
    const B: &str = other_digits!();

    use Parameter::{
        DmModCreate,
        RootHash,
        UsrHash, //
    };
    use Unresolved::{
        Absent,
        Ambiguous,
        Invalid, //
    };

    /// Returns the reason why a parameter names no root hash.
    fn unresolved(line: &str, parameter: Parameter) -> Option<Unresolved> {
        let line = CommandLine::new(line.as_bytes());
        line.each(parameter, &mut |_, _| ()).err()
    }

    /// Returns whether a parameter names these root hashes, in this order.
    fn names(line: &str, parameter: Parameter, expected: &[(Algorithm, &str)]) -> bool {
        let mut expected = expected.iter();
        let mut same = true;
        let line = CommandLine::new(line.as_bytes());
        let result = line.each(parameter, &mut |algorithm, hex| {
            same &= expected
                .next()
                .is_some_and(|(wanted, digits)| *wanted == algorithm && digits.as_bytes() == hex);
        });
        result.is_ok() && same && expected.next().is_none()
    }

    /// Returns whether a parameter names a digest of each algorithm of its length.
    fn names_any(line: &str, parameter: Parameter, digits: &str) -> bool {
        let line = CommandLine::new(line.as_bytes());
        let mut same = true;
        let mut count = 0;
        let result = line.each(parameter, &mut |algorithm, hex| {
            same &= 2 * algorithm.digest_len() == digits.len() && hex == digits.as_bytes();
            count += 1;
        });
        let length = |algorithm: &&Algorithm| 2 * algorithm.digest_len() == digits.len();
        result.is_ok() && same && count == Algorithm::ALL.iter().filter(length).count()
    }

    // Words of the line. `roothash` and `usrhash` are systemd's, and read alike.

    #[test]
    fn spellings_of_a_hash() {
        for line in [
            concat!("roothash=", digits!()),
            concat!("  quiet\troothash=", digits!(), "  ro\n"),
            concat!("roothash=\"", digits!(), "\""),
            concat!("\"roothash=", digits!(), "\""),
            concat!("roothash='", digits!(), "'"),
            concat!("'roothash=", digits!(), "'"),
            concat!("rd.roothash=", digits!()),
            concat!("root=\"a b\" roothash=", digits!()),
            concat!("\u{a0}\u{b}root=x\u{c}roothash=", digits!(), "\r"),
            // Without a value it is not the parameter.
            concat!("roothash roothash=", digits!()),
            // Twice the same.
            concat!("roothash=", digits!(), " roothash=", digits!()),
            concat!("roothash=", digits!(), " rd.roothash=\"", digits!(), "\""),
            // Others, and what belongs to init.
            concat!(
                "usrhash=",
                other_digits!(),
                " xroothash=",
                other_digits!(),
                " roothash=",
                digits!()
            ),
            concat!("roothash=", digits!(), " -- roothash=", other_digits!()),
            concat!("roothash=", digits!(), " \"--\" roothash=", other_digits!()),
            concat!(
                "--=x roothash=",
                digits!(),
                " -- x -- roothash=",
                other_digits!()
            ),
        ] {
            assert!(names_any(line, RootHash, A));
        }
        assert!(names_any(concat!("usrhash=", other_digits!()), UsrHash, B));
        assert!(names_any(
            concat!("usrhash=", other_digits!(), " roothash=", digits!()),
            UsrHash,
            B
        ));
        assert!(names_any(
            concat!("rd.usrhash='", other_digits!(), "'"),
            UsrHash,
            B
        ));
        assert!(names_any(
            concat!("roothash=", capital_digits!()),
            RootHash,
            CAPITAL_A
        ));
        assert!(names_any(
            concat!("roothash=", capital_digits!(), " roothash=", digits!()),
            RootHash,
            A
        ));
    }

    #[test]
    fn hash_of_each_length() {
        assert!(names_any(
            concat!("roothash=", digits!(), digits!()),
            RootHash,
            concat!(digits!(), digits!())
        ));
        assert!(names_any(
            concat!("roothash=0123456789abcdef0123456789abcdef", digits!()),
            RootHash,
            concat!("0123456789abcdef0123456789abcdef", digits!())
        ));
        // The lengths of MD5, SHA-1 and SHA-224.
        for line in [
            "roothash=0123456789abcdef0123456789abcdef",
            concat!("roothash=", short!()),
            "roothash=0123456789abcdef0123456789abcdef0123456789abcdef01234567",
        ] {
            assert_eq!(unresolved(line, RootHash), Some(Invalid));
        }
    }

    #[test]
    fn parameter_that_is_absent() {
        for line in [
            "",
            " ",
            "\"",
            "quiet",
            "roothash",
            "=roothash=x",
            concat!("-- roothash=", digits!()),
            concat!("root_hash=", digits!()),
            concat!("ROOTHASH=", digits!()),
            concat!("init.roothash=", digits!()),
            concat!("roothash ", digits!()),
            concat!("quiet=\" roothash=", digits!(), " \""),
            concat!("\"quiet roothash=", digits!()),
            concat!("rd.rd.roothash=", digits!()),
        ] {
            assert_eq!(unresolved(line, RootHash), Some(Absent));
        }
        assert_eq!(
            unresolved(concat!("roothash=", digits!()), UsrHash),
            Some(Absent)
        );
        assert_eq!(
            unresolved(concat!("roothash=", digits!()), DmModCreate),
            Some(Absent)
        );
    }

    #[test]
    fn parameter_with_different_values() {
        for line in [
            concat!("roothash=", digits!(), " roothash=", other_digits!()),
            concat!(
                "roothash=",
                digits!(),
                " quiet rd.roothash=",
                other_digits!()
            ),
            concat!("roothash= roothash=", digits!()),
            concat!(
                "roothash=",
                digits!(),
                " roothash=",
                digits!(),
                " roothash="
            ),
        ] {
            assert_eq!(unresolved(line, RootHash), Some(Ambiguous));
        }
        // Device names differ in their case.
        let line = concat!(
            "dm-mod.create=\"r,,,ro,",
            verity_table!("sha256 ", digits!(), " -\" "),
            "dm_mod.create=\"R,,,ro,",
            verity_table!("sha256 ", digits!(), " -\""),
        );
        assert_eq!(unresolved(line, DmModCreate), Some(Ambiguous));
    }

    #[test]
    fn value_that_is_not_a_hash() {
        for line in [
            "roothash=",
            "roothash=\"\"",
            "roothash=\"",
            "roothash=''",
            "roothash=x",
            concat!("roothash=", digits!(), "0"),
            concat!("roothash=", digits!(), "00"),
            concat!("roothash=sha256:", digits!()),
            concat!("roothash=", digits!(), ":"),
            concat!("roothash==", digits!()),
            concat!("roothash=\" ", digits!(), "\""),
            concat!("roothash='\"", digits!(), "\"'"),
            // A quote at the end alone is part of the value.
            concat!("roothash=", digits!(), "\""),
            "roothash=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg",
        ] {
            assert_eq!(unresolved(line, RootHash), Some(Invalid));
        }
    }

    // Tables of volumes.

    #[test]
    fn spellings_of_a_table() {
        for line in [
            concat!(
                "dm-mod.create=\"root,,,ro,",
                verity_table!("sha256 ", digits!(), " -\"")
            ),
            concat!(
                "\"dm-mod.create=root,,,ro,",
                verity_table!("sha256 ", digits!(), " -\"")
            ),
            concat!(
                "dm_mod.create=\"root,uuid,3,ro,",
                verity_table!("sha256 ", digits!(), " 00 1 restart_on_corruption\"")
            ),
            concat!(
                "x dm-mod.create=\" root , , , ro ,  ",
                "0  8  verity  1 \t/dev/vda /dev/vdb 4096 4096 1 0 sha256 ",
                digits!(),
                " - \" y"
            ),
            concat!(
                "dm-mod.create=\"r,,,ro,0 8 verity 1 /dev/a\\ b\\\\ /dev/b 4096 4096 1 0 sha256 ",
                digits!(),
                " -\""
            ),
            concat!(
                "dm-mod.create=\"r,,,ro,",
                verity_table!("sha256 ", digits!(), " -"),
                ",8 8 linear /dev/vdc 0;home,,,rw,0 8 crypt x\""
            ),
            concat!(
                "dm-mod.create=\"r,,,ro,",
                verity_table!("sha256 ", digits!(), " -\" "),
                "dm-mod.create=\"r,,,ro,",
                verity_table!("sha256 ", digits!(), " -\""),
            ),
        ] {
            assert!(names(line, DmModCreate, &[(Algorithm::Sha256, A)]));
        }
    }

    #[test]
    fn each_volume_of_a_table() {
        let line = concat!(
            "dm-mod.create=\"root,,,ro,",
            verity_table!("sha256 ", capital_digits!(), " -"),
            ",",
            verity_table!("sha1 ", short!(), " 0123"),
            ";usr,,1,ro,",
            verity_table!("sha512 ", digits!(), other_digits!(), " -"),
            "; data,,,rw,0 8 linear /dev/vdc 0\"",
        );
        let expected = [
            (Algorithm::Sha256, CAPITAL_A),
            (Algorithm::Sha1, short!()),
            (Algorithm::Sha512, concat!(digits!(), other_digits!())),
        ];
        assert!(names(line, DmModCreate, &expected));
    }

    #[test]
    fn table_without_a_valid_hash() {
        for line in [
            "dm-mod.create=",
            "dm-mod.create=root",
            "dm-mod.create=,,,,",
            "dm-mod.create=\"root,,,ro,0 8 linear /dev/vda 0\"",
            concat!(
                "dm-mod.create=\"root,,ro,",
                verity_table!("sha256 ", digits!(), " -\"")
            ),
            concat!(
                "dm-mod.create=\"root,,,ro,",
                verity_table!("sha256 ", digits!(), " -;\"")
            ),
            concat!(
                "dm-mod.create=\"root,,,ro,",
                verity_table!("sha256 ", digits!(), " -,\"")
            ),
            // Without a salt.
            concat!(
                "dm-mod.create=\"root,,,ro,",
                verity_table!("sha256 ", digits!(), "\"")
            ),
            // Of another length, or of an algorithm that proves nothing.
            concat!(
                "dm-mod.create=\"root,,,ro,",
                verity_table!("sha512 ", digits!(), " -\"")
            ),
            concat!(
                "dm-mod.create=\"root,,,ro,",
                verity_table!("sha256 ", digits!(), "0 -\"")
            ),
            concat!(
                "dm-mod.create=\"root,,,ro,",
                verity_table!("crc32 01234567 -\"")
            ),
            concat!(
                "dm-mod.create=\"root,,,ro,",
                verity_table!("sha256 \\", digits!(), " -\"")
            ),
            // The separators of devices cannot stand in the fields before the table.
            concat!(
                "dm-mod.create=\"root;,,,ro,",
                verity_table!("sha256 ", digits!(), " -;usr,,,ro\"")
            ),
            concat!(
                "dm-mod.create=\"r,,,ro,0\t8 verity 1 /dev/vda /dev/vdb 4096 4096 1 0 sha256 ",
                digits!(),
                " -\""
            ),
            concat!(
                "dm-mod.create=\"r,,,ro,0 8 verity\t1 /dev/vda /dev/vdb 4096 4096 1 0 sha256 ",
                digits!(),
                " -\""
            ),
            // One that is wrong among others.
            concat!(
                "dm-mod.create=\"root,,,ro,",
                verity_table!("sha256 ", digits!(), " -"),
                ";usr,,,ro,",
                verity_table!("sha256 x -\"")
            ),
            // Unquoted, it ends at the first space.
            concat!(
                "dm-mod.create=root,,,ro,",
                verity_table!("sha256 ", digits!(), " -")
            ),
        ] {
            assert_eq!(unresolved(line, DmModCreate), Some(Invalid));
        }
        // The kernel knows no single quotes, and no prefix.
        for line in [
            concat!(
                "'dm-mod.create=r,,,ro,",
                verity_table!("sha256 ", digits!(), " -'")
            ),
            concat!(
                "rd.dm-mod.create=\"r,,,ro,",
                verity_table!("sha256 ", digits!(), " -\"")
            ),
        ] {
            assert_eq!(unresolved(line, DmModCreate), Some(Absent));
        }
    }
}
