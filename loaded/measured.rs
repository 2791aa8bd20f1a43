// SPDX-License-Identifier: GPL-2.0-only

//! The active policy, the mode and the seal in the log of IMA, so that a remote party can tell them.
//!
//! Each change of the active policy, of the mode and of the seal is an event. Where a change could
//! allow more, the event comes first, and without it there is no change. A stricter mode and the
//! seal come before their events, and do not depend on them: a reader of the log may believe that
//! the machine is more open than it is, but not the reverse.

use super::active::Active;
use super::policy::Policy;
use crate::abstractions::boot;
use crate::abstractions::hash::sha256;
use crate::abstractions::ima;
use crate::abstractions::random::random_u64;
use crate::mode::ENFORCE;
use crate::policy::{
    Algorithm,
    CommandLine,
    Parameter,
    RootHashes, //
};
use core::fmt;
use kernel::prelude::*;
use kernel::str::CString;
use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};
use kernel::sync::SetOnce;

/// The label that a rule of IMA's policy can ask for: `measure func=CRITICAL_DATA label=ipe`.
const LABEL: &CStr = c"ipe";

/// The name of the events.
const EVENT: &CStr = c"ipe-state";

/// The state that decides.
pub(crate) struct State<'a> {
    /// The active policy.
    pub(crate) policy: &'a Policy,
    /// Whether denials are enforced.
    pub(crate) enforcing: bool,
    /// Whether all this stays until the next boot.
    pub(crate) sealed: bool,
}

/// The fields that make an event unique. IMA drops one that is equal to an earlier one, also to one
/// of the kernel before this one, if kexec hands the log over.
struct Serial {
    /// A random number of this boot.
    boot: u64,
    /// The number of the event.
    count: u64,
}

impl Serial {
    /// Returns the next one.
    fn next() -> Self {
        static BOOT: SetOnce<u64> = SetOnce::new();
        static COUNT: Atomic<u64> = Atomic::new(0);

        let boot = BOOT.copy().unwrap_or_else(|| {
            let number = random_u64();
            BOOT.populate(number);
            number
        });
        Self {
            boot,
            count: COUNT.fetch_add(1, Relaxed) + 1,
        }
    }
}

impl<'a> State<'a> {
    /// Returns the state in which `policy` is active, in the present mode.
    pub(crate) fn new(policy: &'a Policy, sealed: bool) -> Self {
        Self {
            policy,
            enforcing: ENFORCE.is_on(),
            sealed,
        }
    }

    /// Measures the state that is about to hold.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; those of [`ima::measure_critical_data`].
    ///
    /// # Context
    ///
    /// May sleep. The writers' lock is held, or there is no writer.
    pub(crate) fn measure(&self) -> Result {
        if !ima::IS_BUILT_IN {
            return Ok(());
        }
        let line = CommandLine::new(boot::command_line());
        let event = self.event(&Serial::next(), &line)?;
        ima::measure_critical_data(LABEL, EVENT, &event)
    }

    /// Returns the text of an event.
    ///
    /// The name is the last field, as nothing in it is escaped. No name has white space.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    fn event(&self, serial: &Serial, line: &CommandLine<'_>) -> Result<KVec<u8>> {
        let (origin, bytes) = match (self.policy.message(), self.policy.loaded()) {
            (Some(message), _) => ("signed", message),
            (None, Some(text)) => ("file", text),
            (None, None) => ("builtin", self.policy.text()),
        };
        let start = CString::try_from_fmt(format_args!(
            "boot={:016x} count={} enforcing={} sealed={} origin={} policy_version={} \
             policy_digest=sha256:{}",
            serial.boot,
            serial.count,
            u8::from(self.enforcing),
            u8::from(self.sealed),
            origin,
            self.policy.version(),
            Hex(&sha256(bytes)),
        ))?;
        let mut event = KVec::new();
        event.extend_from_slice(start.to_bytes(), GFP_KERNEL)?;
        if cfg!(CONFIG_IPE_PROP_DM_VERITY_CMDLINE) {
            for parameter in Parameter::ALL {
                add_root_hashes(&mut event, parameter, line)?;
            }
        }
        event.extend_from_slice(b" policy_name=", GFP_KERNEL)?;
        event.extend_from_slice(self.policy.name(), GFP_KERNEL)?;
        Ok(event)
    }
}

/// Measures the state that holds, if a policy is active. Where that fails, the kernel log has a line.
///
/// # Context
///
/// As for [`State::measure`].
pub(crate) fn measure_active(active: &Active, sealed: bool) {
    let Some(policy) = active.get() else {
        return;
    };
    if let Err(error) = State::new(&policy, sealed).measure() {
        pr_warn!("not measured: {:?}\n", error);
    }
}

/// Adds a field with the root hashes that a parameter of the command line names, if it names any:
/// what a rule with this word means on this machine.
fn add_root_hashes(event: &mut KVec<u8>, parameter: Parameter, line: &CommandLine<'_>) -> Result {
    let before = event.len();
    let mut add = |texts: &[&[u8]]| -> Result {
        for text in texts {
            event.extend_from_slice(text, GFP_KERNEL)?;
        }
        Ok(())
    };
    let mut added = add(&[
        b" ",
        Parameter::PREFIX.as_bytes(),
        parameter.name().as_bytes(),
    ]);
    let mut separator: &[u8] = b"=";
    let resolved = line.each(parameter, &mut |algorithm: Algorithm, hex: &[u8]| {
        if added.is_ok() {
            added = add(&[separator, algorithm.name().as_bytes(), b":", hex]);
        }
        separator = b",";
    });
    added?;
    if resolved.is_err() {
        event.truncate(before);
    }
    Ok(())
}

/// Shows bytes in hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
mod tests;
