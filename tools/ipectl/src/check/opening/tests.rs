// SPDX-License-Identifier: GPL-2.0-only

//! Each opening is found by its own options, and closed by what the hint says.

use super::*;
use crate::check::{check, check_kernel, Options};
use ipe_policy::policy::Providers;
use std::collections::BTreeSet;

/// A configuration that leaves nothing open, because it has next to nothing.
const CLOSED: &str = "\
CONFIG_SECURITY_IPE=y
CONFIG_IPE_PROP_DM_VERITY=y
CONFIG_IPE_PROP_DM_VERITY_SIGNATURE=y
CONFIG_IPE_PROP_DM_VERITY_CMDLINE=y
CONFIG_LSM=\"landlock,lockdown,ipe\"
CONFIG_STATIC_USERMODEHELPER=y
CONFIG_STATIC_USERMODEHELPER_PATH=\"\"
CONFIG_CMDLINE_OVERRIDE=y
";

/// Parts of a product's configuration.
const HARDENED: &str = include_str!("../../../tests/fixtures/check/hardened.config");

const LOCKED: &str = "\
CONFIG_SECURITY_LOCKDOWN_LSM=y
CONFIG_SECURITY_LOCKDOWN_LSM_EARLY=y
CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY=y
";

const HEADER: &str = "policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n";
const SIGNED: &str = "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n";
const KEXEC: &str = "op=KEXEC_IMAGE dmverity_signature=TRUE action=ALLOW\n";
const BY_COMMAND_LINE: &str = "op=EXECUTE dmverity_roothash=cmdline:usrhash action=ALLOW\n";
const ANY_KEXEC: &str = "DEFAULT op=KEXEC_IMAGE action=ALLOW\n";
/// Does not rely on anything that a configuration could leave open.
const PLAIN: &str = "op=EXECUTE boot_verified=TRUE action=ALLOW\n";

/// For each opening, what a configuration says that leaves it open, and what the policy says.
const OPEN: &[(&str, &str, &str)] = &[
    ("no-ipe", "# CONFIG_SECURITY_IPE is not set", PLAIN),
    ("ipe-not-started", "CONFIG_LSM=\"landlock,lockdown\"", PLAIN),
    (
        "firmware-signs",
        "CONFIG_IPE_POLICY_SIG_PLATFORM_KEYRING=y",
        PLAIN,
    ),
    ("dm-verity-module", "CONFIG_DM_VERITY=m", SIGNED),
    (
        "kexec-command-line",
        "# CONFIG_CMDLINE_OVERRIDE is not set",
        KEXEC,
    ),
    ("kexec-load", "CONFIG_KEXEC=y", ANY_KEXEC),
    (
        "root-hash-from-boot-loader",
        "# CONFIG_CMDLINE_OVERRIDE is not set",
        BY_COMMAND_LINE,
    ),
    (
        "root-hash-from-bootconfig",
        "CONFIG_BOOT_CONFIG=y",
        BY_COMMAND_LINE,
    ),
    (
        "helpers-with-all-capabilities",
        "# CONFIG_STATIC_USERMODEHELPER is not set",
        PLAIN,
    ),
    ("proc-mem-override", "CONFIG_PROC_MEM_ALWAYS_FORCE=y", PLAIN),
    ("open-vfio-noiommu", "CONFIG_VFIO_NOIOMMU=y", PLAIN),
    (
        "open-kexec-bpf",
        "CONFIG_KEXEC=y\nCONFIG_BPF_SYSCALL=y\nCONFIG_BPF_JIT=y\nCONFIG_DEBUG_INFO_BTF=y",
        PLAIN,
    ),
    ("open-dev-mem", "CONFIG_DEVMEM=y", PLAIN),
    ("open-dev-port", "CONFIG_DEVPORT=y", PLAIN),
    ("open-phram", "CONFIG_MTD_PHRAM=m", PLAIN),
    ("open-efi-test", "CONFIG_EFI_TEST=m", PLAIN),
    ("open-hibernation", "CONFIG_HIBERNATION=y", PLAIN),
    ("open-pci", "CONFIG_PCI=y", PLAIN),
    ("open-cxl", "CONFIG_CXL_MEM_RAW_COMMANDS=y", PLAIN),
    ("open-io-ports", "CONFIG_X86_IOPL_IOPERM=y", PLAIN),
    ("open-msr", "CONFIG_X86_MSR=m", PLAIN),
    ("open-acpi-tables", "CONFIG_ACPI_CONFIGFS=m", PLAIN),
    ("open-device-tree", "CONFIG_PPC_PSERIES=y", PLAIN),
    ("open-pcmcia", "CONFIG_PCMCIA=m", PLAIN),
    ("open-serial", "CONFIG_SERIAL_CORE=y", PLAIN),
    ("open-module-parameters", "CONFIG_MODULES=y", PLAIN),
    ("open-mmiotrace", "CONFIG_MMIOTRACE_TEST=m", PLAIN),
    ("open-debugfs", "CONFIG_DEBUG_FS=y", PLAIN),
    ("open-xmon", "CONFIG_XMON=y", PLAIN),
    ("open-bpf-write-user", "CONFIG_BPF_EVENTS=y", PLAIN),
    ("open-kgdb", "CONFIG_KGDB=y", PLAIN),
    ("open-rtas", "CONFIG_PPC_RTAS=y", PLAIN),
    ("open-xen", "CONFIG_XEN_PRIVCMD=m", PLAIN),
];

