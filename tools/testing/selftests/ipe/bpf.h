/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - handlers of binfmt_misc that are BPF programs
 */
#ifndef IPE_SELFTEST_BPF_H
#define IPE_SELFTEST_BPF_H

#include <stdbool.h>

/* The handler takes files that begin with this. */
#define BPF_MAGIC "ipe-"

/*
 * Registers a handler, until this process ends. It chooses the interpreter: by
 * its path, or, if bound, by the name under which the format has bound it.
 * Returns -EOPNOTSUPP if the kernel has no CONFIG_BINFMT_MISC_BPF.
 */
int bpf_handler(const char *name, const char *interpreter, bool bound);

#endif /* IPE_SELFTEST_BPF_H */
