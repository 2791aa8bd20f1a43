// SPDX-License-Identifier: GPL-2.0-only

//! The meaning of an errno, and the next step.

use crate::failure::{reason, Class, Failure};
use std::io;

/// A request to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A policy of a new name.
    Load,
    /// A policy of a name that is loaded.
    Update,
    /// Activate a policy.
    Activate,
    /// Delete a policy.
    Delete,
    /// Change the mode.
    Enforce,
    /// Forbid changes until the next boot.
    Seal,
    /// Note which rules decide, or list the others.
    Note,
    /// Put a policy on trial, or show its trial.
    Trial,
}

/// Explains a refusal, and gives the next step. `signer` names the signer of the policy, if known.
pub fn explain(request: Request, what: &str, signer: Option<&str>, error: &io::Error) -> Failure {
    let (meaning, next) = match error.raw_os_error() {
        Some(errno) => meaning(request, errno, signer),
        None => (reason(error), None),
    };
    let name = error.raw_os_error().and_then(name);
    let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
    let failure = Failure::new(Class::Refused, format!("{what}: {meaning}{name}"));
    match next {
        Some(next) => failure.hint(next),
        None => failure,
    }
}

/// Explains why the kernel refuses to read a policy that is not signed.
pub fn explain_origin(request: Request, what: &str, error: &io::Error) -> Failure {
    let (meaning, next) = match error.raw_os_error() {
        Some(libc::EACCES) => (
            "the active policy does not allow the file as a policy, or only root may write here",
            "it needs a rule 'op=POLICY … action=ALLOW' with a property that is TRUE of the file or \
             a digest; the file may not be on overlayfs; records 1420 and 1422, and the kernel log, \
             say more: dmesg | grep ipe",
        ),
        Some(libc::EBADMSG) => (
            "the kernel cannot read the policy, or takes no path",
            "the kernel log says where the policy has an error, if the kernel has \
             CONFIG_IPE_POLICY_ORIGIN",
        ),
        Some(libc::ETXTBSY) => (
            "a process has opened the file for writing",
            "close it, and run the command again",
        ),
        _ => return explain(request, what, None, error),
    };
    let name = error.raw_os_error().and_then(name);
    let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
    Failure::new(Class::Refused, format!("{what}: {meaning}{name}")).hint(next)
}

