// SPDX-License-Identifier: GPL-2.0-only

//! The rules that name a digest, found by hash.
//!
//! The index is one array of words: the heads of the chains, three for four entries, then the
//! entries in the order of their rules:
//!
//! | word | |
//! |---|---|
//! | 0 | [`Outcome`] of the rule |
//! | 1 | [`Key`], [`FIRST_OF_KEY`], [`TAG`], and the combinations of flags that the entry is for |
//! | 2 | offset of the next entry of the chain, 0 at its end |
//! | 3… | the fs-verity digest, of the file or of its image, then the root hash, if named |
//!
//! A `sha256` rule costs 47 bytes with its part of a head. With the allocator's share, 48 is the
//! limit.
//!
//! # The time that a lookup takes
//!
//! A chain has at most [`MAX_KEYS`] keys, a key at most one entry for each of the 8 combinations:
//! where hashing would make a longer chain, all entries are linked again with another seed. So the
//! time of a lookup has a bound that holds for all digests of files. An attacker who chooses the
//! files, and with great effort their digests, can make lookups reach the longest chain, but cannot
//! make it longer: chains consist of the policy's digests, and the policy is signed. Only its
//! author could make digests collide under all of the [`SEEDS`] seeds. Even then lookups end, and
//! find their entry.

use super::{
    algorithm::{
        Algorithm,
        FSVERITY, //
    },
    class::Class,
    flags::{
        ALL_COMBINATIONS,
        COMBINATIONS, //
    },
    outcome::Outcome,
    vocabulary::Operation, //
};
use core::ops::{
    Deref,
    DerefMut, //
};

/// Marks the first entry that has its key.
const FIRST_OF_KEY: u32 = 1 << 31;

/// Some bits of the hash: they rule most other entries of a chain out without comparing digests.
const TAG: u32 = 0x7f << 24;

/// The longest chain that is accepted, in keys.
const MAX_KEYS: u32 = 16;

/// The number of seeds that are tried.
const SEEDS: u32 = 16;

/// The seed of an attempt.
const fn seed(attempt: u32) -> u32 {
    attempt.wrapping_mul(Hash::FACTOR as u32)
}

/// The number of words of an entry that precede its digests.
const ENTRY_HEADER: usize = 3;

/// The search key of an entry, beside its digests: the row of decisions and the algorithms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u32);

impl Key {
    const CLASS_SHIFT: u32 = 8;
    const OPERATION_SHIFT: u32 = 10;
    const FSVERITY_SHIFT: u32 = 14;
    const DMVERITY_SHIFT: u32 = 19;
    const ALGORITHM_BITS: u32 = (1 << 5) - 1;
    const BITS: u32 = (1 << 24) - (1 << Self::CLASS_SHIFT);
    /// In the place of an fs-verity digest, the algorithms of an image's digest follow all others.
    const IMAGE: u32 = Algorithm::COUNT as u32;

    /// Returns the key of rules of an operation, for objects of a class, that name digests of these
    /// algorithms.
    #[inline]
    pub(crate) const fn new(
        operation: Operation,
        class: Class,
        fsverity: Option<Algorithm>,
        dmverity: Option<Algorithm>,
    ) -> Self {
        const {
            assert!(
                COMBINATIONS <= Self::CLASS_SHIFT as usize
                    && Class::COUNT <= 1 << (Self::OPERATION_SHIFT - Self::CLASS_SHIFT)
                    && Operation::COUNT <= 1 << (Self::FSVERITY_SHIFT - Self::OPERATION_SHIFT)
                    && Algorithm::COUNT <= Self::ALGORITHM_BITS as usize
                    && Self::BITS & TAG == 0
            )
        };
        const fn code(algorithm: Option<Algorithm>) -> u32 {
            match algorithm {
                Some(algorithm) => algorithm as u32 + 1,
                None => 0,
            }
        }
        Self(
            ((class as u32) << Self::CLASS_SHIFT)
                | ((operation as u32) << Self::OPERATION_SHIFT)
                | (code(fsverity) << Self::FSVERITY_SHIFT)
                | (code(dmverity) << Self::DMVERITY_SHIFT),
        )
    }

