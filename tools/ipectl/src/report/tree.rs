// SPDX-License-Identifier: GPL-2.0-only

//! The files of an image as a tree of directories.

use super::{html::Text, verdict};
use crate::image::Judged;
use std::{collections::BTreeMap, fmt};

/// A directory.
#[derive(Default)]
pub(super) struct Tree<'j> {
    directories: BTreeMap<&'j str, Tree<'j>>,
    files: BTreeMap<&'j str, &'j Judged>,
    allowed: usize,
    denied: usize,
}

impl<'j> Tree<'j> {
    /// Sorts files into their directories.
    pub(super) fn of(files: &'j [Judged]) -> Self {
        let mut root = Self::default();
        for file in files {
            let mut names = file.path.split('/').filter(|name| !name.is_empty());
            let Some(name) = names.next_back() else {
                continue;
            };
            let mut tree = &mut root;
            tree.count(file);
            for directory in names {
                tree = tree.directories.entry(directory).or_default();
                tree.count(file);
            }
            tree.files.insert(name, file);
        }
        root
    }

    fn count(&mut self, file: &Judged) {
        if file.allowed {
            self.allowed += 1;
        } else {
            self.denied += 1;
        }
    }

    /// Returns the verdict about all files below, if it is one.
    fn common(&self) -> Option<bool> {
        match (self.allowed, self.denied) {
            (_, 0) => Some(true),
            (0, _) => Some(false),
            _ => None,
        }
    }
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<ul>\n")?;
        for (name, tree) in &self.directories {
            // Equal parts below need no look.
            let open = if tree.common().is_some() { "" } else { " open" };
            write!(
                f,
                "<li><details{open}><summary><code>{}/</code> ",
                Text(name)
            )?;
            match tree.common() {
                Some(allowed) => {
                    let count = tree.allowed + tree.denied;
                    write!(f, "{} ({count})", verdict(allowed))?;
                }
                None => write!(
                    f,
                    "{} ({}), {} ({})",
                    verdict(false),
                    tree.denied,
                    verdict(true),
                    tree.allowed
                )?,
            }
            write!(f, "</summary>\n{tree}</details></li>\n")?;
        }
        for (name, file) in &self.files {
            let operation = file.kind.operation().name();
            writeln!(
                f,
                "<li>{} <code>{}</code> ({operation})</li>",
                verdict(file.allowed),
                Text(name)
            )?;
        }
        f.write_str("</ul>\n")
    }
}
