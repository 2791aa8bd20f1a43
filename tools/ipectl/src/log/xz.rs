// SPDX-License-Identifier: GPL-2.0-only

//! Logs that are compressed with xz, unpacked by its own program: no decoder in Rust has a licence that
//! fits this program, is kept well, and takes a limit of memory.

use crate::failure::{reason, Class, Failure, Result};
use std::{
    io::Read,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

/// `xz -9` needs a quarter of that.
const MEMORY: &str = "--memlimit-decompress=256MiB";

/// The program at work.
pub(super) struct Unpacking(Child);

/// Starts to unpack a file.
///
/// # Errors
///
/// The program is missing, or the file cannot be read.
pub(super) fn unpack(path: &Path) -> Result<(Unpacking, ChildStdout)> {
    let file = std::fs::File::open(path).map_err(|error| Failure::file(path, &error))?;
    let mut child = Command::new("xz")
        .args(["-dcq", MEMORY])
        .stdin(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            Failure::new(Class::Unsupported, format!("xz: {}", reason(&error)))
                .hint("install xz: the log is compressed with it")
        })?;
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| Failure::new(Class::Unsupported, "xz: its output is missing"))?;
    Ok((Unpacking(child), stdout))
}

impl Unpacking {
    /// Waits for the end of the program.
    ///
    /// # Errors
    ///
    /// The file is damaged, or needs more memory than the limit.
    pub(super) fn finish(mut self) -> Result<()> {
        let mut said = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            stderr.read_to_string(&mut said)?;
        }
        if self.0.wait()?.success() {
            return Ok(());
        }
        let said = said.lines().next().unwrap_or_default();
        let said = said.trim_start_matches("xz: (stdin): ");
        Err(Failure::new(Class::Invalid, format!("xz: {said}")))
    }
}
