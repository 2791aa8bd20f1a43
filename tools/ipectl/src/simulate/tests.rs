// SPDX-License-Identifier: GPL-2.0-only

//! A trial tells of each record how the kernel would have decided, or that this is not known.

use super::*;
use crate::{
    audit, canonical, command_line::CommandLine, object::Object, policy::operation_name,
    source::Source, suggest::Trust,
};
use ipe_policy::policy::Scope;

/// Numbers that look random, and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// The digests that policies and files have here. The last one is in no policy.
const DIGITS: [&str; 3] = ["aa", "bb", "cc"];

/// The kernel's command line, which only the kernel knows.
const COMMAND_LINE: [&str; 2] = ["roothash", "usrhash"];

fn digest(number: usize) -> Digest {
    Digest::parse(&DIGITS[number].repeat(32)).unwrap()
}

fn command_line() -> CommandLine {
    // `usrhash` names a volume that no policy names.
    let hash = |number: usize| DIGITS[number].repeat(32);
    CommandLine::Given(format!("roothash={} usrhash={}", hash(0), hash(2)).into_bytes())
}

const OPERATIONS: [&str; 2] = ["EXECUTE", "KMODULE"];

fn random_text(numbers: &mut Numbers) -> String {
    let mut text = "policy_name=p policy_version=1.0.0\n".to_owned();
    let actions = ["ALLOW", "DENY"];
    text += &format!("DEFAULT action={}\n", numbers.of(&actions));
    if numbers.below(3) == 0 {
        text += &format!("DEFAULT op=EXECUTE action={}\n", numbers.of(&actions));
    }
    for _ in 0..numbers.below(6) {
        text += &format!("op={}", numbers.of(&OPERATIONS));
        for flag in ["boot_verified", "dmverity_signature", "fsverity_signature"] {
            if numbers.below(5) == 0 {
                text += &format!(" {flag}={}", numbers.of(&["TRUE", "FALSE"]));
            }
        }
        match numbers.below(5) {
            0 => text += &format!(" dmverity_roothash=cmdline:{}", numbers.of(&COMMAND_LINE)),
            1 => {
                let hash = DIGITS[numbers.below(2)].repeat(32);
                text += &format!(" dmverity_roothash=sha256:{hash}");
            }
            _ => {}
        }
        if numbers.below(3) == 0 {
            let hash = DIGITS[numbers.below(2)].repeat(32);
            text += &format!(" fsverity_digest=sha256:{hash}");
        }
        text += &format!(" action={}\n", numbers.of(&actions));
    }
    text
}

/// The policy as the machine with that command line has it, and as this program reads it, which is
/// told that line or not.
fn compile_knowing(text: &str, told: bool) -> (Policy, Policy) {
    let source = Source::from_text("p", text.as_bytes());
    let told = match told {
        true => command_line(),
        false => CommandLine::AtBoot,
    };
    (
        Policy::load_for(&source, command_line()).unwrap(),
        Policy::load_for(&source, told).unwrap(),
    )
}

fn compile(text: &str) -> (Policy, Policy) {
    compile_knowing(text, false)
}

/// An object, and the device that its record names; none for memory.
fn random_object(numbers: &mut Numbers) -> (Object, Option<&'static str>) {
    let nothing = Object::default();
    let mut object = match numbers.below(6) {
        0 => return (nothing, None),
        1 => return (nothing, Some("tmpfs")),
        2 => return (Object::combination(1), Some("rootfs")),
        3 => return (nothing, Some("rootfs")),
        _ => nothing,
    };
    if numbers.below(2) == 0 {
        object.fsverity_digest = Some(digest(numbers.below(3)));
        object.fsverity_signature = numbers.below(2) == 0;
    }
    if numbers.below(3) == 0 {
        return (object, Some("vda2"));
    }
    if numbers.below(3) > 0 {
        object.dmverity_roothash = Some(digest(numbers.below(3)));
        object.dmverity_signature = numbers.below(2) == 0;
    }
    (object, Some(*numbers.of(&["dm-0", "overlay"])))
}

