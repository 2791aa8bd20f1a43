// SPDX-License-Identifier: GPL-2.0-only

//! The index finds its entries, in chains of bounded length.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_policy_index)
)]
mod cases {
    use super::super::*;
    use crate::policy::{
        flags::COMBINATIONS,
        Action, //
    };

    /// Every combination of flags.
    const ALL: u32 = ALL_COMBINATIONS;

    /// Words for what the tests put into an index.
    const WORDS: usize = 512;

    const SHA256: Option<Algorithm> = Some(Algorithm::Sha256);
    const SHA1: Option<Algorithm> = Some(Algorithm::Sha1);

    /// The key of rules about execution that name an fs-verity digest.
    const FSVERITY: Key = Key::new(Operation::Execute, Class::File, SHA256, None);

    /// The outcome of a rule, of which there is one for each number.
    fn outcome(number: u32) -> Outcome {
        Outcome::rule(number, Action::Allow)
    }

    /// A digest of which there is one for each number.
    fn digest(number: u32) -> [u32; 8] {
        [1, 2, 3, 4, 5, 6, 7, number]
    }

    /// The digest as the kernel has it.
    fn bytes<const N: usize>(words: &[u32]) -> [u8; N] {
        let mut bytes = [0; N];
        for (place, byte) in bytes
            .iter_mut()
            .zip(words.iter().flat_map(|w| w.to_le_bytes()))
        {
            *place = byte;
        }
        bytes
    }

    /// Begins an index with so many chains.
    fn builder(chains: u32, words: &mut [u32]) -> Builder<&mut [u32]> {
        let size = Size {
            entries: chains * 4 / 3,
            words: 0,
        };
        Builder::new(size, words)
    }

    /// Adds a rule that names an fs-verity digest.
    fn add(builder: &mut Builder<&mut [u32]>, number: u32, digest: &[u32; 8], combinations: u32) {
        builder.entry(&Entry {
            key: FSVERITY,
            outcome: outcome(number),
            combinations,
            fsverity: digest,
            dmverity: &[],
        });
    }

    /// Looks an fs-verity digest up.
    fn find(index: &Index<&mut [u32]>, digest: &[u32; 8], combination: u32) -> Outcome {
        index.find(FSVERITY, combination, &bytes::<32>(digest))
    }

    /// Returns the number of entries of the longest chain.
    fn longest(builder: &Builder<&mut [u32]>) -> usize {
        let chains = 0..builder.index.chains as usize;
        chains
            .map(|head| builder.chain(head).count())
            .max()
            .unwrap_or(0)
    }

