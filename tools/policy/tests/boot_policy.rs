// SPDX-License-Identifier: GPL-2.0-only

//! The program that checks the boot policy while the kernel is built: the texts that it accepts,
//! those that stop the build, and its messages.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The Kconfig symbols of a kernel that provides the whole language.
const ALL: [&str; 11] = [
    "IPE_PROP_DM_VERITY",
    "IPE_PROP_DM_VERITY_SIGNATURE",
    "IPE_PROP_FS_VERITY",
    "IPE_PROP_FS_VERITY_BUILTIN_SIG",
    CMDLINE,
    "IPE_PROP_ANONYMOUS_MEMORY",
    "IPE_PROP_EXE",
    "IPE_PROP_METADATA_BACKING",
    "IPE_OP_PTRACE",
    "IPE_OP_SCRIPT",
    "IPE_PROP_MODIFIED",
];

const CMDLINE: &str = "IPE_PROP_DM_VERITY_CMDLINE";

/// Returns all of them but one.
fn all_but(symbol: &str) -> Vec<&str> {
    ALL.into_iter().filter(|name| *name != symbol).collect()
}

/// A directory of one test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("boot-policy-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Runs the program in the directory.
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_check-boot-policy"))
            .current_dir(&self.0)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Checks a text, as the kernel's build does, for a kernel with these symbols.
    fn check(&self, text: impl AsRef<[u8]>, symbols: &[&str]) -> Result<Vec<u8>, String> {
        let _ = fs::remove_file(self.0.join("out"));
        fs::write(self.0.join("boot.pol"), text).unwrap();
        let arguments = [&["out", "boot.pol"], symbols].concat();
        let output = self.run(&arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.stdout.is_empty());
        if output.status.success() {
            assert_eq!(said, "");
            Ok(fs::read(self.0.join("out")).unwrap())
        } else {
            assert_eq!(output.status.code(), Some(1));
            assert!(!self.0.join("out").exists(), "it has written nevertheless");
            Err(said)
        }
    }
}

/// A policy with these lines from line 3 on.
fn policy(lines: &str) -> String {
    format!("policy_name=boot policy_version=0.0.0\nDEFAULT action=DENY\n{lines}\n")
}

#[test]
fn what_is_good_is_copied_byte_for_byte() {
    let directory = Directory::new("good");
    let texts = [
        policy(""),
        policy("op=EXECUTE boot_verified=TRUE action=ALLOW # why"),
        policy(&format!(
            "op=EXECUTE fsverity_digest=sha256:{} action=ALLOW",
            "0aF".repeat(21) + "1"
        )),
        "\r\n# comment\r\n policy_name=a\tpolicy_version=1.2.3 \r\nDEFAULT action=ALLOW".into(),
    ];
    for text in texts {
        assert_eq!(directory.check(&text, &ALL), Ok(text.into_bytes()));
    }
    // Any byte that a name may have.
    let text = b"policy_name=b\xff\x01t policy_version=0.0.0\nDEFAULT action=DENY";
    assert_eq!(directory.check(text, &ALL), Ok(text.to_vec()));
}

#[test]
fn the_examples_are_good() {
    let directory = Directory::new("examples");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Documentation/examples");
    for example in fs::read_dir(examples).unwrap() {
        let text = fs::read(example.unwrap().path()).unwrap();
        assert_eq!(directory.check(&text, &ALL), Ok(text));
    }
}

#[test]
fn without_a_boot_policy_there_is_nothing() {
    let directory = Directory::new("none");
    // kbuild passes what is left of a list of files.
    for input in ["", " ", "  "] {
        fs::write(directory.0.join("out"), "of before").unwrap();
        let output = directory.run(&["out", input, ALL[0]]);
        assert!(output.status.success());
        assert!(output.stderr.is_empty());
        assert_eq!(fs::read(directory.0.join("out")).unwrap(), b"");
    }
}

