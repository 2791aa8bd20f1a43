// SPDX-License-Identifier: GPL-2.0-only

//! Parsing of configurations and of other texts.

use super::*;
use flate2::{read::GzEncoder, Compression};
use ipe_policy::policy::{Extension, FilePropertyKind};

fn parse(text: &str) -> Option<Kconfig> {
    Kconfig::parse("test.config", text)
}

#[test]
fn options_are_read() {
    let kernel = parse(
        "CONFIG_SECURITY_IPE=y\nCONFIG_IPE_PROP_DM_VERITY=y\nCONFIG_DM_VERITY=m\n# CONFIG_IPE_PROP_FS_VERITY is not set\n",
    )
    .unwrap();
    assert!(kernel.has("SECURITY_IPE") && !kernel.strict);
    for kind in FilePropertyKind::ALL {
        let provided = [
            FilePropertyKind::BootVerified,
            FilePropertyKind::DmverityRoothash,
        ];
        // A policy that uses an extension in vain is refused for that.
        let expected = provided.contains(&kind) || kind.extension().is_some();
        assert_eq!(kernel.providers.contains(kind), expected);
    }
    assert!(kernel.providers.command_line().is_none());
    assert!(kernel.is_module("DM_VERITY") && kernel.enables("DM_VERITY"));
    assert!(!kernel.has("DM_VERITY"));
    assert!(kernel.rules_out("IPE_PROP_FS_VERITY"));
    assert!(!kernel.rules_out("KEXEC") && !kernel.enables("KEXEC"));
}

#[test]
fn extensions_are_those_that_are_built_in() {
    let text = "CONFIG_IPE_PROP_ANONYMOUS_MEMORY=y\nCONFIG_IPE_OP_PTRACE=y\n\
                # CONFIG_IPE_PROP_EXE is not set\n";
    let kernel = parse(text).unwrap();
    for extension in Extension::ALL {
        let built_in = [Extension::AnonymousMemory, Extension::Ptrace];
        let supports = kernel.providers.supports(extension);
        assert_eq!(supports, built_in.contains(&extension));
    }
}

#[test]
fn command_line_is_known_at_boot() {
    let kernel = parse("CONFIG_IPE_PROP_DM_VERITY_CMDLINE=y\n").unwrap();
    assert!(kernel.providers.command_line().is_some());
}

#[test]
fn last_line_about_an_option_counts() {
    let kernel = parse("CONFIG_A=y\nCONFIG_B=y\r\n# CONFIG_A is not set\n").unwrap();
    assert!(kernel.rules_out("A") && kernel.has("B"));
    let span = kernel.span("A").unwrap();
    assert_eq!((span.line, span.column, span.offset), (3, 1, 23));
}

#[test]
fn lsm_list_says_what_starts() {
    let with = |list: &str| parse(&format!("CONFIG_SECURITY=y\nCONFIG_LSM=\"{list}\"\n"));
    assert!(with("landlock,ipe").unwrap().starts("ipe"));
    assert!(!with("landlock,ipe2").unwrap().starts("ipe"));
    // The kernel takes blanks for part of a name.
    assert!(!with("landlock, ipe").unwrap().starts("ipe"));
    assert!(!with("").unwrap().starts("ipe"));
    assert!(parse("CONFIG_SECURITY=y\n").unwrap().starts("ipe"));
}

#[test]
fn gzip_is_unpacked() {
    let text = b"CONFIG_SECURITY_IPE=y\n";
    let mut packed = Vec::new();
    let mut reader = GzEncoder::new(&text[..], Compression::default());
    reader.read_to_end(&mut packed).unwrap();
    assert_eq!(unpack(packed.clone()).unwrap(), text);
    assert!(unpack(packed[..20].to_vec()).is_err());
    assert_eq!(unpack(text.to_vec()).unwrap(), text);
}

#[test]
fn other_text_is_refused() {
    assert!(parse("policy_name=x policy_version=0.0.0\n").is_none());
    assert!(parse("# CONFIG_A is not set\n").is_none());
}
