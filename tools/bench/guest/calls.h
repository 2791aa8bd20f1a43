/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE benchmark - the system calls that ask IPE, and their objects
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

/* A file system of its own. */
#define PROTECTED "/protected"

/* Continues in a copy of this program that fs-verity protects. It gets the time of the start. */
void become_protected(uint64_t begin);

void subjects_open(void);

/* Linux before 6.14 has no AT_EXECVE_CHECK. A directory cannot be executed. */
bool can_check_execve(void);

struct call {
	const char *name;
	/* Whether IPE decides about it. */
	bool decided;
	/* Its possible objects. */
	enum { ALL, FILES, INITRAMFS_ALONE } subjects;
	/* Its result if IPE allows it. */
	int allowed;
	/* Returns 0 or a negative errno, and the time it took. */
	int (*run)(const struct subject *subject, uint64_t *ticks);
};

extern const struct call calls[];
extern const size_t calls_count;

/* Measures the call, and fails if its result is not the expected one. */
struct cost call_cost(const struct call *call, const struct subject *subject,
		      bool allowed);

#endif /* IPE_BENCH_CALLS_H */
