// SPDX-License-Identifier: GPL-2.0-only

//! The names that a policy can have, as the kernel's own source has them.

pub use ipe_policy::policy::name::{refusal, Refusal, LONGEST};