#[test]
fn an_error_has_its_place() {
    let directory = Directory::new("error");
    let cases = [
        ("", "1:1: error: the policy is empty"),
        ("# no policy\n", "2:1: error: the policy is empty"),
        (
            "DEFAULT action=DENY\n",
            "1:1: error: the policy must begin with policy_name=",
        ),
        (
            "policy_name=a policy_version=1.2\nDEFAULT action=DENY\n",
            "1:30: error: the version must have three numbers, it has fewer",
        ),
        (
            "policy_name=a policy_version=1.2.65536\nDEFAULT action=DENY\n",
            "1:34: error: a number of a version can be at most 65535",
        ),
        (
            &policy("op=EXEC action=ALLOW"),
            "3:1: error: unknown operation",
        ),
        (
            &policy("\n\r\n op=EXECUTE  trusted=TRUE action=ALLOW"),
            "5:14: error: unknown property",
        ),
        (
            &policy("op=EXECUTE boot_verified=true action=ALLOW"),
            "3:26: error: the value must be TRUE or FALSE",
        ),
        (&policy("# NUL\0"), "3:6: error: NUL byte"),
    ];
    for (text, said) in cases {
        let said = format!("boot.pol:{said}\n");
        assert_eq!(directory.check(text, &ALL), Err(said), "{text:?}");
    }
}

#[test]
fn every_error_is_told() {
    let directory = Directory::new("errors");
    let text = policy("op=EXEC action=ALLOW\nop=EXECUTE action=allow\nop=KMODULE action=ALLOW");
    let said = directory.check(text, &ALL).unwrap_err();
    let places: Vec<_> = said
        .lines()
        .map(|line| line.rsplit_once(": error: ").unwrap().0)
        .collect();
    assert_eq!(places, ["boot.pol:3:1", "boot.pol:4:12"]);
}

#[test]
fn what_could_not_match_is_an_error() {
    let directory = Directory::new("strict");
    let digits = "01".repeat(28);
    let cases = [
        (
            format!("op=EXECUTE fsverity_digest=sha256:{digits} action=DENY"),
            "3:35: error: the rule never matches: the digest has 28 bytes, those of its algorithm have 32",
        ),
        (
            format!("op=EXECUTE dmverity_roothash=sha257:{digits} action=DENY"),
            "3:30: error: the rule never matches: unknown hash algorithm",
        ),
        (
            format!("op=EXECUTE fsverity_digest=sha224:{digits} action=DENY"),
            "3:28: error: the rule never matches: fs-verity does not use this hash algorithm",
        ),
        (
            "op=EXECUTE boot_verified=TRUE boot_verified=FALSE action=DENY".to_owned(),
            "3:31: error: the rule never matches: it contradicts an earlier property",
        ),
    ];
    for (rule, said) in cases {
        let said = format!("boot.pol:{said}\n");
        assert_eq!(directory.check(policy(&rule), &ALL), Err(said), "{rule}");
    }
}

#[test]
fn a_property_needs_its_provider_in_this_kernel() {
    let directory = Directory::new("providers");
    let digest = format!("sha256:{}", "01".repeat(32));
    let cases = [
        ("dmverity_roothash", digest.as_str(), "IPE_PROP_DM_VERITY"),
        ("dmverity_signature", "TRUE", "IPE_PROP_DM_VERITY_SIGNATURE"),
        ("fsverity_digest", digest.as_str(), "IPE_PROP_FS_VERITY"),
        (
            "fsverity_signature",
            "TRUE",
            "IPE_PROP_FS_VERITY_BUILTIN_SIG",
        ),
    ];
    for (property, value, symbol) in cases {
        let text = policy(&format!("op=EXECUTE {property}={value} action=ALLOW"));
        let said = directory.check(&text, &all_but(symbol)).unwrap_err();
        assert_eq!(
            said,
            format!(
                "boot.pol:3:12: error: the rule never matches: the kernel is built without CONFIG_{symbol}\n"
            )
        );
        assert!(directory.check(&text, &[symbol]).is_ok());
    }
    // This one is always there.
    let text = policy("op=EXECUTE boot_verified=TRUE action=ALLOW");
    assert!(directory.check(text, &[]).is_ok());
}

