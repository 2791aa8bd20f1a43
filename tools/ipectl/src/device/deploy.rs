// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl deploy`: loads or updates a policy, puts it in force, and looks whether that is so.

use super::{
    errno::{explain, Request},
    nodes::Nodes,
    status::{loaded, switch, version},
};
use crate::{
    failure::{Class, Failure, Result, Status},
    name::refusal,
    output::{printable, Output},
    policy::Policy,
    source::Source,
};
use cms::{
    content_info::ContentInfo,
    signed_data::{SignedData, SignerIdentifier},
};
use der::Decode;
use ipe_policy::policy::{envelope::split_appended, Version};

/// How a policy is deployed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Only say what would be done.
    pub dry_run: bool,
    /// Load it, and leave in force what is.
    pub no_activate: bool,
}

/// Deploys a signed policy.
///
/// # Errors
///
/// It is not signed, has errors, or the kernel refuses.
pub fn deploy(
    nodes: &dyn Nodes,
    source: &Source,
    message: &[u8],
    options: Options,
    out: &mut Output<'_>,
) -> Result {
    if source.signed.is_none() {
        return Err(
            Failure::new(Class::Invalid, format!("{}: it is not signed", source.name))
                .hint("sign it with 'ipectl sign'"),
        );
    }
    let policy = Policy::load(source)?;
    let name = policy.name();
    check_name(&name)?;
    let what = format!("{name} {}", policy.version());
    let mut done = Vec::new();
    if !options.no_activate {
        check_activation(nodes, &name, policy.version(), &what)?;
    }

    let (request, node) = match load_request(nodes, &name, policy.version(), message)? {
        Some(Request::Load) => (Some(Request::Load), "new_policy".to_owned()),
        Some(request) => (Some(request), format!("policies/{name}/update")),
        None => (None, String::new()),
    };
    match request {
        None => done.push(format!("{what}: is loaded already")),
        Some(_) if options.dry_run => done.push(format!(
            "{what}: would write {} bytes to {}",
            message.len(),
            nodes.path(&node)
        )),
        Some(request) => {
            nodes.write(&node, message).map_err(|error| {
                let signer = signer(message);
                explain(request, &what, signer.as_deref(), &error)
            })?;
            done.push(format!("{what}: loaded"));
        }
    }

    if !options.no_activate {
        let node = format!("policies/{name}/active");
        if switch(nodes, &node) == Some(true) {
            done.push(format!("{what}: is in force"));
        } else if options.dry_run {
            done.push(format!("{what}: would write 1 to {}", nodes.path(&node)));
        } else {
            nodes
                .write(&node, b"1")
                .map_err(|error| explain(Request::Activate, &what, None, &error))?;
            done.push(format!("{what}: in force"));
        }
    }
    if !options.dry_run {
        verify(nodes, &policy, &name, options)?;
    }
    report(&name, policy.version(), &done, options.dry_run, out)
}

fn report(
    name: &str,
    version: Version,
    done: &[String],
    dry_run: bool,
    out: &mut Output<'_>,
) -> Result {
    if out.is_json() {
        out.json(&serde_json::json!({
            "command": "deploy",
            "policy": name,
            "version": version.to_string(),
            "dry_run": dry_run,
            "steps": done,
        }))?;
    } else {
        for line in done {
            out.line(printable(line.as_bytes()))?;
        }
    }
    Ok(Status::Ok)
}

/// How the policy is to be loaded; not at all where it is.
fn load_request(
    nodes: &dyn Nodes,
    name: &str,
    new: Version,
    message: &[u8],
) -> Result<Option<Request>> {
    if !nodes.policies()?.iter().any(|loaded| loaded == name) {
        return Ok(Some(Request::Load));
    }
    let same = nodes.read(&format!("policies/{name}/pkcs7"));
    if same.is_ok_and(|loaded| loaded == message) {
        return Ok(None);
    }
    match version(nodes, name) {
        Some(old) if old >= new => Err(Failure::new(
            Class::Refused,
            format!("{name} {new}: version {old} is loaded, and only a higher one replaces it"),
        )
        .hint("give the policy a higher policy_version and sign it again")),
        _ => Ok(Some(Request::Update)),
    }
}

/// Whether the policy in force has a higher version: it stays in force then.
fn check_activation(nodes: &dyn Nodes, name: &str, new: Version, what: &str) -> Result<()> {
    let loaded = loaded(nodes)?;
    let active = loaded.iter().find(|policy| policy.active == Some(true));
    let Some(active) = active.filter(|active| active.name != name) else {
        return Ok(());
    };
    match version(nodes, &active.name) {
        Some(old) if old > new => Err(Failure::new(
            Class::Refused,
            format!(
                "{what}: {} {old} is in force, and its version is higher",
                active.name
            ),
        )
        .hint("give this policy a version that is at least as high, and sign it again")),
        _ => Ok(()),
    }
}

