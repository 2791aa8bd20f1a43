/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE benchmark - shared by its parts
 *
 * Results are lines "bench: KIND KEY=VALUE..." on the standard output.
 */
#ifndef IPE_BENCH_H
#define IPE_BENCH_H

#include <stdint.h>

#include "../../testing/selftests/ipe/common.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Reports why it cannot continue, and exits. */
__attribute__((format(printf, 1, 2), noreturn)) void fail(const char *format,
							  ...);

/* Fails with the name of the attempt if the result is a negative errno. */
void must(int result, const char *what);

/* The result of several measurements. */
struct cost {
	uint64_t least;
	uint64_t middle;
};

struct cost cost_of(uint64_t samples[], int count);

#endif /* IPE_BENCH_H */
