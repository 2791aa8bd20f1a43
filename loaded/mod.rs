// SPDX-License-Identifier: GPL-2.0-only

//! Policies in the kernel's memory.
//!
//! Verification, the origin of what is not signed, the compiled policy, the rules of its life, its
//! rules that decide, the active policy, the one on trial, the boot policy, the seal and the
//! measurement of all this belong here. The files that userspace sees are in [`crate::securityfs`],
//! the language in [`crate::policy`], the decision in [`crate::eval`].

mod active;
pub(crate) mod boot;
pub(crate) mod life;
mod measured;
mod origin;
mod policy;
mod report;
mod seal;
#[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
pub(crate) mod tests;
#[cfg_attr(not(CONFIG_IPE_TRIAL), path = "trial/absent.rs")]
mod trial;
#[cfg(CONFIG_IPE_UNUSED_RULES)]
pub(crate) mod usage;
mod verify;

pub(crate) use self::active::{
    Active,
    ACTIVE, //
};
pub(crate) use self::measured::{
    measure_active,
    State, //
};
pub(crate) use self::origin::{
    Origin,
    Reader, //
};
pub(crate) use self::policy::Policy;
pub(crate) use self::report::{
    Refusal,
    Report,
    SignerRefusal, //
};
pub(crate) use self::seal::{
    Seal,
    SEAL, //
};
#[cfg(CONFIG_IPE_TRIAL)]
pub(crate) use self::trial::{
    Comparison,
    Difference, //
};
pub(crate) use self::trial::{
    OnTrial,
    Trial,
    ON_TRIAL, //
};

#[cfg(CONFIG_IPE_POLICY_ORIGIN)]
pub(crate) use self::origin::Permitted;
#[cfg(any(CONFIG_IPE_POLICY_ORIGIN, CONFIG_SECURITY_IPE_KUNIT_TEST))]
pub(crate) use self::report::OriginRefusal;
