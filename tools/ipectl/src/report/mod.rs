// SPDX-License-Identifier: GPL-2.0-only

//! A page about a policy, and what it means for an image: HTML in one file.
//!
//! It needs no script and no other file. Colours repeat what words say.

mod html;
mod tree;

use self::{
    html::{Text, HEAD},
    tree::Tree,
};
use crate::{
    canonical,
    check::{parameters, Report, Severity},
    command_line::CommandLine,
    image::{Judged, Kind},
    object::Digest,
    policy::Policy,
    simulate::Used,
};
use ipe_policy::policy::{Action, Operation, Statement};
use std::fmt;

/// An image, and what the policy decides about its files.
pub struct Judgement<'p> {
    /// Its name.
    pub image: &'p str,
    /// The properties that its files are taken to have.
    pub properties: Vec<String>,
    /// Its files.
    pub files: &'p [Judged],
}

/// Everything that a page shows.
pub struct Page<'p> {
    /// The policy.
    pub policy: &'p Policy,
    /// The findings of `check`.
    pub report: &'p Report,
    /// The image, if one was named.
    pub judgement: Option<Judgement<'p>>,
    /// How many recorded decisions each line makes, if logs were named.
    pub used: Option<&'p [Used]>,
}

/// A verdict as a word with a colour.
fn verdict(allowed: bool) -> &'static str {
    if allowed {
        "<span class=\"allow\">allowed</span>"
    } else {
        "<span class=\"deny\">denied</span>"
    }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Allow => "<span class=\"allow\">ALLOW</span>",
        Action::Deny => "<span class=\"deny\">DENY</span>",
    }
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, version) = (self.policy.name(), self.policy.version());
        let title = Text(&name);
        write!(f, "{HEAD}<title>{title} {version}</title>\n</head>\n")?;
        write!(f, "<body>\n<main>\n<h1>{title} {version}</h1>\n")?;
        if let Some(judgement) = &self.judgement {
            self.write_summary(judgement, f)?;
        }
        self.write_findings(f)?;
        self.write_command_line(f)?;
        self.write_rules(f)?;
        if let Some(judgement) = &self.judgement {
            let tree = Tree::of(judgement.files);
            let image = Text(judgement.image);
            write!(f, "<h2>Files of {image}</h2>\n<div class=\"tree\">\n")?;
            writeln!(f, "{tree}</div>")?;
        }
        f.write_str("</main>\n</body>\n</html>\n")
    }
}

