// SPDX-License-Identifier: GPL-2.0-only

//! Builds the parser of the C implementation for the targets that compare with it.
//!
//! `IPE_C_TREE` names the kernel tree that has it.

#[path = "../policy/tests/c_parser/build.rs"]
mod c_parser;

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    println!("cargo::rerun-if-env-changed=IPE_C_TREE");
    println!("cargo::rerun-if-changed=../policy/tests/c_parser");
    if env::var_os("CARGO_FEATURE_C").is_none() {
        return;
    }
    let tree = env::var_os("IPE_C_TREE").expect("IPE_C_TREE names a kernel tree");
    let shim = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/tests/c_parser");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());

    // Instruments the C code for the fuzzer, and makes it stop at errors.
    let mut compile = c_parser::command("clang", Path::new(&tree), &shim, &out, "call.c");
    compile.current_dir(&out).args([
        "-c",
        "-g1",
        "-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp",
    ]);
    assert!(compile.status().expect("there is clang").success());
    let objects = [
        "call",
        "policy_parser",
        "digest",
        "parser",
        "kstrtox",
        "ctype",
    ];
    let library = out.join("libipe_c.a");
    let status = Command::new("llvm-ar")
        .arg("rcs")
        .arg(&library)
        .args(objects.map(|object| out.join(object).with_extension("o")))
        .status();
    assert!(status.expect("there is llvm-ar").success());
    println!("cargo::rustc-link-search=native={}", out.display());
    println!("cargo::rustc-link-lib=static=ipe_c");
}
