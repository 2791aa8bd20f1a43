// SPDX-License-Identifier: GPL-2.0-only

//! What is done on the device: `deploy`, `status`, `enforce`, `activate`, `delete`.

mod deploy;
mod errno;
mod nodes;
mod status;

pub use self::{
    deploy::{activate, delete, deploy, enforce, Options},
    errno::{explain, Request},
    nodes::{Nodes, Securityfs, SECURITYFS},
    status::{loaded, status, Loaded},
};