    /// Returns the key of rules of an operation, for objects of a class, that name an fs-verity
    /// digest of an image, of this algorithm.
    #[inline]
    pub(crate) const fn of_image(operation: Operation, class: Class, image: Algorithm) -> Self {
        const {
            let [first, second] = FSVERITY;
            assert!(
                Self::IMAGE + 1 + first as u32 <= Self::ALGORITHM_BITS
                    && Self::IMAGE + 1 + second as u32 <= Self::ALGORITHM_BITS
            )
        };
        let code = (image as u32 + 1 + Self::IMAGE) & Self::ALGORITHM_BITS;
        Self(Self::new(operation, class, None, None).0 | (code << Self::FSVERITY_SHIFT))
    }

    /// Returns whether it is that of a rule about modified mappings.
    const fn is_of_modified(self) -> bool {
        let mask = (1 << Self::OPERATION_SHIFT) - (1 << Self::CLASS_SHIFT);
        self.0 & mask == (Class::Modified as u32) << Self::CLASS_SHIFT
    }

    /// Returns the key in an entry's second word.
    const fn of(word: u32) -> Self {
        Self(word & Self::BITS)
    }

    /// Returns the number of words of each digest that belongs to the key.
    fn digest_words(self) -> (usize, usize) {
        let words = |shift: u32| {
            let code = ((self.0 >> shift) & Self::ALGORITHM_BITS) as usize;
            let algorithm = code
                .checked_sub(1)
                .and_then(|code| Algorithm::ALL.get(code % Self::IMAGE as usize));
            algorithm.map_or(0, |algorithm| algorithm.digest_len() / 4)
        };
        (words(Self::FSVERITY_SHIFT), words(Self::DMVERITY_SHIFT))
    }
}

/// A cheap hash of a few words. The seed makes it a family.
///
/// Digests are random already, unless a test numbers them: the high bits of each word must matter
/// as much as the low ones, hence the rotation.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    /// The golden ratio, odd and without pattern.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

    #[inline(always)]
    fn new(seed: u32, key: Key) -> Self {
        Self((u64::from(seed) << 32) | u64::from(key.0))
    }

    #[inline(always)]
    fn add(self, word: u64) -> Self {
        Self((self.0 ^ word).wrapping_mul(Self::FACTOR).rotate_left(32))
    }

    /// Adds a digest as the index keeps it.
    #[inline(never)]
    fn words(mut self, words: &[u32]) -> Self {
        let mut pairs = words.chunks_exact(2);
        for pair in pairs.by_ref() {
            self = self.add(join(pair));
        }
        match pairs.remainder() {
            [word, ..] => self.add(u64::from(*word)),
            [] => self,
        }
    }

    /// Adds a digest as the kernel has it.
    #[inline]
    fn bytes(mut self, bytes: &[u8]) -> Self {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in chunks.by_ref() {
            self = self.add(load(chunk));
        }
        match chunks.remainder().first_chunk() {
            Some(chunk) => self.add(u64::from(u32::from_le_bytes(*chunk))),
            None => self,
        }
    }

    /// Returns the chain, one of `chains`.
    #[inline(always)]
    fn chain(self, chains: u32) -> usize {
        let high = self.0.wrapping_mul(Self::FACTOR) >> 32;
        ((high * u64::from(chains)) >> 32) as usize
    }

    /// Returns the tag of an entry, of bits that the chain does not depend on.
    #[inline(always)]
    fn tag(self) -> u32 {
        (self.0.wrapping_mul(Self::FACTOR) as u32 >> 1) & TAG
    }
}

