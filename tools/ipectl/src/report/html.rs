// SPDX-License-Identifier: GPL-2.0-only

//! Text as HTML.

use crate::output::printable;
use std::fmt::{self, Write as _};

/// Text from elsewhere: displayed, it is text of a page or the value of an attribute in double
/// quotes, whatever is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'t>(pub(super) &'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in printable(self.0.as_bytes()).chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The beginning of a page. Nothing in it comes from elsewhere, and the policy of the page forbids
/// scripts and whatever is not in it.
pub(super) const HEAD: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
     'unsafe-inline'\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>\n",
    include_str!("report.css"),
    "</style>\n"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        let text = Text("<b a=\"1\" c='2'>&amp;\u{1b}[2J\u{202e}\n").to_string();
        assert_eq!(
            text,
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;\u{fffd}[2J\u{fffd}\u{fffd}"
        );
    }
}
