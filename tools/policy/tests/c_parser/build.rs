// SPDX-License-Identifier: GPL-2.0-only

//! The parser of the C implementation, from the sources of a kernel tree, unchanged.

use std::{
    fs,
    path::Path,
    process::Command, //
};

/// The sources of the C parser and of what it calls.
const SOURCES: [&str; 5] = [
    "security/ipe/policy_parser.c",
    "security/ipe/digest.c",
    "lib/parser.c",
    "lib/kstrtox.c",
    "lib/ctype.c",
];

/// The headers that these sources include, next to those of the kernel at large.
const HEADERS: [&str; 4] = [
    "security/ipe/policy_parser.h",
    "security/ipe/policy.h",
    "security/ipe/digest.h",
    "lib/kstrtox.h",
];

/// Returns a command that compiles the C parser together with `caller`; it lacks the output.
///
/// `shim` is the directory with what stands for a kernel, `out` one for generated headers.
pub(crate) fn command(
    compiler: &str,
    tree: &Path,
    shim: &Path,
    out: &Path,
    caller: &str,
) -> Command {
    let include = out.join("include");
    fs::create_dir_all(include.join("linux")).unwrap();

    // Each header of the kernel is the one that we have, but for those that stand alone.
    for file in SOURCES.iter().chain(&HEADERS) {
        let text = fs::read_to_string(tree.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("#include <linux/"));
        for name in lines.filter_map(|line| line.split('>').next()) {
            let header = include.join("linux").join(name);
            match name {
                "errno.h" | "limits.h" => continue,
                "args.h" => drop(fs::copy(tree.join("include/linux/args.h"), header).unwrap()),
                _ => fs::write(header, "#include \"kernel.h\"\n").unwrap(),
            }
        }
    }

    let mut command = Command::new(compiler);
    command
        .args([
            "-O1",
            "-w",
            // Declarations of the kernel's headers that newer compilers insist on.
            "-Wno-implicit-function-declaration",
            "-Wno-incompatible-pointer-types",
            "-D_GNU_SOURCE",
            "-ffunction-sections",
            "-Wl,--gc-sections",
            "-I",
        ])
        .args([shim, Path::new("-I"), &include, Path::new("-I")])
        .arg(tree.join("security/ipe"))
        .arg(shim.join(caller))
        .args(SOURCES.map(|file| tree.join(file)));
    command
}