/// Joins two words as they lie in memory.
#[inline(always)]
fn join(pair: &[u32]) -> u64 {
    match pair {
        [low, high, ..] => u64::from(*low) | (u64::from(*high) << 32),
        _ => 0,
    }
}

/// Reads eight bytes as they lie in memory.
#[inline(always)]
fn load(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Reads 32 bytes as they lie in memory.
#[inline(always)]
fn quads(bytes: &[u8; 32]) -> [u64; 4] {
    let (first, second) = bytes.split_at(16);
    let (a, b) = first.split_at(8);
    let (c, d) = second.split_at(8);
    [load(a), load(b), load(c), load(d)]
}

/// Returns whether `words` begins with a digest.
// Not a loop: a decision takes most of its time here and in the hash.
#[inline(always)]
fn begins(words: &[u32], [a, b, c, d]: [u64; 4]) -> bool {
    words.first_chunk().is_some_and(|words: &[u32; 8]| {
        let (first, second) = words.split_at(4);
        let (e, f) = first.split_at(2);
        let (g, h) = second.split_at(2);
        join(e) == a && join(f) == b && join(g) == c && join(h) == d
    })
}

/// Returns the words after the digest, if `words` begins with it.
#[inline]
fn strip<'w>(words: &'w [u32], digest: &[u8]) -> Option<&'w [u32]> {
    let (candidate, rest) = words.split_at_checked(digest.len() / 4)?;
    let same = candidate
        .iter()
        .zip(digest.chunks_exact(4))
        .all(|(word, bytes)| {
            bytes
                .first_chunk()
                .is_some_and(|b| u32::from_le_bytes(*b) == *word)
        });
    same.then_some(rest)
}

/// A rule that names a digest.
pub(super) struct Entry<'a> {
    pub(super) key: Key,
    pub(super) outcome: Outcome,
    /// The combinations of flags under which the rule matches.
    pub(super) combinations: u32,
    /// The fs-verity digest, of the file or of its image.
    pub(super) fsverity: &'a [u32],
    pub(super) dmverity: &'a [u32],
}

/// The receiver of rules that name a digest, in their order.
pub(super) trait Sink {
    fn entry(&mut self, entry: &Entry<'_>);
}

/// The size of an index.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    /// The number of entries.
    entries: u32,
    /// The number of their words.
    words: usize,
}

impl Size {
    /// Returns the number of words of the index.
    pub(super) const fn words(&self) -> usize {
        self.words + self.chains() as usize
    }

    /// Returns the number of chains.
    const fn chains(&self) -> u32 {
        self.entries - self.entries / 4
    }
}

/// The sizes of the two parts of an index: a policy that does not tell modified mappings from files
/// has no entries for them.
#[derive(Default)]
pub(super) struct Sizes {
    /// The entries for files and for memory.
    common: Size,
    /// The entries for modified mappings.
    modified: Size,
}

impl Sizes {
    /// Returns the size of the index, with or without the entries for modified mappings.
    pub(super) const fn total(&self, tells_modified: bool) -> Size {
        if !tells_modified {
            return self.common;
        }
        Size {
            entries: self.common.entries + self.modified.entries,
            words: self.common.words + self.modified.words,
        }
    }
}

impl Sink for Sizes {
    fn entry(&mut self, entry: &Entry<'_>) {
        let size = if entry.key.is_of_modified() {
            &mut self.modified
        } else {
            &mut self.common
        };
        size.entries += 1;
        size.words += ENTRY_HEADER + entry.fsverity.len() + entry.dmverity.len();
    }
}

/// The index over its words.
pub(crate) struct Index<S> {
    words: S,
    chains: u32,
    seed: u32,
}

/// How the words of an index are linked.
pub(super) struct Links {
    chains: u32,
    seed: u32,
}

impl<S> Index<S> {
    /// Creates an index over words that are linked so.
    pub(super) fn new(words: S, Links { chains, seed }: Links) -> Self {
        Self {
            words,
            chains,
            seed,
        }
    }

