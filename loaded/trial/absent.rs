// SPDX-License-Identifier: GPL-2.0-only

//! A kernel without trials: no policy is ever on trial.

use super::policy::Policy;
use crate::abstractions::rcu::Retired;
use kernel::prelude::*;
use kernel::sync::Arc;

/// No policy is on trial.
pub(crate) struct OnTrial;

/// The policy that is on trial: none.
pub(crate) static ON_TRIAL: OnTrial = OnTrial;

/// There is no value.
pub(crate) enum Trial {}

impl OnTrial {
    /// Creates the value.
    #[cfg(CONFIG_SECURITY_IPE_KUNIT_TEST)]
    pub(crate) const fn none() -> Self {
        Self
    }

    /// Prepares nothing.
    pub(crate) fn prepare(
        &self,
        _old: &Arc<Policy>,
        _new: &Arc<Policy>,
    ) -> Result<Option<Arc<Trial>>> {
        Ok(None)
    }

    /// Exchanges nothing.
    pub(crate) fn exchange(&self, _prepared: Option<Arc<Trial>>) -> Option<Retired<Arc<Trial>>> {
        None
    }

    /// Ends nothing.
    pub(crate) fn end(&self, _policy: &Arc<Policy>) -> Option<Retired<Arc<Trial>>> {
        None
    }

    /// Ends nothing.
    pub(crate) fn end_if_over(&self, _active: &Policy) -> Option<Retired<Arc<Trial>>> {
        None
    }
}
