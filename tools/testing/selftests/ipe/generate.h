/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - programs that generate code, and which of them a policy lets do so
 */
#ifndef IPE_SELFTEST_GENERATE_H
#define IPE_SELFTEST_GENERATE_H

#include "access.h"
#include "probe.h"

/* Programs like this may generate code, and nobody else ... */
#define ALLOW_PROGRAM(exe)                                                  \
	"DEFAULT action=ALLOW\n"                                            \
	"op=EXECUTE anonymous_memory=TRUE " exe " action=ALLOW\n"           \
	"op=EXECUTE anonymous_memory=TRUE action=DENY\n"

/* ... or everybody but them. */
#define DENY_PROGRAM(exe)                                                   \
	"DEFAULT action=ALLOW\n"                                            \
	"op=EXECUTE anonymous_memory=TRUE " exe " action=DENY\n"

/* The exit codes of "probe". */
#define GENERATES (PROBE_GENERATED | PROBE_EVERY_WAY)
#define GENERATES_NOTHING PROBE_GENERATED

static inline int generate_by(int fd, const char *path, int flags,
		       int (*prepare)(void *argument), void *argument)
{
	return run_program_with(PROBE_GENERATE, fd, path, flags, prepare,
				argument);
}

static inline int generate(const char *path)
{
	return generate_by(AT_FDCWD, path, 0, NULL, NULL);
}

#endif /* IPE_SELFTEST_GENERATE_H */