/// The text of the rule that decides.
fn deciding(policy: &Policy, operation: Option<Operation>, object: &Object) -> (Action, String) {
    let verdict = policy.evaluate(operation, object);
    let text = match verdict.scope {
        Scope::Rule(offset) => {
            let lines = policy.lines();
            let line = lines.iter().find(|line| line.offset == offset).unwrap();
            canonical::rule(line.rule().unwrap())
        }
        Scope::OperationDefault => canonical::default(operation, verdict.action),
        Scope::GlobalDefault => canonical::default(None, verdict.action),
    };
    (verdict.action, text)
}

/// The line of the log that the kernel writes.
fn record(
    operation: Option<Operation>,
    object: &Object,
    device: Option<&str>,
    rule: &str,
) -> String {
    let place = match device {
        None => "path=? dev=? ino=?".to_owned(),
        Some(device) => format!("path=\"/file\" dev=\"{device}\" ino=1"),
    };
    let unsure = device == Some("rootfs") && !object.boot_verified;
    let hook = if unsure { "MPROTECT" } else { "MMAP" };
    let name = operation_name(operation);
    format!(
        "type=1420 msg=audit(1.2:3): ipe_op={name} ipe_hook={hook} enforcing=0 pid=1 comm=\"x\" \
         {place} rule=\"{rule}\""
    )
}

fn simulate(policy: Policy, knowledge: &Knowledge, line: &str) -> Outcome {
    let mut simulation = Simulation::new(policy, knowledge);
    let found = audit::read(line.as_bytes(), |record| simulation.add(record));
    assert_eq!(found, audit::Line::Record(()), "{line}");
    simulation.finish()
}

#[test]
fn what_is_known_is_what_the_kernel_decides() {
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let (mut known, mut changed, mut with_line) = (0, 0, 0);
    const ROUNDS: usize = 10_000;
    for _ in 0..ROUNDS {
        let texts = [random_text(&mut numbers), random_text(&mut numbers)];
        let told = numbers.below(2) == 0;
        let (old, old_here) = compile_knowing(&texts[0], told);
        let (new, new_here) = compile_knowing(&texts[1], told);
        let operation = match numbers.below(8) {
            0 => None,
            number => Operation::from_name(OPERATIONS[number % 2].as_bytes()),
        };
        let (object, device) = random_object(&mut numbers);
        let (was, rule) = deciding(&old, operation, &object);
        let (is, by) = deciding(&new, operation, &object);
        let line = record(operation, &object, device, &rule);

        let mut knowledge = Knowledge::default();
        if numbers.below(2) == 0 {
            knowledge.active = Some(old_here);
        }
        if device == Some("dm-0") && numbers.below(2) == 0 {
            let volume = |trust| Volume {
                device: "dm-0".to_owned(),
                trust,
            };
            if object.dmverity_signature {
                knowledge.volumes.push(volume(Trust::Signed));
            }
            if let Some(hash) = object.dmverity_roothash {
                knowledge.volumes.push(volume(Trust::RootHash(hash)));
            }
        }
        let outcome = simulate(new_here, &knowledge, &line);
        let about = format!("{texts:?}\n{object:?}\n{line}\n{outcome:?}");
        assert_eq!(outcome.foreign, 0, "{about}");
        let lacking = outcome.undecided.iter().map(|one| one.lacks.len());
        assert!(lacking.into_iter().all(|lacking| lacking > 0), "{about}");
        // A rule that decides is never called unused.
        let unused = outcome.rules.iter().filter(|rule| rule.is_unused());
        let unused = unused.filter(|rule| rule.rule == by).count();
        assert!(unused < same(&outcome, &by), "{about}");
        if outcome.unknown > 0 {
            continue;
        }
        known += 1;
        let numbers = (outcome.same, outcome.newly_allowed, outcome.newly_denied);
        let expected = match (was, is) {
            (Action::Deny, Action::Allow) => (0, 1, 0),
            (Action::Allow, Action::Deny) => (0, 0, 1),
            _ => (1, 0, 0),
        };
        assert_eq!(numbers, expected, "{about}");
        changed += usize::from(was != is);
        let used = outcome.rules.iter().find(|rule| rule.records > 0);
        if let Some(used) = used {
            with_line += 1;
            assert_eq!(used.rule, by, "{about}");
        }
    }
    // If it never knew anything, it would never be wrong.
    let counts = (known, changed, with_line);
    assert!(known > ROUNDS / 2 && changed > ROUNDS / 20, "{counts:?}");
    assert!(with_line > ROUNDS / 3, "{counts:?}");
}

