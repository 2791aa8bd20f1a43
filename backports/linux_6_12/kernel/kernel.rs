// SPDX-License-Identifier: GPL-2.0-only

//! The `kernel` crate of the newest kernel, for Linux 6.12: that tree's own crate, and on top of it
//! what it lacks.
//!
//! Names and meaning are those of the newest crate, as far as this project uses them. The module's
//! sources see this crate as `kernel`. In here, `::kernel` is the crate of the tree.

pub use ::kernel::*;

pub mod alloc;
pub mod bindings;
pub mod cpu;
#[path = "../../common/error.rs"]
pub mod error;
pub mod fs;
pub mod jump_label;
pub mod kunit;
pub mod mm;
#[path = "../../common/module.rs"]
mod module;
pub mod prelude;
pub mod str;
pub mod sync;
pub mod time;
pub mod types;
pub mod uaccess;

pub use module::ModuleMetadata;

/// The prefix of this crate's lines in the kernel log.
#[allow(dead_code, reason = "the printing macros name it")]
const __LOG_PREFIX: &[u8] = b"ipe\0";
