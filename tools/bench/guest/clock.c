// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPE benchmark - the clock
 */
#include "bench.h"
#include "clock.h"

#define TRIES 100

/* The distance of two readings with nothing in between. */
uint64_t clock_overhead(void)
{
	static uint64_t least = UINT64_MAX;
	uint64_t start, ticks;
	int i;

	for (i = 0; least == UINT64_MAX || i < TRIES; i++) {
		start = now();
		ticks = now() - start;
		if (ticks < least)
			least = ticks;
	}
	return least;
}

/* Fails unless a thousand instructions, and a few around them, take as many ticks. */
void clock_check(void)
{
	uint64_t start, ticks, least = UINT64_MAX;
	int i;

	for (i = 0; i < TRIES; i++) {
		start = now();
		__asm__ volatile(".rept 1000; nop; .endr" : : : "memory");
		ticks = now() - start - clock_overhead();
		if (ticks < least)
			least = ticks;
	}
	if (least < 1000 || least > 1010)
		fail("1000 instructions are %llu ticks: is -icount missing?",
		     (unsigned long long)least);
}
