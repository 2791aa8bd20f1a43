// SPDX-License-Identifier: GPL-2.0-only

use super::*;
use ipe_policy::policy::Providers;

fn found(rule: &str, kernel: Option<&Kconfig>) -> Vec<Diagnostic> {
    let text = format!("policy_name=a policy_version=1.0.0\nDEFAULT action=DENY\n{rule}\n");
    let source = Source::from_text("a.pol", text.as_bytes());
    let policy = Policy::compile(text.as_bytes(), Providers::ALL).unwrap();
    of_policy(&source, &policy, kernel)
}

#[test]
fn rule_that_trusts_the_initramfs_alone_is_found() {
    for rule in [
        "op=POLICY boot_verified=TRUE action=ALLOW",
        "op=POLICY boot_verified=TRUE dmverity_signature=FALSE action=ALLOW",
    ] {
        let found = found(rule, None);
        assert_eq!(found.len(), 1, "{rule}");
        assert_eq!(found[0].code, "policy-from-initramfs");
        assert_eq!(found[0].line, 3);
    }
}

#[test]
fn other_rules_are_not() {
    for rule in [
        "op=POLICY boot_verified=TRUE action=DENY",
        "op=POLICY boot_verified=FALSE action=ALLOW",
        "op=POLICY action=ALLOW",
        "op=POLICY dmverity_signature=TRUE action=ALLOW",
        "op=POLICY boot_verified=TRUE dmverity_signature=TRUE action=ALLOW",
        "op=EXECUTE boot_verified=TRUE action=ALLOW",
    ] {
        assert!(found(rule, None).is_empty(), "{rule}");
    }
}

#[test]
fn only_where_the_kernel_loads_such_policies() {
    let rule = "op=POLICY boot_verified=TRUE action=ALLOW";
    let with = Kconfig::parse("a", "CONFIG_SECURITY_IPE=y\nCONFIG_IPE_POLICY_ORIGIN=y\n").unwrap();
    assert_eq!(found(rule, Some(&with)).len(), 1);
    let without = Kconfig::parse("a", "CONFIG_SECURITY_IPE=y\n").unwrap();
    assert!(found(rule, Some(&without)).is_empty());
}
