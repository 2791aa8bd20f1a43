// SPDX-License-Identifier: GPL-2.0-only

//! Which names a policy can have, as the kernel's own source has it.

pub use ipe_policy::policy::name::{refusal, Refusal, LONGEST};