    /// Returns digests that are all in one chain, of so many, under each of the seeds. A hash that
    /// does not spread them over the chains ends the search.
    fn colliding(chains: u32, seeds: &[u32]) -> impl Iterator<Item = [u32; 8]> + '_ {
        let chain = move |seed, digest: &[u32; 8]| {
            let hash = Hash::new(seed, FSVERITY);
            hash.words(digest).chain(chains)
        };
        (0..1 << 15).map(digest).filter(move |digest| {
            let mut seeds = seeds.iter();
            seeds.all(|&seed| chain(seed, digest) == 0)
        })
    }

    #[test]
    fn empty_index_finds_nothing() {
        let index = builder(0, &mut []).finish().0;
        assert_eq!(find(&index, &digest(0), 0), Outcome::NONE);
    }

    #[test]
    fn added_entries_are_found() {
        let mut words = [0; WORDS];
        let mut builder = builder(40, &mut words);
        for number in 0..40 {
            add(&mut builder, number, &digest(number), ALL);
        }
        let (index, complete) = builder.finish();
        assert!(complete);
        for number in 0..40 {
            assert_eq!(find(&index, &digest(number), number % 8), outcome(number));
        }
        for number in 40..80 {
            assert_eq!(find(&index, &digest(number), 0), Outcome::NONE);
        }
    }

    #[test]
    fn every_bit_of_a_digest_matters() {
        let mut words = [0; WORDS];
        let mut builder = builder(1, &mut words);
        add(&mut builder, 5, &digest(0), ALL);
        let index = builder.finish().0;
        let mut digest = bytes::<32>(&digest(0));
        for bit in 0..256 {
            digest[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(index.find(FSVERITY, 0, &digest), Outcome::NONE);
            digest[bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(index.find(FSVERITY, 0, &digest), outcome(5));
    }

    #[test]
    fn operation_and_algorithm_are_part_of_the_key() {
        let mut words = [0; WORDS];
        let mut builder = builder(1, &mut words);
        add(&mut builder, 5, &digest(0), ALL);
        let index = builder.finish().0;
        let digest = bytes::<32>(&digest(0));
        for key in [
            Key::new(Operation::Firmware, Class::File, SHA256, None),
            Key::new(Operation::Execute, Class::File, None, SHA256),
            Key::new(Operation::Execute, Class::File, Some(Algorithm::Sm3), None),
            Key::new(Operation::Execute, Class::File, SHA256, SHA256),
        ] {
            assert_eq!(index.find(key, 0, &digest), Outcome::NONE);
        }
    }

    #[test]
    fn both_digests_count_where_a_rule_names_both() {
        let key = Key::new(Operation::Execute, Class::File, SHA256, SHA1);
        let roothash = [9, 8, 7, 6, 5];
        let mut words = [0; WORDS];
        let mut builder = builder(2, &mut words);
        builder.entry(&Entry {
            key,
            outcome: outcome(3),
            combinations: ALL,
            fsverity: &digest(1),
            dmverity: &roothash,
        });
        let index = builder.finish().0;
        let dmv = bytes::<20>(&roothash);
        let find = |key, fsv, dmv| index.find_both(key, 0, &bytes::<32>(&digest(fsv)), dmv);
        assert_eq!(find(key, 1, &dmv), outcome(3));
        assert_eq!(find(key, 2, &dmv), Outcome::NONE);
        assert_eq!(find(key, 1, &[9; 20]), Outcome::NONE);
        assert_eq!(find(FSVERITY, 1, &[]), Outcome::NONE);
    }

    #[test]
    fn digests_of_every_length_are_found() {
        for algorithm in Algorithm::ALL {
            let length = algorithm.digest_len();
            let key = Key::new(Operation::Execute, Class::File, None, Some(algorithm));
            let digest = &[0x0403_0201; 16][..length / 4];
            let mut words = [0; WORDS];
            let mut builder = builder(1, &mut words);
            builder.entry(&Entry {
                key,
                outcome: outcome(3),
                combinations: ALL,
                fsverity: &[],
                dmverity: digest,
            });
            let index = builder.finish().0;
            let mut bytes = bytes::<64>(digest);
            assert_eq!(index.find(key, 0, &bytes[..length]), outcome(3));
            // Some of these have the same tag.
            for bit in 0..8 * length {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(index.find(key, 0, &bytes[..length]), Outcome::NONE);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn hash_is_the_same_of_words_and_of_bytes() {
        let words = [0x0102_0304, 0x8000_0000, 0xffff_ffff, 7, 0x1234_5678];
        let hash = Hash::new(1, FSVERITY);
        assert_eq!(hash.words(&words).0, hash.bytes(&bytes::<20>(&words)).0);
        assert_eq!(
            hash.words(&words[..4]).0,
            hash.bytes(&bytes::<16>(&words)).0
        );
    }

    #[test]
    fn entry_is_for_its_combinations_only() {
        let mut words = [0; WORDS];
        let mut builder = builder(1, &mut words);
        add(&mut builder, 5, &digest(0), 0b0010_0001);
        let index = builder.finish().0;
        for combination in 0..8 {
            let expected = match combination {
                0 | 5 => outcome(5),
                _ => Outcome::NONE,
            };
            assert_eq!(find(&index, &digest(0), combination), expected);
        }
    }

    #[test]
    fn first_rule_of_a_digest_wins() {
        let mut words = [0; WORDS];
        let mut builder = builder(3, &mut words);
        add(&mut builder, 1, &digest(0), 0b0000_0001);
        add(&mut builder, 2, &digest(0), 0b0000_0011);
        add(&mut builder, 3, &digest(0), 0b0000_0011);
        let end = builder.end;
        assert_eq!(end, 3 + 2 * 11);
        let index = builder.finish().0;
        assert_eq!(find(&index, &digest(0), 0), outcome(1));
        assert_eq!(find(&index, &digest(0), 1), outcome(2));
        assert_eq!(find(&index, &digest(0), 2), Outcome::NONE);
    }

    #[test]
    fn a_key_has_at_most_an_entry_for_each_combination() {
        let mut words = [0; WORDS];
        let mut builder = builder(1, &mut words);
        for number in 0..40 {
            add(&mut builder, number, &digest(0), (number * 37) & ALL);
        }
        assert!(longest(&builder) <= COMBINATIONS);
    }

    #[test]
    fn numbered_digests_have_short_chains() {
        let mut words = [0; WORDS];
        let mut builder = builder(40, &mut words);
        for number in 0..40u32 {
            add(&mut builder, number, &digest(number.swap_bytes()), ALL);
        }
        assert!(longest(&builder) <= 6);
    }

    #[test]
    fn long_chains_are_linked_again() {
        let mut words = [0; WORDS];
        let mut builder = builder(40, &mut words);
        for (number, digest) in (0..40).zip(colliding(40, &[0])) {
            add(&mut builder, number, &digest, ALL);
        }
        assert!(builder.attempt > 0 && builder.attempt < SEEDS);
        assert!(longest(&builder) <= MAX_KEYS as usize);
        let (index, complete) = builder.finish();
        assert!(complete);
        for (number, digest) in (0..40).zip(colliding(40, &[0])) {
            assert_eq!(find(&index, &digest, 0), outcome(number));
        }
    }

    #[test]
    fn chain_is_long_above_the_limit_only() {
        for (entries, attempts) in [(MAX_KEYS, 0), (MAX_KEYS + 1, 1)] {
            let mut words = [0; WORDS];
            let mut builder = builder(40, &mut words);
            for (number, digest) in (0..entries).zip(colliding(40, &[0])) {
                add(&mut builder, number, &digest, ALL);
            }
            assert_eq!(builder.attempt, attempts);
        }
    }

    #[test]
    fn seeds_that_do_not_help_are_skipped() {
        let mut words = [0; WORDS];
        let mut builder = builder(17, &mut words);
        let seeds = [0, seed(1)];
        for (number, digest) in (0..17).zip(colliding(17, &seeds)) {
            add(&mut builder, number, &digest, ALL);
        }
        assert_eq!(builder.attempt, 2);
        assert!(longest(&builder) <= MAX_KEYS as usize);
        let index = builder.finish().0;
        for (number, digest) in (0..17).zip(colliding(17, &seeds)) {
            assert_eq!(find(&index, &digest, 0), outcome(number));
        }
    }

    #[test]
    fn entries_of_one_key_do_not_make_a_chain_long() {
        let mut words = [0; WORDS];
        let mut builder = builder(3, &mut words);
        let seeds = [0, seed(1)];
        // As many keys as a chain may have, with two entries each.
        for (number, digest) in (0..MAX_KEYS).zip(colliding(3, &seeds)) {
            add(&mut builder, number, &digest, 0b01);
            add(&mut builder, number, &digest, 0b10);
        }
        assert_eq!(longest(&builder), 2 * MAX_KEYS as usize);
        assert_eq!(builder.attempt, 0);
        builder.relink();
        assert_eq!(longest(&builder), 2 * MAX_KEYS as usize);
        assert_eq!(builder.attempt, 1);
    }

    #[test]
    fn linking_again_knows_entries_of_every_shape() {
        let key = Key::new(Operation::Firmware, Class::File, SHA1, SHA1);
        let mut words = [0; WORDS];
        let mut builder = builder(30, &mut words);
        for number in 0..10u32 {
            let (fsv, dmv) = ([number; 5], [!number; 5]);
            builder.entry(&Entry {
                key,
                outcome: outcome(number),
                combinations: ALL,
                fsverity: &fsv,
                dmverity: &dmv,
            });
            add(&mut builder, 100 + number, &digest(number), 0b01);
            add(&mut builder, 200 + number, &digest(number), 0b10);
        }
        builder.relink();
        assert_eq!(builder.attempt, 1);
        let chains = 0..builder.index.chains as usize;
        let lengths = chains.map(|head| builder.chain(head).count());
        assert_eq!(lengths.sum::<usize>(), 30);
        let index = builder.finish().0;
        for number in 0..10u32 {
            let (fsv, dmv) = (bytes::<20>(&[number; 5]), bytes::<20>(&[!number; 5]));
            assert_eq!(index.find_both(key, 7, &fsv, &dmv), outcome(number));
            assert_eq!(find(&index, &digest(number), 0), outcome(100 + number));
            assert_eq!(find(&index, &digest(number), 1), outcome(200 + number));
        }
    }

    #[test]
    fn entries_are_found_even_if_no_seed_helps() {
        let mut words = [0; WORDS];
        let mut builder = builder(40, &mut words);
        builder.attempt = SEEDS;
        for (number, digest) in (0..40).zip(colliding(40, &[0])) {
            add(&mut builder, number, &digest, ALL);
        }
        assert_eq!(longest(&builder), 40);
        let index = builder.finish().0;
        for (number, digest) in (0..40).zip(colliding(40, &[0])) {
            assert_eq!(find(&index, &digest, 0), outcome(number));
        }
    }

    #[test]
    fn too_few_words_are_noticed() {
        let mut words = [0; 20];
        let mut builder = builder(1, &mut words);
        add(&mut builder, 1, &digest(1), ALL);
        add(&mut builder, 2, &digest(2), ALL);
        assert!(!builder.finish().1);
    }

    #[test]
    fn too_few_words_for_the_chains_are_noticed() {
        let mut words = [0; 20];
        let mut builder = builder(21, &mut words);
        add(&mut builder, 1, &digest(1), ALL);
        assert!(!builder.finish().1);
    }

    #[test]
    fn broken_links_end_a_chain() {
        let mut words = [7; 20];
        let index = Index {
            words: &mut words[..],
            chains: 1,
            seed: 0,
        };
        // Word 0 leads to word 7, whose link leads there again: a match, or the end.
        index.words[9] = 1000;
        assert_eq!(find(&index, &digest(0), 0), Outcome::NONE);
    }

    #[test]
    fn tag_differs_between_most_entries_of_a_chain() {
        let mut met = [false; 128];
        for digest in colliding(40, &[0]).take(40) {
            let tag = Hash::new(0, FSVERITY).words(&digest).tag();
            assert_eq!(tag & !TAG, 0);
            met[(tag >> TAG.trailing_zeros()) as usize] = true;
        }
        assert!(met.iter().filter(|&&met| met).count() > 30);
    }

    #[test]
    fn digest_of_an_image_has_keys_of_its_own() {
        for image in super::super::FSVERITY {
            let key = Key::of_image(Operation::Execute, Class::File, image);
            assert_eq!(key.digest_words(), (image.digest_len() / 4, 0));
            assert!(Algorithm::ALL.iter().all(|&algorithm| {
                key != Key::new(Operation::Execute, Class::File, Some(algorithm), None)
            }));
        }
    }

    #[test]
    fn key_knows_the_length_of_its_digests() {
        for fsverity in Algorithm::ALL {
            for dmverity in Algorithm::ALL {
                let key = Key::new(
                    Operation::X509Cert,
                    Class::File,
                    Some(fsverity),
                    Some(dmverity),
                );
                let lengths = (fsverity.digest_len() / 4, dmverity.digest_len() / 4);
                assert_eq!(key.digest_words(), lengths);
                assert!(Key::of(key.0 | FIRST_OF_KEY | TAG | ALL) == key);
            }
        }
    }
}

/// The same with many entries, for which there is memory on the host only.
#[cfg(test)]
mod large {
    extern crate std;

    use super::super::*;
    use crate::policy::Action;
    use std::{
        vec,
        vec::Vec, //
    };

    const KEY: Key = Key::new(
        Operation::Execute,
        Class::File,
        Some(Algorithm::Sha256),
        None,
    );

    /// Returns the size of an index of so many digests, but for their words.
    fn size(digests: usize) -> Size {
        Size {
            entries: digests as u32,
            words: 0,
        }
    }

    /// Builds an index of these digests.
    fn build(digests: &[[u32; 8]]) -> Builder<Vec<u32>> {
        let mut builder = Builder::new(size(digests.len()), vec![0; digests.len() * 12]);
        for digest in digests {
            builder.entry(&Entry {
                key: KEY,
                outcome: Outcome::rule(0, Action::Allow),
                combinations: ALL_COMBINATIONS,
                fsverity: digest,
                dmverity: &[],
            });
        }
        assert!(!builder.overflow);
        builder
    }

    /// Returns how many of these digests are in the longest chain of their index, under the first
    /// seed.
    fn longest(digests: &[[u32; 8]]) -> u32 {
        let chains = size(digests.len()).chains();
        let mut lengths = vec![0; chains as usize];
        for digest in digests {
            lengths[Hash::new(0, KEY).words(digest).chain(chains)] += 1;
        }
        lengths.into_iter().max().unwrap_or(0)
    }

    #[test]
    fn files_with_chosen_digests_walk_short_chains() {
        // The worst of a policy: digests that are all in one chain under the first seed.
        let chains = size(10_000).chains();
        let in_first_chain = |digest: &[u32; 8]| Hash::new(0, KEY).words(digest).chain(chains) == 0;
        let mut digests: Vec<_> = (0..1 << 20)
            .map(|number| [number; 8])
            .filter(in_first_chain)
            .take(64)
            .collect();
        digests.extend((64..10_000).map(|number| [1, 2, 3, 4, 5, 6, 7, number]));
        let builder = build(&digests);
        assert!(builder.attempt > 0);

        // The worst of files: as many as it takes to meet every chain, the longest one included.
        let mut met = vec![false; chains as usize];
        for number in 0..200_000 {
            let file = [number, 0, 0, 0, 0, 0, 0, 0];
            let chain = Hash::new(builder.index.seed, KEY)
                .words(&file)
                .chain(chains);
            met[chain] = true;
            assert!(builder.chain(chain).count() <= MAX_KEYS as usize);
        }
        assert!(met.iter().all(|&met| met));
    }

    #[test]
    fn digests_numbered_in_other_ways_have_short_chains() {
        let numbers = 0..100_000u32;
        let word = |word: usize, number: u32| {
            let mut digest = [0; 8];
            digest[word] = number;
            digest
        };
        // Decimal numbers in hexadecimal digits.
        let decimal = |mut number: u32| {
            let mut digits = 0;
            for digit in 0..8 {
                digits |= (number % 10) << (4 * digit);
                number /= 10;
            }
            digits
        };
        let repeated = |number: u32| [number; 8];
        let patterns: [Vec<[u32; 8]>; 7] = [
            numbers.clone().map(|n| word(7, n.swap_bytes())).collect(),
            numbers.clone().map(|n| word(7, n)).collect(),
            numbers.clone().map(|n| word(0, n)).collect(),
            numbers.clone().map(|n| word(6, n.swap_bytes())).collect(),
            numbers
                .clone()
                .map(|n| word(7, decimal(n).swap_bytes()))
                .collect(),
            numbers.clone().map(repeated).collect(),
            numbers.map(|n| repeated(n.swap_bytes())).collect(),
        ];
        for (pattern, digests) in patterns.iter().enumerate() {
            let longest = longest(digests);
            assert!(longest <= 12, "{pattern}: {longest}");
            // Not before, as a bad hash would keep it busy for minutes.
            assert_eq!(build(digests).attempt, 0, "{pattern}");
        }
    }
}
