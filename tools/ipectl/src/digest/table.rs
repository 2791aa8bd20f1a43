// SPDX-License-Identifier: GPL-2.0-only

//! Descriptions of dm-verity volumes in words: a table of device-mapper, alone or in the
//! `dm-mod.create=` of a kernel's command line.

use super::dmverity::Volume;
use crate::object::{decode_hex, Digest};
use ipe_policy::policy::Algorithm;

/// The volume that a table describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// How its root hash is computed.
    pub volume: Volume,
    /// The root hash.
    pub root: Digest,
}

impl Table {
    /// Parses `… verity 1 DATA HASHES BLOCK BLOCK BLOCKS START ALGORITHM ROOT SALT …`.
    ///
    /// # Errors
    ///
    /// Returns a sentence for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        // In dm-mod.create=, a comma or a semicolon ends a table.
        let ends = |c: char| matches!(c, ',' | ';' | '"' | '\'' | '\n');
        let table = text.split(ends).find_map(|table| {
            let mut words = table.split_whitespace();
            words.by_ref().find(|word| *word == "verity")?;
            Some(words.collect::<Vec<_>>())
        });
        let words = table.ok_or("no dm-verity target found; a table is '0 LENGTH verity 1 …'")?;
        let [version, _, _, data_block, hash_block, data_blocks, _, algorithm, root, salt] =
            words.get(..10).unwrap_or_default()
        else {
            return Err("the table of a dm-verity target has ten words after 'verity'".to_owned());
        };
        if *version != "1" {
            return Err("ipectl computes root hashes of hash type 1".to_owned());
        }
        let number = |word: &str| {
            let number = word.parse::<u64>();
            number.map_err(|_| format!("'{word}' is not a number"))
        };
        let block = |word: &str| Ok::<_, String>(usize::try_from(number(word)?).unwrap_or(0));
        let root = Digest::parse(&format!("{algorithm}:{root}"))?;
        let salt = if *salt == "-" { "" } else { salt };
        let volume = Volume {
            algorithm: Algorithm::from_name(algorithm.as_bytes())
                .ok_or_else(|| format!("unknown hash algorithm '{algorithm}'"))?,
            data_block: block(data_block)?,
            hash_block: block(hash_block)?,
            data_blocks: number(data_blocks)?,
            salt: decode_hex(salt.as_bytes())
                .ok_or("the salt must be an even number of hexadecimal digits")?,
        };
        volume.check()?;
        Ok(Self { volume, root })
    }
}

#[cfg(test)]
mod tests;
