// SPDX-License-Identifier: GPL-2.0-only

//! Static keys.

/// Asks whether a static key is on. This reads the key's counter: patched jumps need a feature of
/// the compiler that this kernel does not allow.
///
/// The arguments are the path of a static, its type, and the member that has the key.
///
/// # Safety
///
/// The member must be a static key that C defines.
#[macro_export]
macro_rules! static_branch_unlikely {
    ($key:path, $keytyp:ty, $field:ident) => {{
        let key: *const $keytyp = &raw const $key;
        (&raw const (*key).$field.key.enabled.counter).read_volatile() != 0
    }};
}

pub use static_branch_unlikely;
