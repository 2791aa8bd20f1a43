// SPDX-License-Identifier: GPL-2.0-only

//! Executes sequences of commands in a guest, and prints the visible state after each command:
//!
//! ```text
//! step SEQUENCE NUMBER ANSWER STATE
//! ```
//!
//! `replay DIRECTORY`, with `DIRECTORY/commands` and the signed policies as `DIRECTORY/SEQUENCE/POLICY`.

use ipe_model::{
    command::{Command, Name, Place, Policy, PolicyFile, Value, Who, SLOTS},
    compare::line,
    model::RESET,
};
use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    ptr, thread,
};

const ROOT: &str = "/sys/kernel/security/ipe";

/// A directory on a file system that nothing vouches for.
const UNTRUSTED: &str = "/untrusted";

/// Takes `CAP_MAC_ADMIN` from this thread, and nothing else.
fn drop_capability() {
    const VERSION_3: u32 = 0x2008_0522;
    const MAC_ADMIN: u32 = 33;
    let header = [VERSION_3, 0];
    // Two times effective, permitted, inheritable.
    let mut sets = [0u32; 6];
    // SAFETY: Both arrays are as large as version 3 of the call reads and writes.
    let got = unsafe { libc::syscall(libc::SYS_capget, header.as_ptr(), sets.as_mut_ptr()) };
    sets[3] &= !(1 << (MAC_ADMIN - 32));
    sets[4] &= !(1 << (MAC_ADMIN - 32));
    // SAFETY: As above; it reads both.
    let set = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) };
    assert!(got == 0 && set == 0, "capabilities can be dropped");
}

/// Whether memory can be mapped as executable: of a file, or without one.
fn may_map(file: Option<&File>) -> bool {
    let (flags, fd) = match file {
        Some(file) => (libc::MAP_PRIVATE, file.as_raw_fd()),
        None => (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1),
    };
    let protection = libc::PROT_READ | libc::PROT_EXEC;
    // SAFETY: The kernel chooses an unused address, and the mapping does not leave this function.
    let at = unsafe { libc::mmap(ptr::null_mut(), 4096, protection, flags, fd, 0) };
    if at == libc::MAP_FAILED {
        let error = io::Error::last_os_error();
        assert_eq!(error.raw_os_error(), Some(libc::EACCES), "{error}");
        return false;
    }
    // SAFETY: It is the mapping that was just made.
    unsafe { libc::munmap(at, 4096) };
    true
}

fn path_of(name: Name, file: &str) -> PathBuf {
    Path::new(ROOT)
        .join("policies")
        .join(name.to_string())
        .join(file)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

/// Writes in this many pieces.
fn write(mut file: &File, bytes: &[u8], pieces: u8) -> io::Result<()> {
    let size = bytes.len().div_ceil(usize::from(pieces)).max(1);
    for piece in bytes.chunks(size) {
        let written = file.write(piece)?;
        assert_eq!(written, piece.len(), "a write is not cut");
    }
    Ok(())
}

/// Opens a file and writes to it, as one of the users.
fn put(path: &Path, bytes: &[u8], pieces: u8, who: Who) -> io::Result<()> {
    if who == Who::Admin {
        return write(&open(path)?, bytes, pieces);
    }
    // Each thread has its own capabilities.
    thread::scope(|scope| {
        let opened = (who == Who::Heir).then(|| open(path));
        let thread = scope.spawn(move || {
            drop_capability();
            write(&opened.unwrap_or_else(|| open(path))?, bytes, pieces)
        });
        thread.join().expect("it ends")
    })
}

const fn bytes(value: Value) -> &'static [u8] {
    match value {
        Value::One => b"1\n",
        Value::Zero => b"0",
        Value::Junk => b"junk",
    }
}

/// A sequence in progress.
struct Sequence {
    directory: PathBuf,
    held: [Option<(PolicyFile, File)>; SLOTS],
}

impl Sequence {
    fn message(&self, policy: &Policy) -> io::Result<Vec<u8>> {
        fs::read(self.directory.join(policy.to_string()))
    }

    /// Returns the path of a policy without a signature, as bytes to write.
    fn path(&self, policy: &Policy, place: Place) -> io::Result<Vec<u8>> {
        let path = self.directory.join(policy.to_string());
        let path = match place {
            Place::Initramfs => path,
            Place::Tmpfs => {
                let copy = Path::new(UNTRUSTED).join("policy");
                fs::copy(path, &copy)?;
                copy
            }
        };
        Ok(path.into_os_string().into_encoded_bytes())
    }

    /// Sets up the state at the beginning of a sequence.
    fn begin(directory: PathBuf) -> io::Result<Self> {
        let sequence = Self {
            directory,
            held: [const { None }; SLOTS],
        };
        let reset = sequence.message(&RESET)?;
        let update = path_of(Name::Reset, "update");
        let path = if update.exists() {
            update
        } else {
            Path::new(ROOT).join("new_policy")
        };
        put(&path, &reset, 1, Who::Admin)?;
        put(&path_of(Name::Reset, "active"), b"1", 1, Who::Admin)?;
        put(&Path::new(ROOT).join("enforce"), b"1", 1, Who::Admin)?;
        for name in Name::ALL {
            if *name != Name::Reset && path_of(*name, "delete").exists() {
                put(&path_of(*name, "delete"), b"1", 1, Who::Admin)?;
            }
        }
        Ok(sequence)
    }