/// Those that come with debugfs alone.
const OPEN_BY_DEBUGFS: &[(&str, &str)] = &[
    ("open-tpmi", "CONFIG_INTEL_TPMI=m"),
    ("open-amdgpu", "CONFIG_DRM_AMDGPU=m"),
];

/// Those that come with a command line that the boot loader chooses.
const OPEN_BY_BOOT_LOADER: &[&str] = &["CONFIG_CMDLINE_EXTEND=y", "CONFIG_CMDLINE_BOOL=y"];

fn kernel(text: &str) -> Kconfig {
    Kconfig::parse("test.config", text).unwrap()
}

/// Returns the names of the findings about a configuration and a policy with these lines.
fn found(config: &str, lines: &str) -> Vec<&'static str> {
    let kernel = kernel(config);
    let source = Source::from_text("p.pol", format!("{HEADER}{lines}").as_bytes());
    let options = Options {
        kernel: Some(kernel.clone()),
        ..Options::default()
    };
    let of_kernel = check_kernel(&kernel).diagnostics;
    let of_policy = check(&source, &options).diagnostics;
    let all = of_kernel.into_iter().chain(of_policy);
    let openings = all.filter(|found| OPENINGS.iter().any(|opening| opening.code == found.code));
    openings.map(|found| found.code).collect()
}

#[test]
fn closed_configuration_leaves_nothing_open() {
    assert_eq!(found(CLOSED, BY_COMMAND_LINE), [""; 0]);
    for lines in [PLAIN, SIGNED, KEXEC, ANY_KEXEC] {
        assert_eq!(found(CLOSED, lines), [""; 0], "{lines}");
        assert_eq!(found(HARDENED, lines), [""; 0], "{lines}");
    }
}

#[test]
fn each_opening_is_found_by_its_options() {
    for (code, options, lines) in OPEN {
        assert_eq!(
            found(&format!("{CLOSED}{options}\n"), lines),
            [*code],
            "{options}"
        );
    }
    for (code, option) in OPEN_BY_DEBUGFS {
        let config = format!("{CLOSED}{option}\n");
        assert_eq!(found(&config, PLAIN), [""; 0], "{option}");
        let config = format!("{config}CONFIG_DEBUG_FS=y\n");
        let found = BTreeSet::from_iter(found(&config, PLAIN));
        assert_eq!(found, BTreeSet::from([*code, "open-debugfs"]));
    }
    for option in OPEN_BY_BOOT_LOADER {
        let config = format!("{CLOSED}{option}\n");
        assert_eq!(found(&config, BY_COMMAND_LINE), [""; 0], "{option}");
        let config = format!("{config}# CONFIG_CMDLINE_OVERRIDE is not set\n");
        assert_eq!(
            found(&config, BY_COMMAND_LINE),
            ["root-hash-from-boot-loader", "root-hash-from-configuration"]
        );
        assert_eq!(found(&config, PLAIN), [""; 0], "{option}");
    }
}

#[test]
fn each_opening_has_a_case() {
    let cases = OPEN.iter().map(|case| case.0);
    let cases = cases.chain(OPEN_BY_DEBUGFS.iter().map(|case| case.0));
    let cases = cases.chain(["root-hash-from-configuration"]);
    let codes = OPENINGS.iter().map(|opening| opening.code);
    assert_eq!(
        cases.collect::<BTreeSet<_>>(),
        codes.collect::<BTreeSet<_>>()
    );
}

#[test]
fn lockdown_closes_what_it_says() {
    for (code, options, lines) in OPEN {
        let opening = OPENINGS
            .iter()
            .find(|opening| opening.code == *code)
            .unwrap();
        let closes = matches!(opening.when, When::Unlocked) || *code == "kexec-load";
        let found = found(&format!("{CLOSED}{options}\n{LOCKED}"), lines);
        assert_eq!(found.is_empty(), closes, "{code}: {found:?}");
        assert_eq!(
            opening.hint == LOCK,
            matches!(opening.when, When::Unlocked),
            "{code}"
        );
    }
}

