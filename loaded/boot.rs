// SPDX-License-Identifier: GPL-2.0-only

//! The boot policy: compiled into the kernel, and active before userspace starts.

use super::active::ACTIVE;
use super::policy::Policy;
use super::seal::SEAL;
use kernel::prelude::*;
use kernel::str::BStr;

/// The text of the boot policy, which the build has checked. Empty where there is none.
static TEXT: &[u8] = include_bytes!(concat!(env!("OBJTREE"), "/security/ipe/boot_policy.bin"));

/// Activates the boot policy, if there is one.
///
/// Panics where that fails: the device was built to enforce this policy, and without it anything
/// could run.
///
/// # Context
///
/// May sleep. To be called before there can be a reader or a writer of the active policy.
pub(crate) fn activate() {
    if TEXT.is_empty() {
        // Says that there is nothing to seal.
        return SEAL.set_on_boot(&ACTIVE);
    }
    match Policy::builtin(TEXT) {
        Ok(policy) => {
            pr_info!(
                "boot policy active: {}, version {}\n",
                BStr::from_bytes(policy.name()),
                format_args!("{}", policy.version())
            );
            ACTIVE.initialise(policy);
            SEAL.set_on_boot(&ACTIVE);
        }
        Err(refusal) => panic!("the boot policy cannot be activated: {:?}", refusal.errno()),
    }
}

/// Panics where there is a boot policy, as nothing of it can be enforced: the framework has not
/// initialised the module. Any context.
pub(crate) fn require_module() {
    if !TEXT.is_empty() {
        panic!("there is a boot policy, but neither CONFIG_LSM nor lsm= names ipe");
    }
}
