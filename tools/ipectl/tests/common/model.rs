// SPDX-License-Identifier: GPL-2.0-only

//! A model of the kernel's files.

use ipectl::{device::Files, source::Source};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::Path,
};

/// A policy that the model has.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) message: Option<Vec<u8>>,
    pub(crate) text: Vec<u8>,
    pub(crate) version: String,
}

/// A model that answers like the kernel.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) policies: RefCell<BTreeMap<String, Loaded>>,
    pub(crate) active: RefCell<Option<String>>,
    pub(crate) enforce: Cell<bool>,
    pub(crate) sealed: Cell<bool>,
    /// Whether it is noted which rules decide.
    pub(crate) noted: Cell<bool>,
    /// The errno of the next write.
    pub(crate) refuse: Cell<Option<i32>>,
    /// Every write: the file and how many bytes.
    pub(crate) writes: RefCell<Vec<(String, usize)>>,
}

fn errno(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}

impl Model {
    /// A model that has one policy, which is active.
    pub(crate) fn with(name: &str, version: &str) -> Self {
        let model = Self::default();
        model.policies.borrow_mut().insert(
            name.to_owned(),
            Loaded {
                message: None,
                text: Vec::new(),
                version: version.to_owned(),
            },
        );
        *model.active.borrow_mut() = Some(name.to_owned());
        model
    }

    fn load(&self, message: &[u8]) -> io::Result<()> {
        // A path, which may end with a newline.
        let file = message.strip_prefix(b"/").map(|_| {
            let path = message.strip_suffix(b"\n").unwrap_or(message);
            fs::read(std::ffi::OsStr::from_bytes(path)).unwrap()
        });
        let is_path = file.is_some();
        let source = Source::parse(Path::new("message"), file.as_deref().unwrap_or(message))
            .map_err(|_| errno(libc::EBADMSG))?;
        let text = String::from_utf8(source.text.clone()).unwrap();
        let word = |key: &str| {
            let mut words = text.split_whitespace();
            words
                .find_map(|word| word.strip_prefix(key))
                .unwrap()
                .to_owned()
        };
        self.policies.borrow_mut().insert(
            word("policy_name="),
            Loaded {
                message: (!is_path).then(|| message.to_vec()),
                text: source.text,
                version: word("policy_version="),
            },
        );
        Ok(())
    }
}

impl Files for Model {
    fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        if file == "enforce" {
            return Ok(vec![b'0' + u8::from(self.enforce.get())]);
        }
        if file == "seal" {
            return Ok(vec![b'0' + u8::from(self.sealed.get())]);
        }
        let mut parts = file
            .strip_prefix("policies/")
            .unwrap_or_default()
            .split('/');
        let name = parts.next().unwrap_or_default();
        let policies = self.policies.borrow();
        let policy = policies.get(name).ok_or(errno(libc::ENOENT))?;
        match parts.next() {
            Some("version") => Ok(policy.version.clone().into_bytes()),
            Some("policy") => Ok(policy.text.clone()),
            Some("pkcs7") => policy.message.clone().ok_or(errno(libc::ENOENT)),
            Some("unused") if !self.noted.get() => Err(errno(libc::ENODATA)),
            Some("unused") => Ok(b"4:3: op=FIRMWARE action=ALLOW\n".to_vec()),
            Some("active") => {
                let active = self.active.borrow().as_deref() == Some(name);
                Ok(vec![b'0' + u8::from(active)])
            }
            _ => Err(errno(libc::ENOENT)),
        }
    }

    fn write(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.writes
            .borrow_mut()
            .push((file.to_owned(), bytes.len()));
        if let Some(refusal) = self.refuse.take() {
            return Err(errno(refusal));
        }
        match file.split('/').collect::<Vec<_>>().as_slice() {
            ["enforce"] if self.sealed.get() => return Err(errno(libc::EPERM)),
            ["enforce"] => self.enforce.set(bytes == b"1"),
            ["seal"] if !self.enforce.get() => return Err(errno(libc::EINVAL)),
            ["seal"] => self.sealed.set(true),
            ["new_policy"] | ["policies", _, "update"] => self.load(bytes)?,
            ["policies", name, "active"] => *self.active.borrow_mut() = Some((*name).to_owned()),
            ["policies", _, "unused"] => self.noted.set(bytes == b"1"),
            ["policies", name, "delete"] => {
                self.policies.borrow_mut().remove(*name);
            }
            _ => return Err(errno(libc::ENOENT)),
        }
        Ok(())
    }

    fn policies(&self) -> io::Result<Vec<String>> {
        Ok(self.policies.borrow().keys().cloned().collect())
    }

    fn path(&self, file: &str) -> String {
        format!("ipe/{file}")
    }
}
