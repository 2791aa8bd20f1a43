// SPDX-License-Identifier: GPL-2.0-only

//! What a kernel's configuration says about policies.

use crate::failure::{Class, Failure, Result};
use ipe_policy::policy::{PropertyKind, Providers};
use std::{collections::HashSet, path::Path};

/// What matters of a kernel's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kconfig {
    /// Whether IPE is built in.
    pub ipe: bool,
    /// The properties that the kernel can tell.
    pub providers: Providers,
    /// Whether it refuses rules that never match.
    pub strict: bool,
}

impl Kconfig {
    /// Reads a `.config` or a `/boot/config-*`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return Err(Failure::new(
                Class::Input,
                format!("{}: this is compressed", path.display()),
            )
            .hint(format!("zcat {} >kernel.config", path.display())));
        }
        Self::parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| {
            Failure::new(
                Class::Input,
                format!("{}: not a kernel's configuration", path.display()),
            )
        })
    }

    /// Parses a configuration; none where there is no option in it.
    pub fn parse(text: &str) -> Option<Self> {
        let lines = text.lines();
        let built_in: HashSet<&str> = lines
            .filter_map(|line| line.trim().strip_prefix("CONFIG_")?.strip_suffix("=y"))
            .collect();
        if built_in.is_empty() {
            return None;
        }
        let mut providers = Providers::NONE;
        for kind in PropertyKind::ALL {
            if kind
                .provider()
                .is_some_and(|symbol| built_in.contains(symbol))
            {
                providers = providers.with(kind);
            }
        }
        Some(Self {
            ipe: built_in.contains("SECURITY_IPE"),
            providers,
            strict: built_in.contains("IPE_STRICT_POLICY"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_set() {
        let config = Kconfig::parse(
            "CONFIG_SECURITY_IPE=y\nCONFIG_IPE_PROP_DM_VERITY=y\n# CONFIG_IPE_PROP_FS_VERITY is not set\n",
        )
        .unwrap();
        assert!(config.ipe && !config.strict);
        let roothash = PropertyKind::DmverityRoothash;
        assert_eq!(config.providers, Providers::NONE.with(roothash));
    }

    #[test]
    fn what_is_no_configuration() {
        assert_eq!(Kconfig::parse("policy_name=x policy_version=0.0.0\n"), None);
    }
}
