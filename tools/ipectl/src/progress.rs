// SPDX-License-Identifier: GPL-2.0-only

//! A progress bar on the terminal, which disappears when the work is done.

use std::{
    cell::Cell,
    io::{self, IsTerminal, Read, Write},
    time::{Duration, Instant},
};

/// Work that is done sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often the line is written.
const INTERVAL: Duration = Duration::from_millis(100);
/// The length of the bar.
const WIDTH: u64 = 30;

/// The progress of work on a number of bytes.
pub struct Progress {
    /// None where it is not known.
    total: Option<u64>,
    done: Cell<u64>,
    /// The time of the next update, or none if standard error is not a terminal.
    next: Cell<Option<Instant>>,
    shown: Cell<bool>,
}

impl Progress {
    /// Work on so many bytes.
    pub fn new(total: u64) -> Self {
        Self::of(Some(total))
    }

    /// Work on bytes whose number is not known before the last one.
    pub fn of_unknown_length() -> Self {
        Self::of(None)
    }

    fn of(total: Option<u64>) -> Self {
        let watched = io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            total,
            done: Cell::new(0),
            next: Cell::new(watched.then(|| Instant::now() + PATIENCE)),
            shown: Cell::new(false),
        }
    }

    /// Counts the bytes that are read through the reader.
    pub fn watch<R: Read>(&self, reader: R) -> impl Read + use<'_, R> {
        Watched {
            reader,
            progress: self,
        }
    }

    fn line(&self) -> String {
        let done = self.done.get();
        match self.total {
            Some(total) => line(done, total),
            None => format!("{} MiB", done >> 20),
        }
    }

    fn advance(&self, count: usize) {
        self.done.set(self.done.get() + count as u64);
        let now = Instant::now();
        if self.next.get().is_none_or(|next| now < next) {
            return;
        }
        self.next.set(Some(now + INTERVAL));
        self.shown.set(true);
        // The bar is only for people, so a failed write does not matter.
        let _ = write!(io::stderr(), "\r{}", self.line());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.get() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

struct Watched<'p, R> {
    reader: R,
    progress: &'p Progress,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.progress.advance(count);
        Ok(count)
    }
}

fn line(done: u64, total: u64) -> String {
    // A file may grow while it is read.
    let total = total.max(done).max(1);
    let part = |whole: u64| (u128::from(whole) * u128::from(done) / u128::from(total)) as usize;
    let bar = "#".repeat(part(WIDTH));
    let width = WIDTH as usize;
    format!("[{bar:<width$}] {:3} %", part(100))
}

#[cfg(test)]
mod tests;
