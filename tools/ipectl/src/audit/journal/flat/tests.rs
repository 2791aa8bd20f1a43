// SPDX-License-Identifier: GPL-2.0-only

//! Both readers find the same in an entry.

use super::*;

/// An entry as `journalctl -o json` shows it.
const ENTRY: &str = r#"{"__REALTIME_TIMESTAMP":"1653364370067042","_TRANSPORT":"audit","AUDIT_FIELD_COMM":"a \"b\"\\","_AUDIT_ID":"61","MESSAGE":"IPE_ACCESS ipe_op=EXECUTE comm=\"sh\" path=\"/a\tö\/\"","_SOURCE_REALTIME_TIMESTAMP":"1653364370067000","LONG":null,"_AUDIT_TYPE":"1420","SYSLOG_FACILITY":"4"}"#;

/// Checks that an entry of the plain form is the same to the other reader. Returns whether it was of
/// this form.
fn compare(line: &[u8]) -> bool {
    let Some(plain) = parse(line) else {
        return false;
    };
    let text = String::from_utf8_lossy(line);
    let general = serde_json::from_slice(line);
    assert_eq!(Some(plain), general.ok(), "{text}");
    true
}

#[test]
fn usual_entry_has_the_plain_form() {
    assert!(compare(ENTRY.as_bytes()));
    assert!(compare(
        b"{ \"MESSAGE\" :\t\"x\" , \"MESSAGE\": null } \r\n"
    ));
    assert!(compare(b"{\"MESSAGE\":\"\",\"_AUDIT_ID\":\"\\\\\"}"));
}

#[test]
fn every_changed_byte_is_read_alike() {
    let bytes = ENTRY.as_bytes();
    let mut plain = 0;
    for place in 0..bytes.len() {
        for byte in [
            0, b'\n', 0x1f, b' ', b'"', b'\\', b',', b'u', b'}', b'{', b'[', 0x7f, 0xff,
        ] {
            let mut changed = bytes.to_vec();
            changed[place] = byte;
            plain += usize::from(compare(&changed));
        }
        compare(&bytes[..place]);
        let inserted = [&bytes[..place], b"\"", &bytes[place..]].concat();
        compare(&inserted);
    }
    // Most bytes are in strings, where most others may stand, too.
    assert!(plain > 3 * bytes.len(), "{plain}");
}

#[test]
fn other_forms_are_left_to_the_other_reader() {
    for line in [
        "",
        "{",
        "{}",
        "{\"MESSAGE\":[1,2]}",
        "{\"MESSAGE\":{\"a\":\"b\"}}",
        "{\"MESSAGE\":1}",
        "{\"MESSAGE\":\"\\u0041\"}",
        "{\"MESS\\u0041GE\":\"x\"}",
        "{\"MESSAGE\":\"x\"} {",
        "{\"MESSAGE\":\"x\",}",
        "{\"MESSAGE\":\"x\\",
        "{\"MESSAGE\":\"x\\\"}",
        "{\"MESSAGE\" \"x\"}",
        "{\"MESSAGE\":nul}",
        "{\"Ä\":\"x\"}",
    ] {
        assert!(parse(line.as_bytes()).is_none(), "{line}");
    }
}

#[test]
fn special_bytes_are_found_at_every_place() {
    for byte in 0..=u8::MAX {
        let is_special = matches!(byte, b'"' | b'\\' | 0..=0x1f);
        for place in 0..20 {
            for around in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                let mut text = [around; 20];
                text[place] = byte;
                assert_eq!(
                    special(&text),
                    is_special.then_some(place),
                    "{byte} {text:?}"
                );
            }
        }
    }
}
