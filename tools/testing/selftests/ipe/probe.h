/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IPE_SELFTEST_PROBE_H
#define IPE_SELFTEST_PROBE_H

/* The exit code of the programs "probe" and "original". */
#define PROBE_RAN 42

/* That of "changed", which differs from "original" only in this. */
#define PROBE_CHANGED 43

/* "inherit32" adds these: it has READ_IMPLIES_EXEC, its heap is executable. */
#define PROBE_PERSONALITY 1
#define PROBE_HEAP 2

/* The argument with which "probe" exits with PROBE_GENERATED, and a bit for each ... */
#define PROBE_GENERATE "generate"
#define PROBE_GENERATED 128

/* ... kind of memory that it could make executable. */
#define PROBE_MMAP 1
#define PROBE_MPROTECT 2
#define PROBE_MEMFD 4
#define PROBE_ZERO 8
#define PROBE_SHM 16
#define PROBE_HEAP_MPROTECT 32
#define PROBE_STACK_MPROTECT 64
#define PROBE_EVERY_WAY 127

/* The same, after the file whose path follows has become its /proc/self/exe. */
#define PROBE_EXCHANGE "exchange="

/* It exits with its securebits about scripts, or executes what follows to tell its own. */
#define PROBE_SCRIPT_BITS "script-bits"
#define PROBE_EXECUTE "execute="

/* It exits with the errno of an attempt to be traced by its parent, or to trace it. */
#define PROBE_TRACEME "traceme"
#define PROBE_SEIZE "seize"

/* It could not do what was asked for. */
#define PROBE_FAILED 99

#endif /* IPE_SELFTEST_PROBE_H */
