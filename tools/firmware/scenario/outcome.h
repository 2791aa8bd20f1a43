/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_OUTCOME_H
#define SCENARIO_OUTCOME_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * How an attempt ended, in the one line that the scenario compares: a word of our own
 * or the name of an error.
 */
static inline _Noreturn void outcome(const char *word)
{
	puts(word);
	exit(0);
}

static inline _Noreturn void failure(void)
{
	outcome(strerrorname_np(errno));
}

#endif
