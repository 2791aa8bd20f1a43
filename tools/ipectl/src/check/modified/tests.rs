// SPDX-License-Identifier: GPL-2.0-only

use crate::check::{check, Options};
use crate::source::Source;

const HASH: &str = "sha256:cd2c5bae7c6c579edaae4353049d58eb5f2e8be0244bf05345bc8e5ed257baff";

/// The line of each finding, and the line that it names.
fn found(lines: &str) -> Vec<(u32, String)> {
    let lines = lines.replace("HASH", HASH);
    let text = format!("policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n{lines}");
    let source = Source::from_text("p.pol", text.as_bytes());
    let found = check(&source, &Options::default()).diagnostics;
    let found = found
        .iter()
        .filter(|found| found.code == "modified-allowed");
    found
        .map(|found| {
            let named = found.message.split(' ').nth(1).unwrap_or_default();
            (found.line, named.to_owned())
        })
        .collect()
}

#[test]
fn earlier_rule_that_allows_some_is_found() {
    for allow in [
        "op=EXECUTE dmverity_signature=TRUE action=ALLOW",
        "op=EXECUTE fsverity_digest=HASH action=ALLOW",
        "op=EXECUTE boot_verified=TRUE anonymous_memory=FALSE action=ALLOW",
    ] {
        let text = format!("{allow}\nop=EXECUTE modified=TRUE action=DENY");
        assert_eq!(found(&text), [(4, "3".to_owned())], "{allow}");
        let text = format!("op=EXECUTE modified=TRUE action=DENY\n{allow}");
        assert_eq!(found(&text), [], "{allow}");
    }
    assert_eq!(
        found(
            "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n\
             op=EXECUTE modified=TRUE fsverity_digest=HASH action=DENY"
        ),
        [(4, "3".to_owned())]
    );
}

#[test]
fn rule_that_allows_no_modified_mapping_is_not_found() {
    for allow in [
        "op=EXECUTE dmverity_signature=TRUE modified=FALSE action=ALLOW",
        "op=EXECUTE anonymous_memory=TRUE action=ALLOW",
        "op=KMODULE dmverity_signature=TRUE action=ALLOW",
        // An exception that is meant.
        "op=EXECUTE modified=TRUE fsverity_digest=HASH action=ALLOW",
        // Another rule has denied them.
        "op=EXECUTE modified=TRUE dmverity_signature=TRUE action=DENY\n\
         op=EXECUTE dmverity_signature=TRUE action=ALLOW",
    ] {
        let text = format!("{allow}\nop=EXECUTE modified=TRUE action=DENY");
        assert_eq!(found(&text), [], "{allow}");
    }
    assert_eq!(
        found(
            "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n\
             op=EXECUTE modified=TRUE dmverity_signature=FALSE action=DENY"
        ),
        []
    );
}