#[test]
fn an_extension_must_be_in_this_kernel() {
    let directory = Directory::new("extensions");
    let cases = [
        (
            "op=EXECUTE anonymous_memory=FALSE action=DENY",
            12,
            "IPE_PROP_ANONYMOUS_MEMORY",
        ),
        (
            "op=PTRACE exe_boot_verified=TRUE action=DENY",
            11,
            "IPE_PROP_EXE",
        ),
        ("op=PTRACE action=DENY", 1, "IPE_OP_PTRACE"),
        (
            "DEFAULT op=UNCHECKED_SCRIPT action=DENY",
            9,
            "IPE_OP_SCRIPT",
        ),
        ("op=INTERACTIVE_SCRIPT action=DENY", 1, "IPE_OP_SCRIPT"),
        (
            &format!(
                "op=EXECUTE metadata_backing_file_fsverity_digest=sha256:{} action=ALLOW",
                "01".repeat(32)
            ),
            12,
            "IPE_PROP_METADATA_BACKING",
        ),
        (
            "op=EXECUTE modified=TRUE action=DENY",
            12,
            "IPE_PROP_MODIFIED",
        ),
    ];
    for (line, column, symbol) in cases {
        let text = policy(line);
        let said = directory.check(&text, &all_but(symbol)).unwrap_err();
        assert_eq!(
            said,
            format!("boot.pol:3:{column}: error: the kernel is built without CONFIG_{symbol}\n")
        );
        assert_eq!(directory.check(&text, &ALL), Ok(text.into_bytes()));
    }
}

#[test]
fn the_command_line_is_known_at_boot() {
    let directory = Directory::new("command-line");
    let rule = |name: &str| {
        policy(&format!(
            "op=EXECUTE dmverity_roothash=cmdline:{name} action=ALLOW"
        ))
    };
    for name in ["roothash", "usrhash", "dm-mod.create"] {
        let text = rule(name);
        let provided = ["IPE_PROP_DM_VERITY", CMDLINE];
        assert_eq!(
            directory.check(&text, &provided),
            Ok(text.clone().into_bytes())
        );
        assert_eq!(
            directory.check(&text, &all_but(CMDLINE)).unwrap_err(),
            "boot.pol:3:30: error: the kernel is built without CONFIG_IPE_PROP_DM_VERITY_CMDLINE\n"
        );
    }
    assert_eq!(
        directory.check(rule("root"), &ALL),
        Err("boot.pol:3:30: error: unknown parameter of the kernel's command line\n".to_owned())
    );
}

#[test]
fn the_name_must_be_that_of_a_directory() {
    let directory = Directory::new("name");
    let long = "x".repeat(256);
    for name in [".", "..", "/", "a/b", "a/", &long] {
        let text = format!(
            "# first\r\n\n\r  policy_name={name} policy_version=1.0.0\nDEFAULT action=DENY"
        );
        let said = "boot.pol:4:15: error: no directory can have the policy's name\n".to_owned();
        assert_eq!(directory.check(text, &ALL), Err(said), "{name}");
    }
    for name in ["...", ".a", &long[1..]] {
        let text = format!("policy_name={name} policy_version=1.0.0\nDEFAULT action=DENY");
        assert!(directory.check(text, &ALL).is_ok(), "{name}");
    }
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let directory = Directory::new("files");
    let output = directory.run(&["out", "missing.pol"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("missing.pol: "), "{said}");

    fs::write(directory.0.join("boot.pol"), policy("")).unwrap();
    let output = directory.run(&["missing/out", "boot.pol"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("missing/out: "), "{said}");

    assert_eq!(directory.run(&["out"]).status.code(), Some(2));
}
