// SPDX-License-Identifier: GPL-2.0-only

//! Differences between the kernels that the code is built for: what the `kernel` crate of Linux 7.2
//! lacks. `Kbuild` sets `linux_7_2` there.
//!
//! Linux 7.2 has no use for [`super::module`]. C's structures differ as well: `pin_init::zeroed()`
//! fills members that only one kernel has, and `Inode::number` widens the narrower one.

use super::bindings;

#[cfg(not(linux_7_2))]
#[allow(unused_imports, reason = "some are for certain configurations alone")]
pub(crate) use kernel::error::code::{
    EBADMSG,
    EKEYREJECTED,
    ENAMETOOLONG,
    ENODATA,
    ENOKEY,
    ESTALE, //
};

#[cfg(linux_7_2)]
#[allow(unused_imports, reason = "some are for certain configurations alone")]
pub(crate) use codes::*;

#[cfg(linux_7_2)]
#[allow(dead_code, reason = "some are for certain configurations alone")]
mod codes {
    use super::bindings;
    use kernel::error::Error;
    use kernel::ffi::c_int;

    const fn error(code: u32) -> Error {
        // SAFETY: An `Error` is a `NonZeroI32` and nothing else, which the equal size, that
        // `transmute` demands, confirms. It holds a negative errno, as the codes below are.
        unsafe { core::mem::transmute::<c_int, Error>(-(code as c_int)) }
    }

    /// Not a data message.
    pub(crate) const EBADMSG: Error = error(bindings::EBADMSG);
    /// Key was rejected by service.
    pub(crate) const EKEYREJECTED: Error = error(bindings::EKEYREJECTED);
    /// File name too long.
    pub(crate) const ENAMETOOLONG: Error = error(bindings::ENAMETOOLONG);
    /// No data available.
    pub(crate) const ENODATA: Error = error(bindings::ENODATA);
    /// Required key not available.
    pub(crate) const ENOKEY: Error = error(bindings::ENOKEY);
    /// Stale file handle.
    pub(crate) const ESTALE: Error = error(bindings::ESTALE);
}

/// Waits for a grace period of RCU.
///
/// # Context
///
/// Process context.
#[inline]
pub(crate) fn synchronize_rcu() {
    // SAFETY: Always safe to call from process context.
    unsafe { bindings::synchronize_rcu() };
}
