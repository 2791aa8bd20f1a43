// SPDX-License-Identifier: GPL-2.0-only

//! The `kernel` crate of the newest kernel, for Linux 7.2: that tree's own crate, and on top of it
//! what it lacks.
//!
//! The module's sources see this crate as `kernel`. In here, `::kernel` is the crate of the tree.

pub use ::kernel::*;

#[path = "../../common/error.rs"]
pub mod error;
#[path = "../../common/module.rs"]
mod module;
pub mod prelude;
pub mod sync;

pub use module::ModuleMetadata;
