# SPDX-License-Identifier: GPL-2.0-only
"""What the benchmark has found, as text."""

CALLS = {
    "mmap": "mmap",
    "mprotect": "mprotect",
    "check": "execveat, AT_EXECVE_CHECK",
    "execve": "fork, execve, exit",
    "execve-dynamic": "the same with an interpreter",
    "fork": "fork, exit",
    "open": "open",
    "ioctl": "ioctl",
    "brk": "brk",
    "kernel-read": "finit_module",
}

# The lines of the table: policies, object, label. Of calls other than mmap it has only some; bench.json
# has all.
ALLOWED = (
    ("digest", "initramfs", "plain file"),
    ("digest", "fsverity-first", "fs-verity, first rule"),
    ("digest", "fsverity-last", "fs-verity, last rule"),
    ("allow", "fsverity-none", "fs-verity, no rule"),
    ("roothash", "dmverity", "dm-verity, last rule"),
    ("allow", "dmverity", "dm-verity, no rule"),
    ("allow", "anonymous", "anonymous memory"),
    ("program", "anonymous", "memory, by the program, last rule"),
    ("module", "initramfs", "plain file"),
    ("module", "fsverity-last", "fs-verity, last rule"),
)
SHORT = {
    ("digest", "initramfs"),
    ("digest", "fsverity-last"),
    ("roothash", "dmverity"),
    ("program", "anonymous"),
}
DENIED = (
    ("digest", "dmverity", "no such rule"),
    ("digest", "fsverity-none", "fs-verity, no rule"),
    ("digest", "anonymous", "anonymous memory"),
    ("deny", "fsverity-last", "fs-verity, by the last rule"),
    ("module", "fsverity-none", "fs-verity, no rule"),
)


def number(value):
    return "-" if value is None else f"{value:,.0f}"


def ratio(c, rust):
    """The cost of C as a multiple of ours."""
    if c is None or rust is None or rust < 1 or c < 1:
        return ""
    times = c / rust
    return f"{times:,.0f}x" if times >= 10 else f"{times:.1f}x"


def rows(title, columns, lines):
    """Prints labelled lines of cells in columns."""
    width = max(len(label) for label, _ in lines) + 1
    print(f"\n{title}\n")
    print(" " * width + "".join(f"{column:>10}" for column in columns))
    for label, cells in lines:
        print(f"{label:<{width}}" + "".join(f"{cell:>10}" for cell in cells).rstrip())


def decisions(entries, shown, verdict, title):
    """Cost by the number of rules, C above ours."""
    chosen = [entry for entry in entries if entry["verdict"] == verdict]
    counts = sorted({entry["rules"] for entry in chosen})
    costs = {(e["call"], e["family"], e["subject"], e["rules"]): e for e in chosen}
    lines = []
    for call, name in CALLS.items():
        for family, subject, label in shown:
            cells = [
                costs.get((call, family if count else "none", subject, count), {})
                for count in counts
            ]
            if not any("rust" in cell for cell, count in zip(cells, counts) if count):
                continue
            if call not in ("mmap", "kernel-read") and (family, subject) not in SHORT:
                continue
            lines.append((f"{name}: {label}, C", [number(cell.get("c")) for cell in cells]))
            lines.append(("  Rust", [number(cell.get("rust")) for cell in cells]))
            lines.append(
                ("  C : Rust", [ratio(cell.get("c"), cell.get("rust")) for cell in cells])
            )
    rows(title, [f"{count:,}" if count else "no policy" for count in counts], lines)


def by_rules(entries, rules):
    return next((entry for entry in entries if entry["rules"] == rules), {})


def loading(results):
    lines = []
    for name, key, what in (
        ("instructions, hashing aside", "loading", "beside_hashing"),
        ("instructions", "loading", "whole"),
        ("bytes that last, message aside", "memory", "beside_message"),
        ("bytes that last", "memory", "lasting"),
        ("bytes at the peak", "memory", "peak"),
    ):
        c, few, many = (
            by_rules(results[key][kernel], rules).get(what)
            for kernel, rules in (("c", 500), ("rust", 500), ("rust", 100_000))
        )
        lines.append((name, [number(c), number(few), ratio(c, few), number(many)]))
    columns = ("C, 500", "Rust, 500", "C : Rust", "100,000")
    rows("Loading, for each rule. Memory is taken in whole pages.", columns, lines)
    for kernel, name in (("c", "C"), ("rust", "Rust")):
        refused = results["refused"][kernel]
        if refused:
            print(f"{name} refuses policies of " + ", ".join(map(number, refused)) + " rules.")


def sizes(results):
    found = results["sizes"]
    c, rust = (found[kernel]["functions"] for kernel in ("c", "rust"))
    lines = [("functions of security/ipe", [number(c), number(rust), ratio(c, rust)])]
    c, rust = (found[kernel]["image"] - found["none"]["image"] for kernel in ("c", "rust"))
    lines.append(("compressed kernel, with tests", [number(c), number(rust), ratio(c, rust)]))
    rows("Bytes of code", ("C", "Rust", "C : Rust"), lines)

    boot = results["boot"]
    c, rust = (boot[kernel] - boot["none"] for kernel in ("c", "rust"))
    lines = [("until the first program", [number(c), number(rust), ratio(c, rust)])]
    rows(f"Boot, added to {number(boot['none'])}", ("C", "Rust", "C : Rust"), lines)


def show(results):
    print("What IPE adds, in instructions: the same kernel without IPE is subtracted.")
    entries = results["decisions"]
    decisions(entries, ALLOWED, "allow", "Allowed, by the number of rules")
    decisions(entries, DENIED, "deny", "Denied: the whole system call, with its audit record")
    loading(results)
    sizes(results)