#[test]
fn lockdown_counts_only_where_it_is_forced() {
    for (lines, locked) in [
        (LOCKED, true),
        (
            "CONFIG_SECURITY_LOCKDOWN_LSM=y\nCONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY=y\n",
            true,
        ),
        (
            "CONFIG_SECURITY_LOCKDOWN_LSM=y\nCONFIG_LOCK_DOWN_KERNEL_FORCE_NONE=y\n",
            false,
        ),
        (
            "CONFIG_SECURITY_LOCKDOWN_LSM=y\nCONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT=y\n",
            false,
        ),
        ("CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY=y\n", false),
    ] {
        assert_eq!(
            is_locked_down(&kernel(&format!("{CLOSED}{lines}"))),
            locked,
            "{lines}"
        );
    }
    // The list starts it, or it starts before the list is read.
    let without = "CONFIG_LSM=\"ipe\"\n";
    assert!(is_locked_down(&kernel(&format!(
        "{CLOSED}{LOCKED}{without}"
    ))));
    let late = LOCKED.replace("CONFIG_SECURITY_LOCKDOWN_LSM_EARLY=y\n", "");
    assert!(is_locked_down(&kernel(&format!("{CLOSED}{late}"))));
    assert!(!is_locked_down(&kernel(&format!(
        "{CLOSED}{late}{without}"
    ))));
}

#[test]
fn opening_is_closed_by_other_options_or_by_the_policy() {
    for (code, options, _) in OPEN {
        let opening = OPENINGS
            .iter()
            .find(|opening| opening.code == *code)
            .unwrap();
        if matches!(opening.when, When::Line(_) | When::Image(_)) {
            assert_eq!(
                found(&format!("{CLOSED}{options}\n"), PLAIN),
                [""; 0],
                "{code}"
            );
        }
    }
    // A kernel that no program can load, and one that ignores its command line.
    for options in [
        "# CONFIG_KEXEC is not set\n# CONFIG_KEXEC_FILE is not set",
        "CONFIG_CMDLINE_FORCE=y",
    ] {
        let config = format!("{CLOSED}# CONFIG_CMDLINE_OVERRIDE is not set\n{options}\n");
        assert_eq!(found(&config, KEXEC), [""; 0], "{options}");
    }
    for closed in [
        "CONFIG_DEVMEM=y\nCONFIG_STRICT_DEVMEM=y",
        "CONFIG_DEBUG_FS=y\nCONFIG_DEBUG_FS_ALLOW_NONE=y",
        "CONFIG_XMON=y\nCONFIG_XMON_DEFAULT_RO_MODE=y",
        "CONFIG_XEN_PRIVCMD=y",
        "CONFIG_KEXEC=y\nCONFIG_BPF_SYSCALL=y\nCONFIG_BPF_JIT=y",
    ] {
        assert_eq!(
            found(&format!("{CLOSED}{closed}\n"), PLAIN),
            [""; 0],
            "{closed}"
        );
    }
}

#[test]
fn line_that_allows_kexec_is_found() {
    for (text, number) in [
        (format!("{HEADER}{PLAIN}"), None),
        (format!("{HEADER}{PLAIN}{KEXEC}"), Some(4)),
        (format!("{HEADER}{ANY_KEXEC}{KEXEC}"), Some(4)),
        (format!("{HEADER}{ANY_KEXEC}"), Some(3)),
        (
            "policy_name=p policy_version=1.0.0\nDEFAULT action=ALLOW\n".to_owned(),
            Some(2),
        ),
        (
            "policy_name=p policy_version=1.0.0\nDEFAULT action=ALLOW\n\
             DEFAULT op=KEXEC_IMAGE action=DENY\n"
                .to_owned(),
            None,
        ),
        (
            format!("{HEADER}op=KEXEC_INITRAMFS dmverity_signature=TRUE action=ALLOW\n"),
            None,
        ),
        (
            format!("{HEADER}op=KEXEC_IMAGE dmverity_signature=TRUE action=DENY\n"),
            None,
        ),
    ] {
        let policy = Policy::compile(text.as_bytes(), Providers::ALL).unwrap();
        let lines = policy.lines();
        let line = allows_kexec(&policy, &lines).map(|line| line.position.line);
        assert_eq!(line, number, "{text}");
    }
}

#[test]
fn kexec_without_a_configuration_is_a_note() {
    for (lines, noted) in [
        (PLAIN, false),
        (SIGNED, false),
        (KEXEC, true),
        (ANY_KEXEC, true),
    ] {
        let text = format!("{HEADER}{lines}");
        let source = Source::from_text("p.pol", text.as_bytes());
        let policy = Policy::compile(text.as_bytes(), Providers::ALL).unwrap();
        let found = of_policy(&source, &policy, None);
        let found: Vec<_> = found.iter().map(|one| (one.code, one.severity)).collect();
        let note = ("kexec-command-line", Severity::Note);
        assert_eq!(found, if noted { vec![note] } else { vec![] }, "{lines}");
    }
}
