// SPDX-License-Identifier: GPL-2.0-only

//! Root hashes of command lines that are built: long ones, and with words of every spelling.

use ipe_policy::policy::{Algorithm, CommandLine, Parameter, RootHashes, Unresolved};
use proptest::{prelude::*, sample::select};

const HASHES: [&str; 2] = [
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210",
];

/// Returns the digits that a parameter names, with the names of their algorithms.
fn named(line: &str, parameter: Parameter) -> Result<Vec<(&'static str, String)>, Unresolved> {
    let mut found = Vec::new();
    CommandLine::new(line.as_bytes()).each(parameter, &mut |algorithm, hex| {
        found.push((algorithm.name(), String::from_utf8(hex.to_vec()).unwrap()));
    })?;
    Ok(found)
}

/// Returns the digits that `roothash=` names, whatever the algorithm.
fn roothash(line: &str) -> Result<String, Unresolved> {
    let found = named(line, Parameter::RootHash)?;
    let (first, hex) = &found[0];
    assert_eq!(*first, "sha256");
    assert!(found.iter().all(|(_, other)| other == hex));
    Ok(hex.clone())
}

#[test]
fn algorithms_of_a_hash() {
    let names = |line: &str| {
        let found = named(line, Parameter::UsrHash).unwrap();
        found.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let [a, _] = HASHES;
    assert_eq!(
        names(&format!("usrhash={a}")),
        [
            "sha256",
            "sha3-256",
            "blake2b-256",
            "blake2s-256",
            "sm3",
            "streebog256",
            "wp256"
        ]
    );
    let expected = ["sha384", "sha3-384", "blake2b-384", "wp384"];
    assert_eq!(names(&format!("usrhash={a}{}", &a[..32])), expected);
    let expected = ["sha512", "sha3-512", "blake2b-512", "streebog512", "wp512"];
    assert_eq!(names(&format!("usrhash={a}{a}")), expected);
}

#[test]
fn line_of_4_kib() {
    let [a, b] = HASHES;
    let word = format!(" roothash={a}");
    for at in [0, 1, 2000, 4096 - word.len()] {
        let mut line = "x".repeat(4096);
        line.replace_range(at..at + word.len(), &word);
        if at + word.len() < line.len() {
            line.replace_range(at + word.len()..=at + word.len(), " ");
        }
        assert_eq!(line.len(), 4096);
        assert_eq!(roothash(&line).as_deref(), Ok(a), "{at}");
        let line = format!("{line} roothash={b}");
        assert_eq!(roothash(&line), Err(Unresolved::Ambiguous));
    }
    let line = "a=b ".repeat(1024) + &word;
    assert_eq!(roothash(&line).as_deref(), Ok(a));
    // Cut, as a boot loader may do it.
    let line = &line[..line.len() - 1];
    assert_eq!(roothash(line), Err(Unresolved::Invalid));
    // A quote that nothing closes.
    let line = format!("{}\"{word}", "a ".repeat(2048));
    assert_eq!(roothash(&line), Err(Unresolved::Absent));
}

#[test]
fn table_of_many_volumes() {
    let [a, _] = HASHES;
    let volume = format!("v,,,ro,0 8 verity 1 /dev/a /dev/a 4096 4096 1 1 sha256 {a} -");
    for count in [1, 2, 256] {
        let tables = vec![volume.as_str(); count].join(";");
        let line = format!("dm-mod.create=\"{tables}\"");
        let expected = vec![("sha256", a.to_owned()); count];
        assert_eq!(named(&line, Parameter::DmModCreate), Ok(expected));
    }
}

/// How a word is written.
#[derive(Clone, Copy, Debug)]
enum Quotes {
    None,
    AroundValue,
    AroundWord,
    Single,
    SingleAroundWord,
}

/// A word of a command line.
#[derive(Clone, Debug)]
struct Word {
    name: &'static str,
    value: Option<usize>,
    quotes: Quotes,
    blank: &'static str,
}

impl Word {
    fn write(&self) -> String {
        let Self { name, blank, .. } = self;
        let Some(value) = self.value else {
            return format!("{name}{blank}");
        };
        let value = HASHES[value];
        match self.quotes {
            Quotes::None => format!("{name}={value}{blank}"),
            Quotes::AroundValue => format!("{name}=\"{value}\"{blank}"),
            Quotes::AroundWord => format!("\"{name}={value}\"{blank}"),
            Quotes::Single => format!("{name}='{value}'{blank}"),
            Quotes::SingleAroundWord => format!("'{name}={value}'{blank}"),
        }
    }
}

fn word() -> impl Strategy<Value = Word> {
    let names = vec![
        "roothash",
        "rd.roothash",
        "usrhash",
        "quiet",
        "xroothash",
        "--",
        "root",
    ];
    let quotes = vec![
        Quotes::None,
        Quotes::AroundValue,
        Quotes::AroundWord,
        Quotes::Single,
        Quotes::SingleAroundWord,
    ];
    let blanks = vec![" ", "  ", "\t", "\n", " \r\n"];
    let value = prop_oneof![8 => Just(Some(0)), 1 => Just(Some(1)), 1 => Just(None)];
    (select(names), value, select(quotes), select(blanks)).prop_map(
        |(name, value, quotes, blank)| Word {
            name,
            value,
            quotes,
            blank,
        },
    )
}

/// Returns what `roothash=` names, by how the line is made.
fn expected(words: &[Word]) -> Result<String, Unresolved> {
    let before = words
        .iter()
        .take_while(|word| word.name != "--" || word.value.is_some());
    let values: Vec<_> = before
        .filter(|word| matches!(word.name, "roothash" | "rd.roothash"))
        .filter_map(|word| word.value)
        .collect();
    match values.as_slice() {
        [] => Err(Unresolved::Absent),
        [first, rest @ ..] if rest.iter().all(|value| value == first) => {
            Ok(HASHES[*first].to_owned())
        }
        _ => Err(Unresolved::Ambiguous),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..Default::default() })]

    #[test]
    fn words_are_read_as_they_were_written(words in prop::collection::vec(word(), 0..8)) {
        let line: String = words.iter().map(Word::write).collect();
        prop_assert_eq!(roothash(&line), expected(&words), "{}", line);
    }

    #[test]
    fn any_line_has_an_answer(line in "[a\"'=\\- ,;\\\\0]{0,24}(roothash|usrhash|dm[-_]mod.create)?=?[a\"'=\\- ,;0v]{0,80}") {
        for parameter in Parameter::ALL {
            for (algorithm, hex) in named(&line, parameter).unwrap_or_default() {
                let algorithm = Algorithm::from_name(algorithm.as_bytes()).unwrap();
                prop_assert_eq!(hex.len(), 2 * algorithm.digest_len());
            }
        }
    }
}