impl Page<'_> {
    /// Writes what the policy decides about an image, in numbers.
    fn write_summary(&self, judgement: &Judgement<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let image = Text(judgement.image);
        write!(
            f,
            "<h2>Verdicts about {image}</h2>\n<p>All files are taken "
        )?;
        if judgement.properties.is_empty() {
            f.write_str("to have no properties.</p>\n")?;
        } else {
            let properties = judgement.properties.join(", ");
            writeln!(f, "to have: <code>{}</code>.</p>", Text(&properties))?;
        }
        table(
            f,
            "Files by use",
            &["use", "operation", "allowed", "denied"],
        )?;
        for kind in Kind::ALL {
            let of_kind = || judgement.files.iter().filter(move |file| file.kind == kind);
            let allowed = of_kind().filter(|file| file.allowed).count();
            let denied = of_kind().count() - allowed;
            let (plural, operation) = (kind.plural(), kind.operation().name());
            writeln!(
                f,
                "<tr><th scope=\"row\">{plural}</th><td><code>{operation}</code></td>\
                 <td class=\"number\">{allowed}</td><td class=\"number\">{denied}</td></tr>"
            )?;
        }
        f.write_str("</tbody>\n</table>\n")
    }

    /// Writes the findings of `check`.
    fn write_findings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>Findings</h2>\n")?;
        if self.report.diagnostics.is_empty() {
            return f.write_str("<p>None.</p>\n");
        }
        table(
            f,
            "Findings of ipectl check",
            &["line", "severity", "finding"],
        )?;
        for finding in &self.report.diagnostics {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let line = match finding.line {
                0 => String::new(),
                line => line.to_string(),
            };
            let message = Text(&finding.message);
            write!(f, "<tr><td class=\"number\">{line}</td><td>{severity}</td>")?;
            write!(f, "<td>{message}")?;
            if let Some(hint) = &finding.hint {
                write!(f, "<br>Hint: {}", Text(hint))?;
            }
            f.write_str("</td></tr>\n")?;
        }
        f.write_str("</tbody>\n</table>\n")
    }

    /// Writes the root hashes that the kernel's command line gives to the words of the policy.
    fn write_command_line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.policy.command_line();
        let lines = self.policy.lines();
        let mut named: Vec<_> = lines.iter().flat_map(parameters).collect();
        named.sort_unstable_by_key(|parameter| parameter.name());
        named.dedup();
        if named.is_empty() || *line == CommandLine::AtBoot {
            return Ok(());
        }
        f.write_str("<h2>Command line</h2>\n")?;
        table(
            f,
            "Root hashes that the kernel's command line names",
            &["word", "root hash"],
        )?;
        for parameter in named {
            let name = parameter.name();
            let meaning = match line.root_hashes(parameter) {
                Ok(digests) => {
                    let texts: Vec<_> = digests.iter().map(Digest::to_string).collect();
                    texts.join(", ")
                }
                Err(reason) => format!("none: the command line has {} {name}=", reason.name()),
            };
            writeln!(
                f,
                "<tr><th scope=\"row\"><code>cmdline:{name}</code></th><td><code>{}</code></td></tr>",
                Text(&meaning)
            )?;
        }
        f.write_str("</tbody>\n</table>\n")
    }

    /// Writes the rules and defaults: those of each operation in the order in which they decide.
    fn write_rules(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "<h2>Rules</h2>\n<p>The first rule that matches decides, then the operation's default, \
             then the global default.</p>\n",
        )?;
        if self.used.is_some() {
            f.write_str(
                "<p>Records are recorded decisions that the line would make, as far as they are \
                 known. Lines that cannot make any are marked as unused.</p>\n",
            )?;
        }
        let lines = self.policy.lines();
        for operation in Operation::ALL.into_iter().map(Some).chain([None]) {
            let of_operation = lines.iter().filter_map(|line| match &line.statement {
                Statement::Rule(rule) if Some(rule.operation) == operation => {
                    let properties: Vec<_> = rule
                        .properties()
                        .map(|property| canonical::property(&property))
                        .collect();
                    let properties = match properties.as_slice() {
                        [] => "every file".to_owned(),
                        properties => properties.join(" "),
                    };
                    Some((line.position.line, properties, rule.action))
                }
                _ => None,
            });
            let default = lines.iter().filter_map(|line| match &line.statement {
                Statement::Default(of, action) if *of == operation => {
                    Some((line.position.line, "everything else".to_owned(), *action))
                }
                _ => None,
            });
            let mut rows = of_operation.chain(default).peekable();
            if rows.peek().is_none() {
                continue;
            }
            let caption = operation.map_or("Every operation", Operation::name);
            let columns = ["line", "object", "action", "records"];
            let shown = if self.used.is_some() { 4 } else { 3 };
            table(f, caption, &columns[..shown])?;
            for (line, object, verdict) in rows {
                self.write_rule(line, &object, verdict, f)?;
            }
            f.write_str("</tbody>\n</table>\n")?;
        }
        Ok(())
    }

    fn write_rule(
        &self,
        line: u32,
        object: &str,
        verdict: Action,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let used = self
            .used
            .map(|used| used.iter().find(|rule| rule.line == line));
        let is_unused = matches!(used, Some(Some(rule)) if rule.is_unused());
        let class = if is_unused { " class=\"unused\"" } else { "" };
        let (object, verdict) = (Text(object), action(verdict));
        write!(f, "<tr{class}><td class=\"number\">{line}</td>")?;
        write!(f, "<td><code>{object}</code></td><td>{verdict}</td>")?;
        match used {
            Some(Some(_)) if is_unused => f.write_str("<td>unused</td>")?,
            Some(Some(rule)) => write!(f, "<td class=\"number\">{}</td>", rule.records)?,
            Some(None) => f.write_str("<td></td>")?,
            None => {}
        }
        f.write_str("</tr>\n")
    }
}

/// Writes the beginning of a table.
fn table(f: &mut fmt::Formatter<'_>, caption: &str, columns: &[&str]) -> fmt::Result {
    write!(f, "<table>\n<caption>{caption}</caption>\n<thead>\n<tr>")?;
    for column in columns {
        write!(f, "<th scope=\"col\">{column}</th>")?;
    }
    f.write_str("</tr>\n</thead>\n<tbody>\n")
}
