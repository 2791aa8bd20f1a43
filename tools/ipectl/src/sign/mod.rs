// SPDX-License-Identifier: GPL-2.0-only

//! Signatures: from a policy's text to a message that the kernel loads.

mod certificate;
mod container;
mod key;
mod message;
mod openssl;
mod passphrase;

pub use self::{
    certificate::{Expired, Scheme, Signer},
    key::Key,
    message::{sign, verify},
    passphrase::Passphrase,
};