/// Whether the kernel now has what it was given.
fn verify(nodes: &dyn Nodes, policy: &Policy, name: &str, options: Options) -> Result<()> {
    let wrong = |what: &str| {
        Failure::new(
            Class::Refused,
            format!("{name}: the kernel accepted it, but {what}"),
        )
        .hint("was another policy deployed at the same time?")
    };
    if version(nodes, name) != Some(policy.version()) {
        return Err(wrong("shows another version"));
    }
    match nodes.read(&format!("policies/{name}/policy")) {
        Ok(text) if text == policy.text() => {}
        _ => return Err(wrong("shows another text")),
    }
    if !options.no_activate && switch(nodes, &format!("policies/{name}/active")) == Some(false) {
        return Err(wrong("it is not in force"));
    }
    Ok(())
}

/// Puts a loaded policy in force.
///
/// # Errors
///
/// There is none of that name, or the kernel refuses.
pub fn activate(nodes: &dyn Nodes, name: &str, dry_run: bool, out: &mut Output<'_>) -> Result {
    let version = find(nodes, name)?;
    let what = format!("{name} {version}");
    check_activation(nodes, name, version, &what)?;
    simple(
        nodes,
        Request::Activate,
        &format!("policies/{name}/active"),
        b"1",
        &what,
        "in force",
        dry_run,
        out,
    )
}

/// Removes a loaded policy.
///
/// # Errors
///
/// There is none of that name, or the kernel refuses.
pub fn delete(nodes: &dyn Nodes, name: &str, dry_run: bool, out: &mut Output<'_>) -> Result {
    let what = format!("{name} {}", find(nodes, name)?);
    if switch(nodes, &format!("policies/{name}/active")) == Some(true) {
        return Err(
            Failure::new(Class::Refused, format!("{what}: it is in force"))
                .hint("put another policy in force first: ipectl activate NAME"),
        );
    }
    simple(
        nodes,
        Request::Delete,
        &format!("policies/{name}/delete"),
        b"1",
        &what,
        "deleted",
        dry_run,
        out,
    )
}

/// Changes the mode.
///
/// # Errors
///
/// The kernel refuses.
pub fn enforce(nodes: &dyn Nodes, on: bool, dry_run: bool, out: &mut Output<'_>) -> Result {
    let (value, state) = if on {
        (b"1", "denials deny")
    } else {
        (b"0", "denials are only recorded")
    };
    simple(
        nodes,
        Request::Enforce,
        "enforce",
        value,
        "enforce",
        state,
        dry_run,
        out,
    )
}

/// One write, and a line about it.
#[expect(
    clippy::too_many_arguments,
    reason = "three callers, each says all of it"
)]
fn simple(
    nodes: &dyn Nodes,
    request: Request,
    node: &str,
    value: &[u8],
    what: &str,
    state: &str,
    dry_run: bool,
    out: &mut Output<'_>,
) -> Result {
    let line = if dry_run {
        let value = String::from_utf8_lossy(value);
        format!("{what}: would write {value} to {}", nodes.path(node))
    } else {
        nodes
            .write(node, value)
            .map_err(|error| explain(request, what, None, &error))?;
        format!("{what}: {state}")
    };
    if out.is_json() {
        out.json(&serde_json::json!({
            "command": match request {
                Request::Activate => "activate",
                Request::Delete => "delete",
                _ => "enforce",
            },
            "dry_run": dry_run,
            "steps": [line],
        }))?;
    } else {
        out.line(printable(line.as_bytes()))?;
    }
    Ok(Status::Ok)
}

/// The version of a loaded policy.
fn find(nodes: &dyn Nodes, name: &str) -> Result<Version> {
    check_name(name)?;
    let names = nodes.policies()?;
    if !names.iter().any(|loaded| loaded == name) {
        let names = match names.as_slice() {
            [] => "nothing is loaded".to_owned(),
            names => format!("loaded are {}", names.join(", ")),
        };
        return Err(Failure::new(Class::Refused, format!("{name}: no such policy")).hint(names));
    }
    version(nodes, name).ok_or_else(|| {
        Failure::new(
            Class::Refused,
            format!("{name}: its version cannot be read"),
        )
    })
}

/// A name must be that of a directory, and not lead out of the folder of the policies.
fn check_name(name: &str) -> Result<()> {
    if refusal(name.as_bytes()).is_some() {
        return Err(Failure::new(
            Class::Invalid,
            format!("no directory can have the policy's name '{name}'"),
        ));
    }
    Ok(())
}

/// Who signed a message, as the signature names them.
fn signer(message: &[u8]) -> Option<String> {
    let signature = match split_appended(message) {
        Some(parts) => &message[parts.signature],
        None => message,
    };
    let info = ContentInfo::from_der(signature).ok()?;
    let data: SignedData = info.content.decode_as().ok()?;
    match &data.signer_infos.0.iter().next()?.sid {
        SignerIdentifier::IssuerAndSerialNumber(id) => Some(format!(
            "the signer with issuer {} and serial number {}",
            id.issuer, id.serial_number
        )),
        SignerIdentifier::SubjectKeyIdentifier(_) => None,
    }
}
