// SPDX-License-Identifier: GPL-2.0-only

//! Makes the sequences for a guest, and compares its output with the model.
//!
//! ```text
//! model generate SEED SEQUENCES LENGTH KEYS DIRECTORY
//! model compare DIRECTORY LOG SMALLER KEYS
//! model show FILE
//! ```
//!
//! `compare` prints the shortest sequence that differs, if one does, and puts sequences that lack a
//! part of it into `SMALLER`: if one of these differs, too, compare it next. `show` prints the model's
//! results for the sequences of a file.

use ipe_model::{
    command::Command,
    compare::differences,
    generate,
    model::{Model, RESET},
    sign,
};
use std::{
    collections::BTreeSet,
    env,
    error::Error,
    fmt::Write,
    fs,
    path::Path,
    process::ExitCode, //
};

type Sequences = Vec<Vec<Command>>;

/// Puts sequences and their policies into a directory.
fn store(sequences: &Sequences, keys: &Path, directory: &Path) -> Result<(), Box<dyn Error>> {
    let _ = fs::remove_dir_all(directory);
    fs::create_dir_all(directory)?;
    let work = directory.join("work");
    fs::create_dir(&work)?;
    let mut text = String::new();
    let end = sequences.len();
    for (number, commands) in sequences.iter().chain([&Vec::new()]).enumerate() {
        let name = if number == end {
            "end".to_owned()
        } else {
            number.to_string()
        };
        fs::create_dir(directory.join(&name))?;
        if number < end {
            writeln!(text, "sequence {name}")?;
        }
        let mut policies = BTreeSet::from([RESET]);
        for command in commands {
            writeln!(text, "{command}")?;
            policies.extend(command.policy());
        }
        for policy in policies {
            // Versions only increase, also from one sequence to the next.
            let signed = sign::sign(&policy, number + 1, keys, &work)?;
            fs::write(directory.join(&name).join(policy.to_string()), signed)?;
        }
    }
    fs::remove_dir_all(work)?;
    fs::write(directory.join("commands"), text)?;
    Ok(())
}

/// Reads the sequences of a file.
fn load(file: &Path) -> Result<Sequences, Box<dyn Error>> {
    let mut sequences = Sequences::new();
    for line in fs::read_to_string(file)?.lines() {
        if line.starts_with("sequence ") {
            sequences.push(Vec::new());
            continue;
        }
        let command = Command::parse(line).ok_or_else(|| format!("what is '{line}'?"))?;
        sequences
            .last_mut()
            .ok_or("there is no sequence")?
            .push(command);
    }
    Ok(sequences)
}

/// Sequences that lack a part: each half, each quarter, and so on to each single command.
fn smaller(commands: &[Command]) -> Sequences {
    let Some((last, before)) = commands.split_last() else {
        return Sequences::new();
    };
    let mut all = Sequences::new();
    let mut size = before.len();
    while size > 0 {
        for start in (0..before.len()).step_by(size) {
            let end = before.len().min(start + size);
            // The last command is the one that differs.
            all.push([&before[..start], &before[end..], &[*last]].concat());
        }
        size /= 2;
    }
    all
}

fn show(sequences: &Sequences) {
    for commands in sequences {
        let mut model = Model::default();
        println!("sequence");
        for command in commands {
            let answer = model.step(command).err().unwrap_or("0");
            println!("{command}\n    {answer} {model}");
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words.as_slice() {
        ["generate", seed, number, length, keys, directory] => {
            let sequences = generate::sequences(seed.parse()?, number.parse()?, length.parse()?);
            store(&sequences, Path::new(keys), Path::new(directory))?;
        }
        ["compare", directory, log, next, keys] => {
            let sequences = load(&Path::new(directory).join("commands"))?;
            let log = fs::read_to_string(log)?;
            let found = differences(&sequences, &log);
            let steps: usize = sequences.iter().map(Vec::len).sum();
            let Some(first) = found.iter().min_by_key(|difference| difference.step) else {
                println!(
                    "{} sequences, {steps} steps: no difference",
                    sequences.len()
                );
                return Ok(ExitCode::SUCCESS);
            };
            let shortest = &sequences[first.sequence][..=first.step];
            println!(
                "{} of {} sequences differ; the shortest:",
                found.len(),
                sequences.len()
            );
            for command in shortest {
                println!("    {command}");
            }
            println!("  model:  {}\n  kernel: {}", first.expected, first.seen);
            store(&smaller(shortest), Path::new(keys), Path::new(next))?;
            return Ok(ExitCode::FAILURE);
        }
        ["show", file] => show(&load(Path::new(file))?),
        _ => return Err("model generate | compare | show, see its source".into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("model: {error}");
        ExitCode::from(2)
    })
}
