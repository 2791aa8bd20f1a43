// SPDX-License-Identifier: GPL-2.0-only

//! Formatting changes the text of a policy, and never its meaning.

use super::*;
use ipe_policy::policy::Providers;

fn formatted(text: &str) -> String {
    let policy = Policy::compile(text.as_bytes(), Providers::ALL).unwrap();
    let once = format(&policy);
    assert_eq!(meaning(text.as_bytes()), meaning(&once));
    let policy = Policy::compile(&once, Providers::ALL).unwrap();
    assert_eq!(format(&policy), once, "twice is as once");
    String::from_utf8(once).unwrap()
}

#[test]
fn format_is_canonical() {
    let text = "\n\n#  who \t\r\n\tpolicy_name=a\t policy_version=1.0.0  \r\n\r\n\n\n\
        DEFAULT  action=DENY#all\r op=EXECUTE   fsverity_digest=sha256:\
        FD88F2B8824E197F850BF4C5109BEA5CF0EE38104F710843BB72DA796BA5AF9E action=ALLOW\n\n\n";
    assert_eq!(
        formatted(text),
        "#  who\npolicy_name=a policy_version=1.0.0\n\nDEFAULT action=DENY #all\n\
        op=EXECUTE fsverity_digest=sha256:\
        fd88f2b8824e197f850bf4c5109bea5cf0ee38104f710843bb72da796ba5af9e action=ALLOW\n"
    );
}

#[test]
fn digest_that_cannot_match_keeps_its_algorithm() {
    let text = "policy_name=a policy_version=1.0.0\nDEFAULT action=DENY\n\
        op=EXECUTE dmverity_roothash=CRC:: action=DENY\n";
    let policy = Policy::compile(text.as_bytes(), Providers::ALL);
    // The colon is not a digit. A policy that loads keeps the spelling of the algorithm.
    assert!(policy.is_err());
    let text = text.replace("CRC::", "CRC:AB");
    assert!(formatted(&text).contains("dmverity_roothash=CRC:ab"));
}

#[test]
fn algorithm_of_any_bytes_is_kept() {
    let text = b"policy_name=a policy_version=1.0.0\nDEFAULT action=DENY\n\
        op=EXECUTE dmverity_roothash=X\xff\x1b:AB action=DENY\n";
    let policy = Policy::compile(text, Providers::ALL).unwrap();
    let line = b"op=EXECUTE dmverity_roothash=X\xff\x1b:ab action=DENY\n";
    assert!(format(&policy).ends_with(line));
}