#[test]
fn the_policy_that_was_active_changes_nothing() {
    let mut numbers = Numbers(0xfeed_beef_dead_cafe);
    for _ in 0..3_000 {
        let text = random_text(&mut numbers);
        let (old, here) = compile(&text);
        let operation = Operation::from_name(numbers.of(&OPERATIONS).as_bytes());
        let (object, device) = random_object(&mut numbers);
        let (_, rule) = deciding(&old, operation, &object);
        let line = record(operation, &object, device, &rule);
        let knowledge = Knowledge {
            active: Some(compile(&text).1),
            ..Knowledge::default()
        };
        let outcome = simulate(here, &knowledge, &line);
        let about = format!("{text}\n{object:?}\n{line}\n{outcome:?}");
        assert_eq!((outcome.same, outcome.foreign), (1, 0), "{about}");
    }
}

/// How many lines have this text.
fn same(outcome: &Outcome, text: &str) -> usize {
    outcome
        .rules
        .iter()
        .filter(|rule| rule.rule == text)
        .count()
}

/// A policy that allows files of signed volumes, and one more rule.
fn signed_and(rule: &str) -> Policy {
    let text = format!(
        "policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n{rule}\n\
         op=EXECUTE dmverity_signature=TRUE action=ALLOW\n"
    );
    compile(&text).1
}

const SIGNED: &str = "op=EXECUTE dmverity_signature=TRUE action=ALLOW";

fn line(device: &str, rule: &str) -> String {
    record(
        Some(Operation::Execute),
        &Object::default(),
        Some(device),
        rule,
    )
}

#[test]
fn rule_of_the_record_tells_its_properties() {
    let knowledge = Knowledge::default();
    let outcome = simulate(signed_and(""), &knowledge, &line("dm-0", SIGNED));
    assert_eq!((outcome.same, outcome.unknown), (1, 0));
    // An earlier rule may match as well.
    let hash = "aa".repeat(32);
    let deny = format!("op=EXECUTE dmverity_roothash=sha256:{hash} action=DENY");
    let outcome = simulate(signed_and(&deny), &knowledge, &line("dm-0", SIGNED));
    assert_eq!((outcome.same, outcome.unknown), (0, 1));
    assert_eq!(outcome.undecided[0].lacks, ["dmverity_roothash"]);
}

#[test]
fn what_no_rule_matched_is_known_only_with_the_policy() {
    let log = line("dm-0", "DEFAULT action=DENY");
    let outcome = simulate(signed_and(""), &Knowledge::default(), &log);
    assert_eq!(outcome.undecided[0].lacks, ["dmverity_signature"]);
    let knowledge = Knowledge {
        active: Some(signed_and("op=KMODULE action=ALLOW")),
        ..Knowledge::default()
    };
    let outcome = simulate(signed_and(""), &knowledge, &log);
    assert_eq!((outcome.same, outcome.unknown), (1, 0));
    // A device that is no volume of dm-verity tells it, too.
    let log = line("sda1", "DEFAULT action=DENY");
    let outcome = simulate(signed_and(""), &Knowledge::default(), &log);
    assert_eq!((outcome.same, outcome.unknown), (1, 0));
}

