// SPDX-License-Identifier: GPL-2.0-only

//! Entries of `journalctl -o json`.

mod flat;

use super::{
    form::{after_any, of_kernel},
    is_marked, judge,
    record::Record,
    Line, OF_JOURNALD,
};
use memchr::{memchr2, memmem};
use serde::{
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
    Deserialize, Deserializer,
};
use std::{borrow::Cow, fmt};

/// Parses an entry, and hands a record in it on.
pub(super) fn parse<T>(line: &[u8], take: impl FnOnce(&Record<'_>) -> T) -> Line<T> {
    // Most entries of a journal are about something else: neither a record, nor a message as a list
    // of bytes, nor one that may be a record with escapes, nor one that is left out.
    if !is_marked(line)
        && memchr2(b'[', b'\\', line).is_none()
        && memmem::find(line, b"1420").is_none()
    {
        return Line::Other;
    }
    let entry = flat::parse(line).or_else(|| serde_json::from_slice(line).ok());
    let Some(entry) = entry else {
        return judge(None, &String::from_utf8_lossy(line), take);
    };
    let Some(message) = entry.message.into_text() else {
        // Long fields are only shown with --all.
        return match entry.audit_type.as_str() {
            Some("1420") => Line::Doubtful,
            _ => Line::Other,
        };
    };
    let record = match entry.transport.as_str() {
        Some("audit") => after_any(&message, &OF_JOURNALD)
            .and_then(Record::parse)
            .map(|record| Record {
                stamp: entry.stamp.text().map(Cow::Owned),
                ..record
            }),
        // Lines of programs in /dev/kmsg have the same transport, but never the kernel's facility.
        Some("kernel") if matches!(entry.facility.as_str(), None | Some("0")) => {
            of_kernel(&message)
        }
        _ => None,
    };
    judge(record, &message, take)
}

/// The fields of an entry that matter here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Entry<'e> {
    message: Field<'e>,
    transport: Field<'e>,
    facility: Field<'e>,
    audit_type: Field<'e>,
    stamp: Stamp<'e>,
}

impl<'e> Entry<'e> {
    /// Returns the place of a field that matters.
    fn field(&mut self, key: &[u8]) -> Option<&mut Field<'e>> {
        Some(match key {
            b"MESSAGE" => &mut self.message,
            b"_TRANSPORT" => &mut self.transport,
            b"SYSLOG_FACILITY" => &mut self.facility,
            b"_AUDIT_TYPE" => &mut self.audit_type,
            b"_AUDIT_ID" => &mut self.stamp.serial,
            b"_SOURCE_REALTIME_TIMESTAMP" => self.stamp.source.get_or_insert_default(),
            b"__REALTIME_TIMESTAMP" => self.stamp.journal.get_or_insert_default(),
            _ => return None,
        })
    }
}

/// The source of an entry's time and serial number.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stamp<'e> {
    source: Option<Field<'e>>,
    journal: Option<Field<'e>>,
    serial: Field<'e>,
}

impl Stamp<'_> {
    /// The time and serial number as in the text of a log.
    fn text(&self) -> Option<String> {
        let time = self.source.as_ref().or(self.journal.as_ref())?;
        let time = time.as_str()?.parse::<u64>().ok()?;
        let serial = self.serial.as_str().unwrap_or("?");
        let (seconds, rest) = (time / 1_000_000, time % 1_000_000 / 1000);
        Some(format!("{seconds}.{rest:03}:{serial}"))
    }
}

impl<'de: 'e, 'e> Deserialize<'de> for Entry<'e> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Entry<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry of the journal")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entry = Entry::default();
                while let Some(Field::Text(key)) = map.next_key()? {
                    match entry.field(key.as_bytes()) {
                        Some(field) => *field = map.next_value()?,
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(entry)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// The value of a field.
#[derive(Debug, Default, PartialEq, Eq)]
enum Field<'e> {
    Text(Cow<'e, str>),
    /// The journal writes text that is not UTF-8 as a list of bytes.
    Bytes(Vec<u8>),
    /// Nothing, or something that no field here has.
    #[default]
    Other,
}

impl<'e> Field<'e> {
    /// Returns the text that it has as such.
    fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bytes(_) | Self::Other => None,
        }
    }

    /// Returns the text that it has in any form.
    fn into_text(self) -> Option<Cow<'e, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned().into()),
            Self::Other => None,
        }
    }
}

impl<'de: 'e, 'e> Deserialize<'de> for Field<'e> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;

        impl<'de> Visitor<'de> for Value {
            type Value = Field<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the value of a field")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Field::Text(text.into()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Field::Text(text.to_owned().into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut bytes = Some(Vec::new());
                while let Some(item) = list.next_element::<serde_json::Value>()? {
                    let byte = item.as_u64().and_then(|byte| u8::try_from(byte).ok());
                    bytes = bytes.zip(byte).map(|(mut bytes, byte)| {
                        bytes.push(byte);
                        bytes
                    });
                }
                Ok(bytes.map_or(Field::Other, Field::Bytes))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Field::Other)
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }
        }

        deserializer.deserialize_any(Value)
    }
}
