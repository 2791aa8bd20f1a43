/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE benchmark - the system calls that ask IPE, and what they are about
 */
#ifndef IPE_BENCH_CALLS_H
#define IPE_BENCH_CALLS_H

#include <limits.h>

#include "bench.h"

enum place {
	INITRAMFS,
	DMVERITY,
	FSVERITY_FIRST,		/* The first rule names its digest, */
	FSVERITY_LAST,		/* the last one, */
	FSVERITY_NONE,		/* none. */
	ANONYMOUS,
	PLACES,
};

struct subject {
	const char *name;
	char path[PATH_MAX];
	int fd;			/* -1 for anonymous memory */
};

extern struct subject subjects[PLACES];

void subjects_open(void);

struct call {
	const char *name;
	/* Whether IPE has a say. */
	bool decided;
	/* What it can be about. */
	enum { ALL, FILES, INITRAMFS_ALONE } subjects;
	/* What it answers if IPE allows it. */
	int allowed;
	/* Returns 0 or a negative errno, and how long it took. */
	int (*run)(const struct subject *subject, uint64_t *ticks);
};

extern const struct call calls[];
extern const size_t calls_count;

/* Measures it, and fails if it does not answer as expected. */
struct cost call_cost(const struct call *call, const struct subject *subject,
		      bool allowed);

#endif /* IPE_BENCH_CALLS_H */
