// SPDX-License-Identifier: GPL-2.0-only

//! Safe wrappers of kernel interfaces that the `kernel` crate lacks.
//!
//! All `unsafe` code of this crate and all its calls of C belong here, and nothing else does: no
//! decision, no policy, no record. Each module is written as it would stand in `rust/kernel/`, and
//! knows nothing of IPE. Only the build names it: the path of the generated bindings, the system of
//! the tracepoints, and the Kconfig symbol of the tests.

pub(crate) mod alloc;
pub(crate) mod audit;
mod bindings;
pub(crate) mod boot;
#[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
pub(crate) mod counter;
pub(crate) mod cred;
#[cfg(CONFIG_IPE_PROP_METADATA_BACKING)]
mod erofs;
pub(crate) mod fs;
pub(crate) mod hash;
pub(crate) mod identity;
pub(crate) mod ima;
pub(crate) mod lsm;
mod mapping;
pub(crate) mod module;
pub(crate) mod param;
#[cfg(CONFIG_IPE_TRIAL)]
pub(crate) mod percpu;
pub(crate) mod pkcs7;
pub(crate) mod random;
pub(crate) mod rcu;
pub(crate) mod read_file;
pub(crate) mod securityfs;
pub(crate) mod static_key;
pub(crate) mod task;
pub(crate) mod trace;
