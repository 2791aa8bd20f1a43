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

#endif /* IPE_SELFTEST_PROBE_H */
