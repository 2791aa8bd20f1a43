// SPDX-License-Identifier: GPL-2.0-only

//! The reasons not to believe a line that reads like a record, and where to read the record.

/// The form of a line that is no evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// `ausearch -i` has removed the quotes, so that a name can pass for other fields.
    Interpreted,
    /// The text of `journalctl` and of syslog shows lines of all programs alike.
    JournalText,
    /// It is cut off, or its beginning is not that of a log.
    Unknown,
}

impl Doubt {
    /// Classifies a line.
    pub fn of(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line);
        let before = line.split("ipe_op=").next().unwrap_or_default();
        if before.starts_with("type=") && before.ends_with(") : ") {
            Self::Interpreted
        } else if before.ends_with("]: IPE_ACCESS ") || before.ends_with("]: AUDIT1420 ") {
            Self::JournalText
        } else {
            Self::Unknown
        }
    }

    /// Returns the reason and a command that shows the records as they are; none where the reason
    /// is not known. `one` is for a single record.
    pub const fn advice(self, one: bool) -> Option<&'static str> {
        match (self, one) {
            (Self::Interpreted, _) => Some(
                "'ausearch -i' shows names without quotes, so that they can pass for fields: use \
                 ausearch -m 1420 --raw",
            ),
            (Self::JournalText, true) => Some(
                "this form of the journal does not show which program wrote a line: use \
                 journalctl _AUDIT_TYPE=1420 -o cat -n 1, or -o json --all",
            ),
            (Self::JournalText, false) => Some(
                "this form of the journal does not show which program wrote a line: use \
                 journalctl _AUDIT_TYPE=1420 -o json --all",
            ),
            (Self::Unknown, _) => None,
        }
    }
}
