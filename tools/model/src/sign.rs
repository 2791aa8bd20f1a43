// SPDX-License-Identifier: GPL-2.0-only

//! The policies, signed with openssl as administrators do.

use crate::command::{Policy, Rules, Signature};
use std::{
    fs,
    io,
    path::Path,
    process::Command, //
};

/// The text of a policy in the sequence with this number.
pub fn text(policy: &Policy, sequence: usize) -> String {
    let rules = match policy.rules {
        Rules::Allow => "DEFAULT action=ALLOW\n",
        Rules::Deny => "DEFAULT action=DENY\n",
        Rules::Verified => "DEFAULT action=DENY\nop=EXECUTE boot_verified=TRUE action=ALLOW\n",
        Rules::Unverified => "DEFAULT action=ALLOW\nop=EXECUTE boot_verified=TRUE action=DENY\n",
        Rules::Origin => "DEFAULT action=ALLOW\nop=POLICY boot_verified=TRUE action=ALLOW\n",
        Rules::Wrong => "op=EXECUTE boot_verified=TRUE action=ALLOW\n",
    };
    format!(
        "policy_name={} policy_version={sequence}.{}.0\n# {}\n{rules}",
        policy.name, policy.minor, policy.rules
    )
}

/// Signs a policy, if it is to be signed, with a key of the directory `keys`, in the directory `work`.
pub fn sign(policy: &Policy, sequence: usize, keys: &Path, work: &Path) -> io::Result<Vec<u8>> {
    let signer = match policy.signature {
        Signature::Untrusted => "untrusted",
        _ => "trusted",
    };
    let embedded = matches!(policy.signature, Signature::Embedded | Signature::Untrusted);
    let text_file = work.join("text");
    let signed_file = work.join("signed");
    let mut text = text(policy, sequence).into_bytes();
    if policy.signature == Signature::Plain {
        return Ok(text);
    }
    fs::write(&text_file, &text)?;

    let mut openssl = Command::new("openssl");
    openssl
        .args([
            "cms",
            "-sign",
            "-binary",
            "-noattr",
            "-nosmimecap",
            "-nocerts",
        ])
        .args(["-md", "sha256", "-outform", "der", "-in"])
        .arg(&text_file)
        .arg("-signer")
        .arg(keys.join(signer).with_extension("crt"))
        .arg("-inkey")
        .arg(keys.join(signer).with_extension("key"))
        .arg("-out")
        .arg(&signed_file);
    if embedded {
        openssl.arg("-nodetach");
    }
    if !openssl.status()?.success() {
        return Err(io::Error::other("openssl failed"));
    }
    let mut signature = fs::read(signed_file)?;
    if embedded {
        return Ok(signature);
    }

    if policy.signature == Signature::Changed {
        // In the comment, where it changes nothing else.
        let at = text.iter().position(|byte| *byte == b'#').unwrap_or(0);
        text[at + 1] = b'!';
    }
    let length = u32::try_from(signature.len()).map_err(io::Error::other)?;
    text.append(&mut signature);
    text.extend([0, 0, 2, 0, 0, 0, 0, 0]);
    text.extend(length.to_be_bytes());
    text.extend(b"~Module signature appended~\n");
    Ok(text)
}
