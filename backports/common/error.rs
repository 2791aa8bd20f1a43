// SPDX-License-Identifier: GPL-2.0-only

//! Errors.

pub use ::kernel::error::*;

/// The errors of C.
pub mod code {
    use super::Error;
    use crate::bindings;
    use ::kernel::ffi::c_int;

    pub use ::kernel::error::code::*;

    const fn error(code: u32) -> Error {
        // SAFETY: An `Error` is a `NonZeroI32` and nothing else, which the equal size, that
        // `transmute` demands, confirms. It holds a negative errno, as the codes below are.
        unsafe { core::mem::transmute::<c_int, Error>(-(code as c_int)) }
    }

    /// Not a data message.
    pub const EBADMSG: Error = error(bindings::EBADMSG);
    /// Key was rejected by service.
    pub const EKEYREJECTED: Error = error(bindings::EKEYREJECTED);
    /// File name too long.
    pub const ENAMETOOLONG: Error = error(bindings::ENAMETOOLONG);
    /// No data available.
    pub const ENODATA: Error = error(bindings::ENODATA);
    /// Required key not available.
    pub const ENOKEY: Error = error(bindings::ENOKEY);
    /// Stale file handle.
    pub const ESTALE: Error = error(bindings::ESTALE);
}
