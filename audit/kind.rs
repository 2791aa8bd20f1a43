// SPDX-License-Identifier: GPL-2.0-only

//! The types of the records, as `include/uapi/linux/audit.h` numbers them.

use crate::abstractions::audit::Kind;

/// `AUDIT_MAC_STATUS`: a change of mode.
pub(super) const MAC_STATUS: Kind = Kind::new(1404);

/// `AUDIT_IPE_ACCESS`: a decision.
pub(super) const ACCESS: Kind = Kind::new(1420);

/// `AUDIT_IPE_CONFIG_CHANGE`: another policy became active.
pub(super) const CONFIG_CHANGE: Kind = Kind::new(1421);

/// `AUDIT_IPE_POLICY_LOAD`: a policy was loaded or refused.
pub(super) const POLICY_LOAD: Kind = Kind::new(1422);