    /// Returns how the words are linked.
    pub(super) fn links(&self) -> Links {
        Links {
            chains: self.chains,
            seed: self.seed,
        }
    }
}

impl<S: Deref<Target = [u32]>> Index<S> {
    /// Returns the outcome of the entry with this key and this digest for this combination of
    /// flags. There is at most one. Returns [`Outcome::NONE`] if there is none.
    #[inline(always)]
    pub(crate) fn find(&self, key: Key, combination: u32, digest: &[u8]) -> Outcome {
        // Most digests have 32 bytes: inline, and in code for this length alone.
        match digest.try_into() {
            Ok(digest) => {
                let digest @ [a, b, c, d] = quads(digest);
                let hash = Hash::new(self.seed, key).add(a).add(b).add(c).add(d);
                self.walk(hash, key, combination, |words| begins(words, digest))
            }
            Err(_) => self.find_both(key, combination, digest, &[]),
        }
    }

    /// Does what [`Self::find`] does, in a function of its own.
    #[inline(never)]
    pub(crate) fn find_any(&self, key: Key, combination: u32, digest: &[u8]) -> Outcome {
        self.find(key, combination, digest)
    }

    /// Returns the outcome of the entry with this key and both digests, likewise.
    #[inline(never)]
    pub(crate) fn find_both(&self, key: Key, combination: u32, fsv: &[u8], dmv: &[u8]) -> Outcome {
        let hash = Hash::new(self.seed, key).bytes(fsv).bytes(dmv);
        self.walk(hash, key, combination, |words| {
            strip(words, fsv).is_some_and(|rest| strip(rest, dmv).is_some())
        })
    }

    /// Follows the chain of a hash to the entry for the combination that has the `same` digests.
    #[inline(always)]
    fn walk(
        &self,
        hash: Hash,
        key: Key,
        combination: u32,
        same: impl Fn(&[u32]) -> bool,
    ) -> Outcome {
        let words = &*self.words;
        let mask = Key::BITS | TAG | (1 << combination);
        let wanted = key.0 | hash.tag() | (1 << combination);
        let chain = hash.chain(self.chains);
        let mut at = words.get(chain).map_or(0, |&head| head as usize);

        while at != 0 {
            let Some([outcome, meta, next, rest @ ..]) = words.get(at..) else {
                break;
            };
            if meta & mask == wanted && same(rest) {
                return Outcome::from_word(*outcome);
            }
            at = *next as usize;
        }
        Outcome::NONE
    }
}

/// Fills the words of an index.
pub(super) struct Builder<S> {
    index: Index<S>,
    /// The offset of the next entry.
    end: usize,
    /// How many seeds were tried before.
    attempt: u32,
    /// Whether the words were too few.
    overflow: bool,
}

impl<S: DerefMut<Target = [u32]>> Builder<S> {
    /// Begins an index of this size.
    pub(super) fn new(size: Size, mut words: S) -> Self {
        let chains = size.chains();
        let end = chains as usize;
        match words.get_mut(..end) {
            Some(heads) => heads.fill(0),
            None => {
                return Self {
                    index: Index {
                        words,
                        chains: 0,
                        seed: 0,
                    },
                    end: 0,
                    attempt: 0,
                    overflow: true,
                }
            }
        }
        Self {
            index: Index {
                words,
                chains,
                seed: 0,
            },
            end,
            attempt: 0,
            overflow: false,
        }
    }

    /// Returns the index, and whether all entries are in it.
    pub(super) fn finish(self) -> (Index<S>, bool) {
        (self.index, !self.overflow)
    }

    /// Links all entries again, with the next seed that makes no chain too long.
    fn relink(&mut self) {
        while self.attempt < SEEDS {
            self.attempt += 1;
            self.index.seed = seed(self.attempt);
            if self.link_all() {
                break;
            }
        }
    }