    fn step(&mut self, command: &Command) -> io::Result<()> {
        let wrong = || io::Error::from_raw_os_error(libc::EBADF);
        match *command {
            Command::Load(policy, pieces, who) => {
                let message = self.message(&policy)?;
                put(&Path::new(ROOT).join("new_policy"), &message, pieces, who)
            }
            Command::Update(name, policy, pieces, who) => put(
                &path_of(name, "update"),
                &self.message(&policy)?,
                pieces,
                who,
            ),
            Command::LoadFrom(place, policy, who) => {
                let path = self.path(&policy, place)?;
                put(&Path::new(ROOT).join("new_policy"), &path, 1, who)
            }
            Command::UpdateFrom(name, place, policy, who) => {
                let path = self.path(&policy, place)?;
                put(&path_of(name, "update"), &path, 1, who)
            }
            Command::Trial(name, value, who) => put(&path_of(name, "trial"), bytes(value), 1, who),
            Command::Activate(name, value, who) => {
                put(&path_of(name, "active"), bytes(value), 1, who)
            }
            Command::Delete(name, value, who) => {
                put(&path_of(name, "delete"), bytes(value), 1, who)
            }
            Command::Enforce(value, who) => {
                put(&Path::new(ROOT).join("enforce"), bytes(value), 1, who)
            }
            Command::Hold(slot, name, which) => {
                self.held[slot] = None;
                self.held[slot] = Some((which, open(&path_of(name, &which.to_string()))?));
                Ok(())
            }
            Command::Write(slot, value) => match &self.held[slot] {
                Some((PolicyFile::Active | PolicyFile::Delete | PolicyFile::Trial, file)) => {
                    write(file, bytes(value), 1)
                }
                _ => Err(wrong()),
            },
            Command::Send(slot, policy) => match &self.held[slot] {
                Some((PolicyFile::Update, file)) => write(file, &self.message(&policy)?, 1),
                _ => Err(wrong()),
            },
        }
    }
}

/// Returns the visible state, in the form of the model.
fn state(initramfs: &File) -> io::Result<String> {
    let mut loaded = Vec::new();
    for entry in fs::read_dir(Path::new(ROOT).join("policies"))? {
        let directory = entry?.path();
        let read = |file: &str| fs::read_to_string(directory.join(file));
        let version = read("version")?;
        let text = read("policy")?;
        // Makes the state differ if the policy is of another sequence or does not match its text.
        let minor = version.split('.').nth(1).unwrap_or("?");
        let header = format!("policy_name={} policy_version={version}\n", read("name")?);
        let rules = text
            .strip_prefix(&header)
            .and_then(|rest| rest.lines().next());
        let rules = rules.map_or("?", |line| line.trim_start_matches("# "));
        // Nothing is both.
        let mark = match (&*read("active")?, &*read("trial")?) {
            ("1", "0") => "*",
            ("0", "1") => "~",
            ("0", "0") => "",
            _ => "?",
        };
        let name = directory
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        loaded.push(format!("{name}{mark}:{minor}:{rules}"));
    }
    loaded.sort();
    let enforce = fs::read_to_string(Path::new(ROOT).join("enforce"))?;
    let (memory, file) = (u8::from(may_map(None)), u8::from(may_map(Some(initramfs))));
    Ok(format!(
        "{} enforce={enforce} memory={memory} file={file}",
        loaded.join(",")
    ))
}

/// An errno by its name.
fn errno(error: &io::Error) -> String {
    let names = [
        (libc::EPERM, "EPERM"),
        (libc::ENOENT, "ENOENT"),
        (libc::EBADF, "EBADF"),
        (libc::EACCES, "EACCES"),
        (libc::EBUSY, "EBUSY"),
        (libc::EEXIST, "EEXIST"),
        (libc::EINVAL, "EINVAL"),
        (libc::EBADMSG, "EBADMSG"),
        (libc::ESTALE, "ESTALE"),
        (libc::ENOKEY, "ENOKEY"),
        (libc::EKEYREJECTED, "EKEYREJECTED"),
    ];
    let mut names = names.into_iter();
    let number = error.raw_os_error();
    match names.find(|(errno, _)| Some(*errno) == number) {
        Some((_, name)) => name.to_owned(),
        None => format!("{error:?}").replace(' ', "_"),
    }
}

fn main() -> io::Result<()> {
    let directory = PathBuf::from(env::args_os().nth(1).expect("replay DIRECTORY"));
    let initramfs = File::open("/init")?;
    let commands = fs::read_to_string(directory.join("commands"))?;
    let mut sequence = None;
    let mut number = 0;
    let mut step = 0;
    let mut out = io::stdout().lock();

    for text in commands.lines() {
        if let Some(next) = text.strip_prefix("sequence ") {
            number = next.parse().map_err(io::Error::other)?;
            step = 0;
            // The files that the previous sequence held open are closed.
            drop(sequence.take());
            sequence = Some(Sequence::begin(directory.join(next))?);
            continue;
        }
        let command = Command::parse(text).ok_or_else(|| io::Error::other(text.to_owned()))?;
        let sequence: &mut Sequence = sequence.as_mut().expect("a sequence has a number");
        let answer = match sequence.step(&command) {
            Ok(()) => "0".to_owned(),
            Err(error) => errno(&error),
        };
        let state = state(&initramfs)?;
        writeln!(out, "step {number} {step} {}", line(&answer, &state))?;
        step += 1;
    }
    // Programs that run after this one must be allowed.
    drop(sequence.take());
    Sequence::begin(directory.join("end"))?;
    writeln!(out, "replay: end")
}
