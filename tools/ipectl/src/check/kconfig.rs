// SPDX-License-Identifier: GPL-2.0-only

//! What a kernel's configuration says about policies.

use crate::failure::{Class, Failure, Result};
use flate2::read::GzDecoder;
use ipe_policy::policy::{PropertyKind, Providers};
use std::{
    collections::HashSet,
    io::{self, Read},
    path::Path,
};

/// No configuration is longer, whatever it unpacks to.
const LONGEST: u64 = 16 << 20;

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
    /// Reads a `.config`, a `/boot/config-*` or `/proc/config.gz`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
        let bytes = unpack(bytes).map_err(|error| Failure::file(path, &error))?;
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

/// What was compressed by gzip, as `/proc/config.gz` is; anything else as it is.
fn unpack(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let mut reader = GzDecoder::new(bytes.as_slice()).take(LONGEST);
    reader.read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{read::GzEncoder, Compression};

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
    fn compressed() {
        let text = b"CONFIG_SECURITY_IPE=y\n";
        let mut packed = Vec::new();
        let mut reader = GzEncoder::new(&text[..], Compression::default());
        reader.read_to_end(&mut packed).unwrap();
        assert_eq!(unpack(packed.clone()).unwrap(), text);
        assert!(unpack(packed[..20].to_vec()).is_err());
        assert_eq!(unpack(text.to_vec()).unwrap(), text);
    }

    #[test]
    fn what_is_no_configuration() {
        assert_eq!(Kconfig::parse("policy_name=x policy_version=0.0.0\n"), None);
    }
}
