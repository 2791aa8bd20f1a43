/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPE tests - the log of the active policy and the mode, and the correct
 * answers
 *
 * Each process that asks notes the length of the log before and after, which
 * tells the states that the kernel may have answered from.
 */
#ifndef IPE_SELFTEST_STRESS_H
#define IPE_SELFTEST_STRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "common.h"

/* The questions. */
enum question {
	ASK_INITRAMFS,
	ASK_TMPFS,
	ASK_ANONYMOUS,
	ASK_FSV,
	ASK_FSV_SIGNED,
	ASK_DMV,
	ASK_DMV_SIGNED,
	QUESTIONS,
};

/* The policies differ in what they allow beside the initramfs. */
static const struct kind {
	const char *rule;
	unsigned int allowed;
} kinds[] = {
	{ "op=EXECUTE fsverity_digest=$fsv action=ALLOW\n",
	  1 << ASK_INITRAMFS | 1 << ASK_FSV | 1 << ASK_FSV_SIGNED },
	{ "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n",
	  1 << ASK_INITRAMFS | 1 << ASK_FSV_SIGNED },
	{ "op=EXECUTE dmverity_roothash=$dmv action=ALLOW\n",
	  1 << ASK_INITRAMFS | 1 << ASK_DMV },
	{ "op=EXECUTE dmverity_signature=TRUE action=ALLOW\n",
	  1 << ASK_INITRAMFS | 1 << ASK_DMV_SIGNED },
};

/* The active policy and the mode, from some moment on. */
struct state {
	unsigned char policy, kind;
	bool enforcing;
};

#define STATES 1000000

static struct shared {
	bool stop;
	/*
	 * Twice the number of completed changes, plus one while a change to the
	 * next state is under way.
	 */
	unsigned long clock;
	/*
	 * Answers of which only one could be correct, one of two, and wrong
	 * ones.
	 */
	unsigned long allowed, denied, ambiguous, wrong;
	/* The other work. */
	unsigned long changes, loads, deletions, reads, volumes, files, evictions;
	/* Calls with an error that they must not return. */
	unsigned long failures;
	struct state states[STATES];
} *shared;

static inline void count(unsigned long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static inline unsigned long now(void)
{
	return __atomic_load_n(&shared->clock, __ATOMIC_SEQ_CST);
}

static inline bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

/* Reports a result that the call must not have. */
static inline void failed(const char *what, int result)
{
	count(&shared->failures);
	printf("# %s: %d\n", what, result);
	fflush(stdout);
}

static inline unsigned int some(unsigned int below)
{
	return random() % below;
}

/* The state that the conductor has set. */
static struct state current;

/* The conductor is about to set another state ... */
static inline void announce(struct state next)
{
	shared->states[shared->clock / 2 + 1] = next;
	__atomic_add_fetch(&shared->clock, 1, __ATOMIC_SEQ_CST);
}

/* ... and has, or has not. */
static inline void conclude(bool done)
{
	const unsigned long next = shared->clock / 2 + 1;

	if (done)
		current = shared->states[next];
	else
		shared->states[next] = current;
	__atomic_add_fetch(&shared->clock, 1, __ATOMIC_SEQ_CST);
	if (done)
		count(&shared->changes);
}

/*
 * Whether the kernel could give the answer between the two moments: it reads
 * the policy first and the mode later.
 */
static inline void check(enum question question, int answer,
			 unsigned long from, unsigned long to)
{
	bool may_allow = false, may_deny = false, right;
	unsigned long policy, mode;

	for (policy = from / 2; policy <= (to + 1) / 2; policy++) {
		const struct state *state = &shared->states[policy];
		const bool allowed = kinds[state->kind].allowed &
				     1 << question;

		may_allow |= allowed;
		for (mode = policy; mode <= (to + 1) / 2; mode++) {
			if (shared->states[mode].enforcing)
				may_deny |= !allowed;
			else
				may_allow = true;
		}
	}
	switch (answer) {
	case 0:
		right = may_allow;
		break;
	case -EACCES:
		right = may_deny;
		break;
	case -ENOEXEC:
		/* Allowed to start, but not to map its code a little later. */
		right = may_allow && may_deny;
		break;
	default:
		right = false;
	}
	if (!right) {
		count(&shared->wrong);
		printf("# question %d answered %d from %lu to %lu\n", question,
		       answer, from, to);
		fflush(stdout);
	} else if (may_allow && may_deny) {
		count(&shared->ambiguous);
	} else {
		count(may_allow ? &shared->allowed : &shared->denied);
	}
}

#endif /* IPE_SELFTEST_STRESS_H */
