// SPDX-License-Identifier: GPL-2.0-only

//! The measurements of IMA.
//!
//! C header: [`include/linux/ima.h`](srctree/include/linux/ima.h)

use core::ffi::CStr;
use kernel::prelude::*;

#[cfg(CONFIG_IMA)]
use super::bindings;
#[cfg(CONFIG_IMA)]
use kernel::error::to_result;

/// Whether IMA is built in.
pub(crate) const IS_BUILT_IN: bool = cfg!(CONFIG_IMA);

/// Measures critical data: IMA adds an event with these bytes to its log, if its policy asks for
/// the label. An event that is equal to an earlier one is not added again.
///
/// # Errors
///
/// `ENOMEM`, `EINVAL` for no data, and those of the hash.
///
/// # Context
///
/// May sleep. Before IMA has started, nothing is measured.
#[cfg_attr(
    not(CONFIG_IMA),
    expect(unused_variables, reason = "nothing is measured")
)]
pub(crate) fn measure_critical_data(label: &CStr, event: &CStr, data: &[u8]) -> Result {
    #[cfg(CONFIG_IMA)]
    {
        // SAFETY: Label and event end with a NUL, and the data is as long as the length beside it
        // tells. No digest is asked for, hence the null pointer. IMA keeps copies alone.
        let result = to_result(unsafe {
            bindings::ima_measure_critical_data(
                label.as_char_ptr(),
                event.as_char_ptr(),
                data.as_ptr().cast(),
                data.len(),
                false,
                core::ptr::null_mut(),
                0,
            )
        });
        match result {
            // Its policy does not ask, or the event is there already.
            Err(error) if error == ENOENT || error == EEXIST => (),
            result => return result,
        }
    }
    Ok(())
}