fn meaning(request: Request, errno: i32, signer: Option<&str>) -> (String, Option<String>) {
    use Request::{Activate, Delete, Enforce, Load, Note, Seal, Trial, Update};

    let (meaning, next) = match (request, errno) {
        (Delete, libc::EPERM) => (
            "the policy is active, IPE is sealed, or this process lacks CAP_MAC_ADMIN",
            "activate another policy first, unless 'ipectl status' says that IPE is sealed; run as \
             root",
        ),
        (Activate | Enforce | Update, libc::EPERM) => (
            "IPE is sealed until the next boot, or this process lacks CAP_MAC_ADMIN",
            "'ipectl status' shows whether IPE is sealed; run as root; if the boot process has \
             dropped that capability, it is gone until the next boot",
        ),
        (_, libc::EPERM) => (
            "this process lacks CAP_MAC_ADMIN",
            "run as root; if the boot process has dropped that capability, it is gone until the \
             next boot",
        ),
        (Load, libc::EACCES) => (
            "no directory can have the policy's name, or only root may write here",
            "names contain no slash and are not . or ..; run as root",
        ),
        (_, libc::EACCES) => ("only root may do that", "run as root"),
        (_, libc::ENOKEY) => {
            let signer = signer.unwrap_or("its signer");
            return (
                format!("the kernel has no key of {signer}"),
                Some(
                    "add its certificate to CONFIG_SYSTEM_TRUSTED_KEYS or to a trusted keyring \
                     (.secondary_trusted_keys, .platform); /proc/keys lists them"
                        .to_owned(),
                ),
            );
        }
        (_, libc::EKEYREJECTED) => (
            "the signature is rejected: the message was changed, has signed attributes, its key is \
             blacklisted, or the kernel does not list its signer (CONFIG_IPE_POLICY_SIGNERS)",
            "sign it again with 'ipectl sign', without --no-certificates",
        ),
        (_, libc::ENOPKG) => (
            "the kernel lacks an algorithm of the signature",
            "sign with RSA, or build the kernel with CONFIG_CRYPTO_ECDSA, or CONFIG_CRYPTO_MLDSA \
             for a key of ML-DSA",
        ),
        (_, libc::EMSGSIZE) => (
            "the message is too long for the kernel's decoder",
            "sign it with 'ipectl sign --append'",
        ),
        (_, libc::EFBIG) => (
            "the message is longer than 16 MiB",
            "trust a volume instead of that many files",
        ),
        (Load | Update, libc::EBADMSG) => (
            "the kernel cannot read the message, or the policy in it",
            "the kernel log says where: dmesg | grep ipe",
        ),
        (Load, libc::EEXIST) => (
            "a policy of that name was loaded in the meantime",
            "run the command again to update it",
        ),
        (Update, libc::ESTALE) => (
            "the loaded version is not lower",
            "give the policy a higher policy_version",
        ),
        (Activate, libc::ESTALE | libc::EINVAL) => (
            "the active policy has a higher version",
            "give this one a version that is at least as high; 'ipectl status' shows the versions",
        ),
        (Seal, libc::EINVAL) => (
            "no policy is active, or its denials are not enforced",
            "activate a policy, and switch to enforcing mode with 'ipectl enforce on'",
        ),
        (Seal, libc::ENOENT) => (
            "this kernel has no seal",
            "a kernel with the IPE in C has none; drop CAP_MAC_ADMIN from the bounding set instead",
        ),
        (Note, libc::ENODATA) => (
            "nobody has asked which rules decide",
            "'ipectl rules --start NAME' begins; an update of the policy ends it",
        ),
        (Note, libc::ENOENT) => (
            "this kernel does not note which rules decide",
            "it needs CONFIG_IPE_UNUSED_RULES, which the IPE in C does not have; see record 1420 \
             with 'ipectl suggest'",
        ),
        (Trial, libc::EBUSY) => (
            "another policy is on trial",
            "'ipectl status' names it; 'ipectl trial stop NAME' ends its trial",
        ),
        (Trial, libc::EINVAL) => (
            "no policy is active, or this is the active one",
            "a trial compares a policy with the active one; 'ipectl status' shows which that is",
        ),
        (Trial, libc::ESTALE) => (
            "the active policy has a higher version, so that this one could not be activated",
            "give this one a version that is at least as high; 'ipectl status' shows the versions",
        ),
        (Trial, libc::ENODATA) => (
            "the policy is not on trial",
            "'ipectl trial start NAME' begins; its activation ends it, and so does a higher version \
             of the active policy",
        ),
        (Trial, libc::ENOENT) => (
            "this kernel does not put policies on trial",
            "it needs CONFIG_IPE_TRIAL; a kernel with the IPE in C has no trials: see 'ipectl \
             simulate'",
        ),
        (Load | Update, libc::ERANGE) => (
            "a number in its version is larger than 65535",
            "use smaller numbers",
        ),
        (Load | Update, libc::EINVAL) => (
            "the kernel refuses something that ipectl accepts: a digest with an odd number of digits, or a rule that \
             never matches",
            "the kernel log says where; so does 'ipectl check --kernel-config FILE' with its \
             configuration",
        ),
        (Update | Activate | Delete, libc::ENOENT) => (
            "the policy was deleted in the meantime",
            "'ipectl status' lists the loaded policies",
        ),
        (Load, libc::ENAMETOOLONG) => ("its name is too long", "a name has at most 255 bytes"),
        (_, libc::ENOMEM) => (
            "the kernel is out of memory",
            "free some memory and try again",
        ),
        _ => {
            let error = io::Error::from_raw_os_error(errno);
            return (reason(&error), None);
        }
    };
    (meaning.to_owned(), Some(next.to_owned()))
}

/// The name of an errno that IPE answers with.
fn name(errno: i32) -> Option<&'static str> {
    Some(match errno {
        libc::EPERM => "EPERM",
        libc::ENOENT => "ENOENT",
        libc::EACCES => "EACCES",
        libc::EBUSY => "EBUSY",
        libc::EEXIST => "EEXIST",
        libc::EINVAL => "EINVAL",
        libc::EFBIG => "EFBIG",
        libc::ENOMEM => "ENOMEM",
        libc::ERANGE => "ERANGE",
        libc::ENAMETOOLONG => "ENAMETOOLONG",
        libc::ENODATA => "ENODATA",
        libc::ENOPKG => "ENOPKG",
        libc::EBADMSG => "EBADMSG",
        libc::EMSGSIZE => "EMSGSIZE",
        libc::ESTALE => "ESTALE",
        libc::ETXTBSY => "ETXTBSY",
        libc::ENOKEY => "ENOKEY",
        libc::EKEYREJECTED => "EKEYREJECTED",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