#[test]
fn command_line_tells_the_root_hash() {
    const ROOT: &str = "op=EXECUTE dmverity_roothash=cmdline:roothash action=ALLOW";
    let hash = DIGITS[0].repeat(32);
    let header = "policy_name=p policy_version=1.0.0\nDEFAULT action=DENY\n";
    let by_line = format!("{header}{ROOT}\n");
    let by_hash = format!("{header}op=EXECUTE dmverity_roothash=sha256:{hash} action=ALLOW\n");
    let volume = Knowledge {
        volumes: vec![Volume::parse(&format!("dm-0=sha256:{hash}")).unwrap()],
        ..Knowledge::default()
    };
    // Without it, the parameter may name any root hash.
    let log = line("dm-0", "DEFAULT action=DENY");
    let outcome = |told| simulate(compile_knowing(&by_line, told).1, &volume, &log);
    assert_eq!(outcome(false).undecided[0].lacks, ["dmverity_roothash"]);
    assert_eq!(outcome(true).newly_allowed, 1);
    // The parameter does not name the algorithm, but the volume has one.
    let log = line("dm-0", ROOT);
    let outcome = |knowledge: &_| simulate(compile_knowing(&by_hash, true).1, knowledge, &log);
    let unknown = outcome(&Knowledge::default());
    assert_eq!(unknown.undecided[0].lacks, ["dmverity_roothash"]);
    assert_eq!(outcome(&volume).same, 1);
    // A kernel with this command line would not have written the record.
    let log = line(
        "dm-0",
        &ROOT.replace("cmdline:roothash", "cmdline:dm-mod.create"),
    );
    let outcome = simulate(compile_knowing(&by_hash, true).1, &volume, &log);
    assert!(outcome.undecided[0].lacks.is_empty(), "{outcome:?}");
}

#[test]
fn another_policy_was_active() {
    let knowledge = Knowledge {
        active: Some(signed_and("")),
        ..Knowledge::default()
    };
    let rule = "op=EXECUTE fsverity_signature=TRUE action=ALLOW";
    let outcome = simulate(signed_and(""), &knowledge, &line("vda", rule));
    assert_eq!((outcome.foreign, outcome.newly_denied), (1, 1));
    assert_eq!(outcome.changes[0].line, Some(2));
}

#[test]
fn volume_that_contradicts_the_record_is_not_known() {
    let knowledge = Knowledge {
        volumes: vec![Volume::parse("tmpfs=signed").unwrap()],
        ..Knowledge::default()
    };
    let outcome = simulate(
        signed_and(""),
        &knowledge,
        &line("tmpfs", "DEFAULT action=DENY"),
    );
    assert_eq!(outcome.unknown, 1);
    assert!(outcome.undecided[0].lacks.is_empty());
}

#[test]
fn operation_of_another_kernel_is_not_known() {
    let log = line("vda", "DEFAULT action=DENY").replace("EXECUTE", "LEVITATE");
    let outcome = simulate(signed_and(""), &Knowledge::default(), &log);
    assert_eq!(outcome.unknown, 1);
    assert_eq!(outcome.undecided[0].operation, "LEVITATE");
}

#[test]
fn rule_that_cannot_be_read_tells_nothing() {
    let rule = "op=EXECUTE moon_phase=FULL action=ALLOW";
    let outcome = simulate(signed_and(""), &Knowledge::default(), &line("dm-0", rule));
    assert_eq!(outcome.undecided[0].lacks, ["dmverity_signature"]);
}

#[test]
fn memory_does_not_grow_with_the_number_of_files() {
    let knowledge = Knowledge::default();
    let mut simulation = Simulation::new(signed_and(""), &knowledge);
    let rule = "op=EXECUTE fsverity_signature=TRUE action=ALLOW";
    const FILES: usize = 100_000;
    for number in 0..FILES {
        let log = line(&format!("sda{number}"), rule)
            .replace("/file", &format!("/file/{number}"))
            .replace("comm=\"x\"", &format!("comm=\"{number}\""));
        audit::read(log.as_bytes(), |record| simulation.add(record));
    }
    assert!(simulation.decisions.len() <= KEPT);
    let outcome = simulation.finish();
    assert_eq!((outcome.records, outcome.newly_denied), (FILES, FILES));
    assert_eq!(outcome.changes.len(), 1);
    let change = &outcome.changes[0];
    assert_eq!((change.records, change.files.len()), (FILES, 8));
}
