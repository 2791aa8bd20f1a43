// SPDX-License-Identifier: GPL-2.0-only

//! A second parser of the kernel's command line: it works as C does, in a buffer that ends with a
//! NUL and gets more of them.

/// A root hash of a parameter: an algorithm, if the line says it, and digits.
pub type Named = Vec<(Option<String>, String)>;

fn is_space(byte: u8) -> bool {
    b" \t\n\x0b\x0c\r\xa0".contains(&byte)
}

/// The text at a place of a buffer, up to the next NUL.
fn string(buffer: &[u8], start: usize) -> Vec<u8> {
    let rest = &buffer[start..];
    rest[..rest.iter().position(|byte| *byte == 0).unwrap()].to_vec()
}

fn skip_spaces(buffer: &[u8], mut at: usize) -> usize {
    while is_space(buffer[at]) {
        at += 1;
    }
    at
}

/// Splits a command line into names and values.
fn words(line: &[u8]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let end = line.iter().position(|byte| *byte == 0);
    let mut buffer = line[..end.unwrap_or(line.len())].to_vec();
    buffer.push(0);
    let mut words = Vec::new();
    let mut at = skip_spaces(&buffer, 0);
    while buffer[at] != 0 {
        let quoted = buffer[at] == b'"';
        at += usize::from(quoted);
        let mut in_quote = quoted;
        let mut equals = 0;
        let mut length = 0;
        while buffer[at + length] != 0 {
            let byte = buffer[at + length];
            if is_space(byte) && !in_quote {
                break;
            }
            if equals == 0 && byte == b'=' {
                equals = length;
            }
            in_quote ^= byte == b'"';
            length += 1;
        }
        let mut value = None;
        if equals != 0 {
            buffer[at + equals] = 0;
            let mut start = at + equals + 1;
            if buffer[start] == b'"' {
                start += 1;
                if buffer[at + length - 1] == b'"' {
                    buffer[at + length - 1] = 0;
                }
            }
            value = Some(start);
        }
        if quoted && length > 0 && buffer[at + length - 1] == b'"' {
            buffer[at + length - 1] = 0;
        }
        let more = buffer[at + length] != 0;
        buffer[at + length] = 0;
        words.push((
            string(&buffer, at),
            value.map(|start| string(&buffer, start)),
        ));
        at = skip_spaces(&buffer, at + length + usize::from(more));
    }
    words
}

/// Returns what a parameter names, if it names anything.
pub fn named(line: &[u8], parameter: &str) -> Option<Named> {
    let mut values: Vec<Vec<u8>> = Vec::new();
    for (mut name, value) in words(line) {
        let Some(mut value) = value else {
            if name == b"--" {
                break;
            }
            continue;
        };
        if parameter == "dm-mod.create" {
            name.iter_mut()
                .filter(|byte| **byte == b'_')
                .for_each(|byte| *byte = b'-');
        } else {
            let text = [name.as_slice(), b"=", &value].concat();
            if text[0] == b'\'' {
                if text.last() != Some(&b'\'') || value.is_empty() {
                    continue;
                }
                name.remove(0);
                value.pop();
            } else if value.len() > 1 && value[0] == b'\'' && value.last() == Some(&b'\'') {
                value.remove(0);
                value.pop();
            }
            if name.starts_with(b"rd.") {
                name.drain(..3);
            }
            value.make_ascii_lowercase();
        }
        if name == parameter.as_bytes() {
            values.push(value);
        }
    }
    values.dedup();
    let [value] = values.as_slice() else {
        return None;
    };
    if parameter == "dm-mod.create" {
        return tables(value);
    }
    let hex = String::from_utf8(value.clone()).ok()?;
    let valid = hex.chars().all(|digit| digit.is_ascii_hexdigit());
    (valid && [64, 96, 128].contains(&hex.len())).then(|| vec![(None, hex)])
}

/// A field without the white space around it.
fn trimmed(mut text: &[u8]) -> Vec<u8> {
    while let [first, rest @ ..] = text {
        if !is_space(*first) {
            break;
        }
        text = rest;
    }
    while let [rest @ .., last] = text {
        if !is_space(*last) {
            break;
        }
        text = rest;
    }
    text.to_vec()
}

/// The fields of a text: `count` that a separator must end, and the rest.
fn fields(text: &[u8], separator: u8, count: usize) -> Option<Vec<Vec<u8>>> {
    let mut fields = Vec::new();
    let mut rest = text.to_vec();
    for _ in 0..count {
        while rest.first().copied().is_some_and(is_space) {
            rest.remove(0);
        }
        let at = rest.iter().position(|byte| *byte == separator)?;
        let after = rest.split_off(at);
        fields.push(trimmed(&rest));
        rest = after[1..].to_vec();
    }
    fields.push(rest);
    Some(fields)
}

/// The root hashes in the value of `dm-mod.create=`.
fn tables(value: &[u8]) -> Option<Named> {
    let mut named = Vec::new();
    let mut devices = Some(value.to_vec());
    while let Some(device) = devices {
        let rest = fields(&device, b',', 4)?.pop()?;
        let mut parts = rest.splitn(2, |byte| *byte == b';');
        let table = parts.next()?.to_vec();
        devices = parts.next().map(<[u8]>::to_vec);
        let mut entries = Some(trimmed(&table));
        while let Some(entry) = entries {
            let mut split = fields(&entry, b' ', 3)?;
            let rest = split.pop()?;
            let target = split.pop()?;
            let mut parts = rest.splitn(2, |byte| *byte == b',');
            let arguments = parts.next()?.to_vec();
            entries = parts.next().map(<[u8]>::to_vec);
            if target == b"verity" {
                named.push(verity(&arguments)?);
            }
        }
    }
    (!named.is_empty()).then_some(named)
}

/// Algorithm and digits of a table's arguments.
fn verity(arguments: &[u8]) -> Option<(Option<String>, String)> {
    let mut words = vec![Vec::new()];
    let mut bytes = arguments.iter();
    while let Some(byte) = bytes.next() {
        if is_space(*byte) {
            words.push(Vec::new());
            continue;
        }
        let word = words.last_mut()?;
        word.push(*byte);
        if *byte == b'\\' {
            word.extend(bytes.next());
        }
    }
    words.retain(|word| !word.is_empty());
    if words.len() < 10 {
        return None;
    }
    let algorithm = String::from_utf8(words[7].clone()).ok()?;
    let hex = String::from_utf8(words[8].clone()).ok()?;
    let digits = match algorithm.as_str() {
        "sha1" | "rmd160" | "blake2b-160" | "blake2s-160" => 40,
        "md4" | "md5" | "blake2s-128" => 32,
        "sha224" | "sha3-224" | "blake2s-224" => 56,
        "sha256" | "sha3-256" | "blake2b-256" | "blake2s-256" | "sm3" | "streebog256" | "wp256" => {
            64
        }
        "sha384" | "sha3-384" | "blake2b-384" | "wp384" => 96,
        "sha512" | "sha3-512" | "blake2b-512" | "streebog512" | "wp512" => 128,
        _ => return None,
    };
    let valid = hex.len() == digits && hex.chars().all(|digit| digit.is_ascii_hexdigit());
    valid.then(|| (Some(algorithm), hex.to_ascii_lowercase()))
}
