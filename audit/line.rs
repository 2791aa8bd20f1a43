// SPDX-License-Identifier: GPL-2.0-only

//! The text of a record, for tests: in memory, with audit's rules for text that users chose.

use crate::abstractions::audit::Fields;
use crate::abstractions::fs::File;
use core::fmt::{
    self,
    Write, //
};
use kernel::alloc::flags::GFP_KERNEL;
use kernel::prelude::KVec;

/// The text of a record.
#[derive(Default, PartialEq)]
pub(super) struct Line(KVec<u8>);

impl Line {
    /// Returns the text.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds bytes. Without memory they are missing, which makes the test fail.
    fn append(&mut self, bytes: &[u8]) {
        let _ = self.0.extend_from_slice(bytes, GFP_KERNEL);
    }

    /// Returns whether this is the text.
    pub(super) fn is(&self, text: &str) -> bool {
        self.as_bytes() == text.as_bytes()
    }

    /// Returns the text before and after the first occurrence of `text`.
    pub(super) fn split(&self, text: &str) -> Option<(&[u8], &[u8])> {
        let at = (self.0.windows(text.len())).position(|window| window == text.as_bytes())?;
        Some((&self.0[..at], &self.0[at + text.len()..]))
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.append(text.as_bytes());
        Ok(())
    }
}

impl Fields for Line {
    fn text(&mut self, text: &str) {
        self.append(text.as_bytes());
    }

    fn open_quote(&mut self) {
        self.text("\"");
    }

    fn close_quote(&mut self) {
        self.text("\"");
    }

    fn number(&mut self, number: u64) {
        self.format(format_args!("{number}"));
    }

    fn format(&mut self, text: fmt::Arguments<'_>) {
        // Text that is missing makes the test fail.
        let _ = self.write_fmt(text);
    }

    // As `audit_log_n_untrustedstring` of kernel/audit.c does.
    fn untrusted(&mut self, bytes: &[u8]) {
        let control = |&byte: &u8| byte == b'"' || !(0x21..=0x7e).contains(&byte);
        if bytes.iter().any(control) {
            return self.hex(bytes);
        }
        self.text("\"");
        self.append(bytes);
        self.text("\"");
    }

    fn hex(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.format(format_args!("{byte:02X}"));
        }
    }

    fn path(&mut self, _file: &File) {
        self.text("\"/path\"");
    }
}
