/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE benchmark - the clock
 *
 * The guest runs under -icount shift=0: its time stamp counter increases by one
 * with each instruction that its CPU executes.
 */
#ifndef IPE_BENCH_CLOCK_H
#define IPE_BENCH_CLOCK_H

#include <stdint.h>

static inline uint64_t now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

uint64_t clock_overhead(void);
void clock_check(void);

#endif /* IPE_BENCH_CLOCK_H */