    /// Links all entries. Returns whether no chain is too long.
    fn link_all(&mut self) -> bool {
        let mut good = true;
        let mut at = self.index.chains as usize;
        if let Some(heads) = self.index.words.get_mut(..at) {
            heads.fill(0);
        }
        while at < self.end {
            let Some([_, meta, _, digests @ ..]) = self.index.words.get(at..) else {
                break;
            };
            let meta = *meta;
            let (fsv, dmv) = Key::of(meta).digest_words();
            let digests = digests.get(..fsv + dmv).unwrap_or(digests);
            let (first, second) = digests.split_at_checked(fsv).unwrap_or((digests, &[]));
            let hash = Hash::new(self.index.seed, Key::of(meta))
                .words(first)
                .words(second);
            let head = hash.chain(self.index.chains);
            let keys = self
                .chain(head)
                .filter(|(meta, _)| meta & FIRST_OF_KEY != 0)
                .count();
            good &= meta & FIRST_OF_KEY == 0 || keys < MAX_KEYS as usize;
            if let Some(meta) = self.index.words.get_mut(at + 1) {
                *meta = *meta & !TAG | hash.tag();
            }
            self.link(head, at);
            at += ENTRY_HEADER + fsv + dmv;
        }
        good
    }

    /// Puts an entry at the head of a chain.
    fn link(&mut self, head: usize, entry: usize) {
        let words = &mut *self.index.words;
        let Some(first) = words.get_mut(head) else {
            return;
        };
        let next = core::mem::replace(first, entry as u32);
        if let Some(link) = words.get_mut(entry + 2) {
            *link = next;
        }
    }

    /// Returns second words and digests of the entries in a chain.
    fn chain(&self, head: usize) -> impl Iterator<Item = (u32, &[u32])> + '_ {
        let words = &*self.index.words;
        let mut at = words.get(head).copied().unwrap_or(0);
        core::iter::from_fn(move || {
            let (&[_, meta, next], rest) = match at {
                0 => return None,
                _ => words.get(at as usize..)?.split_first_chunk()?,
            };
            at = next;
            Some((meta, rest))
        })
    }
}

impl<S: DerefMut<Target = [u32]>> Sink for Builder<S> {
    fn entry(&mut self, entry: &Entry<'_>) {
        let hash = Hash::new(self.index.seed, entry.key)
            .words(entry.fsverity)
            .words(entry.dmverity);
        let head = hash.chain(self.index.chains);
        let fsv = entry.fsverity.len();
        let mut keys = 0;
        let mut seen = 0;

        for (meta, digests) in self.chain(head) {
            keys += meta >> 31;
            if Key::of(meta) == entry.key
                && digests.get(..fsv) == Some(entry.fsverity)
                && digests
                    .get(fsv..)
                    .is_some_and(|rest| rest.starts_with(entry.dmverity))
            {
                seen |= meta & ALL_COMBINATIONS;
            }
        }

        // An earlier rule decides about objects that both match.
        let combinations = entry.combinations & !seen;
        if combinations == 0 {
            return;
        }
        let first = if seen == 0 { FIRST_OF_KEY } else { 0 };
        let length = ENTRY_HEADER + fsv + entry.dmverity.len();
        let Some([outcome, meta, _, digests @ ..]) =
            self.index.words.get_mut(self.end..self.end + length)
        else {
            self.overflow = true;
            return;
        };
        *outcome = entry.outcome.to_word();
        *meta = entry.key.0 | first | hash.tag() | combinations;
        let mut words = digests.iter_mut();
        for digest in [entry.fsverity, entry.dmverity] {
            for (value, word) in digest.iter().zip(words.by_ref()) {
                *word = *value;
            }
        }
        self.link(head, self.end);
        self.end += length;

        if first != 0 && keys >= MAX_KEYS {
            self.relink();
        }
    }
}

#[cfg(any(test, CONFIG_SECURITY_IPE_KUNIT_TEST))]
mod tests;
