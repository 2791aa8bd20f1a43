// SPDX-License-Identifier: GPL-2.0-only

//! The explanation of each errno.

use super::*;

#[test]
fn every_errno_has_a_next_step() {
    use Request::{Activate, Delete, Load, Update};
    let loading = [
        libc::EPERM,
        libc::EACCES,
        libc::ENOKEY,
        libc::EKEYREJECTED,
        libc::ENOPKG,
        libc::EMSGSIZE,
        libc::EFBIG,
        libc::EBADMSG,
        libc::ERANGE,
        libc::EINVAL,
        libc::ENOMEM,
    ];
    let mut cases: Vec<_> = loading
        .iter()
        .flat_map(|e| [(Load, *e), (Update, *e)])
        .collect();
    cases.extend([(Load, libc::EEXIST), (Load, libc::ENAMETOOLONG)]);
    cases.extend([(Update, libc::ESTALE), (Update, libc::ENOENT)]);
    for errno in [libc::EPERM, libc::EINVAL, libc::ESTALE, libc::ENOENT] {
        cases.push((Activate, errno));
    }
    cases.extend([(Delete, libc::EPERM), (Delete, libc::ENOENT)]);
    cases.push((Request::Enforce, libc::EPERM));
    for (request, errno) in cases {
        let error = io::Error::from_raw_os_error(errno);
        let failure = explain(request, "p", Some("CN=Owner"), &error);
        assert_eq!(failure.class, Class::Refused);
        assert!(failure.hint.is_some(), "{request:?} {errno}");
        let name = format!("({})", name(errno).unwrap());
        assert!(failure.message.ends_with(&name), "{failure}");
    }
}

#[test]
fn missing_key_names_the_signer() {
    let error = io::Error::from_raw_os_error(libc::ENOKEY);
    let failure = explain(Request::Load, "p", Some("CN=Owner"), &error);
    assert_eq!(
        failure.message,
        "p: the kernel has no key of CN=Owner (ENOKEY)"
    );
}
